"""The tables of an NPC pack: of every line what came of it, in the words of whoever sent it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared import languages
from shared.assembly import tables as spreadsheets
from shared.assembly.assembling import Materials
from shared.errors import StoreUnavailable
from shared.plans.plan import Line, Skipped
from shared.requests.npc_pack import Engine, NpcPack

_RESULT = "result_"
"""Before the names of our columns, where the table has one of the same name."""


@dataclass(frozen=True)
class Voiced:
    """A file of the pack."""

    file: str
    """Its path in the pack."""
    sha256: str
    duration_ms: int
    lufs: float | None
    """None for silence."""
    peak_db: float | None
    """dB of full scale, between the samples too; None for silence."""
    sample_rate: int


def tables(materials: Materials, request: NpcPack, voiced: Mapping[int, Voiced]) -> dict[str, str]:
    """Every table by its path in the pack: `manifest.json`, `manifest.csv`, those of engines."""
    rows = list(_rows(materials, voiced))
    found = {
        "manifest.json": json.dumps(_whole(materials, rows), ensure_ascii=False, indent=1) + "\n",
        "manifest.csv": _csv(materials, rows),
    }
    for engine in dict.fromkeys(request.tables):
        name, header, line = _ENGINES[engine]
        spoken = [it for it in materials.plan.lines if it.number in voiced and it.take == 1]
        found[name] = spreadsheets.text(header, (line(it, voiced[it.number]) for it in spoken))
    return found


def write(folder: Path, found: Mapping[str, str]) -> list[Path]:
    """The two manifests beside the pack. Raises StoreUnavailable."""
    names = ("manifest.json", "manifest.csv")
    try:
        for name in names:
            (folder / name).write_text(found[name], encoding="utf-8", newline="")
    except OSError as error:
        raise StoreUnavailable(f"The manifest could not be written: {error.strerror}.") from error
    return [folder / name for name in names]


def _whole(materials: Materials, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": 1,
        "output": materials.run,
        "engine": materials.engine,
        "notice": "AI-generated speech",
        "lines": rows,
    }


def _rows(materials: Materials, voiced: Mapping[int, Voiced]) -> Iterator[dict[str, Any]]:
    """Of every row of the table, spoken or not, in its order."""
    lines = [_row(materials, line, voiced.get(line.number)) for line in materials.plan.lines]
    skipped = [_unspoken(each) for each in materials.plan.skipped]
    yield from sorted([*lines, *skipped], key=lambda row: row["row"] or 0)


def _row(materials: Materials, line: Line, voiced: Voiced | None) -> dict[str, Any]:
    sound = materials.sounds.get(line.number)
    return {
        "row": line.where.line,
        "id": line.where.id,
        "character": line.speaker,
        "language": languages.CODES[line.language],
        "take": line.take,
        "status": "spoken" if voiced else "failed",
        "text": sound.text if sound else line.text,
        "voice": line.role.voice or line.role.description,
        "instruct": line.role.instruct,
        "emotion": line.role.emotion,
        "seed": sound.seed if sound else line.seed,
        "engine": materials.engine,
        **(asdict(voiced) if voiced else dict.fromkeys(Voiced.__dataclass_fields__)),
        "warnings": list(sound.faults) if sound else [],
        "columns": line.columns,
    }


def _unspoken(each: Skipped) -> dict[str, Any]:
    return {
        "row": each.where.line,
        "id": each.where.id,
        "status": "skipped",
        "text": each.text,
        "warnings": [each.why],
        "columns": {},
    }


def _csv(materials: Materials, rows: list[dict[str, Any]]) -> str:
    """The table's own columns in their order, then what came of each row."""
    own = materials.plan.columns
    ours = ["status", "language", "take", "file", "sha256", "voice", "seed", "duration_ms"]
    ours += ["lufs", "peak_db", "sample_rate", "engine", "warnings"]
    header = [*own, *(f"{_RESULT}{name}" if name in own else name for name in ours)]
    return spreadsheets.text(header, (_cells(row, own, ours) for row in rows))


def _cells(row: dict[str, Any], own: list[str], ours: list[str]) -> list[Any]:
    found = {**row, "warnings": " ".join(row["warnings"])}
    return [*(row["columns"].get(name, "") for name in own), *(found.get(name) for name in ours)]


# --- tables of engines ------------------------------------------------------------------------


def _yarn(line: Line, voiced: Voiced) -> list[Any]:
    key = line.where.id if line.where.id.startswith("line:") else f"line:{line.where.id}"
    text = f"{line.speaker}: {line.text}"
    return [languages.CODES[line.language], key, text, voiced.file, "", line.where.line, "", ""]


def _unreal(line: Line, voiced: Voiced) -> list[Any]:
    direction = line.role.instruct or ""
    return [line.where.id, line.text, direction, voiced.file, line.where.id, "True", line.speaker]


def _godot(line: Line, voiced: Voiced) -> list[Any]:
    return [line.where.id, line.text, line.speaker, voiced.file]


_ENGINES: dict[Engine, tuple[str, list[str], Any]] = {
    "yarn": (
        "yarn_strings.csv",
        ["language", "id", "text", "file", "node", "lineNumber", "lock", "comment"],
        _yarn,
    ),
    "unreal": (
        "unreal_dialogue.csv",
        [
            "Name",
            "SpokenDialogue",
            "VoiceActorDirection",
            "AudioFileName",
            "LocalizationKeys",
            "IsRecorded",
            "SpeakingVoice",
        ],
        _unreal,
    ),
    "godot": ("godot.csv", ["keys", "text", "_character", "_file"], _godot),
}
"""Path, header, and a row for a line."""
