"""The report of subtitles: of every cue what time it had, and what was done to fit."""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from shared.assembly import tables
from shared.assembly.assembling import Placed
from shared.assembly.fitting import Fit
from shared.errors import StoreUnavailable
from shared.plans.plan import Line, Plan, Slot


@dataclass(frozen=True)
class Told:
    """A line of the report; times in seconds."""

    cue: int | None
    """As the file counts."""
    line: int | None
    """As the plan counts; None for what is not spoken."""
    speaker: str
    text: str
    state: str
    """`spoken`, `skipped` or `failed`."""
    start: float | None = None
    """As the subtitles say."""
    end: float | None = None
    slot: float | None = None
    room: float | None = None
    """The slot with what may be borrowed."""
    natural: float | None = None
    """How long it was spoken."""
    rate: float | None = None
    """How much faster it is heard."""
    action: str = ""
    """The last thing that was done to it, or why it is not heard."""
    heard_from: float | None = None
    heard_until: float | None = None
    overrun: float = 0.0
    """By how much it is longer than its room."""


def heard(line: Line, slot: Slot, placed: Placed, fitted: Fit, text: str) -> Told:
    """Of a cue that is in the mix."""
    return Told(
        cue=line.where.line,
        line=line.number,
        speaker=line.speaker,
        text=text,
        state="spoken",
        start=slot.start,
        end=slot.end,
        slot=round(slot.end - slot.start, 3),
        room=round(fitted.room, 3),
        natural=round(fitted.natural, 3),
        rate=round(fitted.rate, 3),
        action=fitted.action,
        heard_from=round(placed.start, 3),
        heard_until=round(placed.end, 3),
        overrun=round(fitted.overrun, 3),
    )


def unheard(line: Line, why: str) -> Told:
    """Of a cue that is not in the mix, and of its time, where it has one."""
    slot = line.slot
    told = Told(line.where.line, line.number, line.speaker, line.text, "failed", action=why)
    if slot is None:
        return told
    length = round(slot.end - slot.start, 3)
    return replace(told, start=slot.start, end=slot.end, slot=length)


def whole(plan: Plan, told: Sequence[Told]) -> list[Told]:
    """Of every cue: those in the mix, those that were not spoken, and those that failed."""
    spoken = {each.line for each in told}
    failed = [unheard(line, _why(line)) for line in plan.lines if line.number not in spoken]
    skipped = [
        Told(each.where.line, None, "", each.text, "skipped", action=each.why)
        for each in plan.skipped
    ]
    return sorted([*told, *failed, *skipped], key=lambda each: (each.cue or 0, each.line or 0))


def write(folder: Path, rows: Sequence[Told]) -> list[Path]:
    """Write `report.json` and `report.csv`. Raises StoreUnavailable."""
    header = [field.name for field in fields(Told)]
    texts = {
        "report.json": json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1),
        "report.csv": tables.text(header, map(astuple, rows)),
    }
    try:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise StoreUnavailable(f"The report could not be written: {error.strerror}.") from error
    return [folder / name for name in texts]


def _why(line: Line) -> str:
    return "It was not spoken: lines.json says why." if line.slot else "It has no time."
