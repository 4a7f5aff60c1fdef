"""What is heard when, written beside a recording: as subtitles and for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.assembly.assembling import Materials, Placed
from shared.cues.spoken import of_segments
from shared.cues.writing import to_srt, to_vtt
from shared.errors import StoreUnavailable
from shared.stores.recipe import Segment


@dataclass(frozen=True)
class Timed:
    """A line in its place."""

    number: int
    """As the plan counts."""
    start: float
    """Seconds."""
    end: float
    text: str
    """As it is written."""
    speaker: str = ""
    """Empty for a narrator."""
    chapter: int = 0
    """0 outside all."""


def of(materials: Materials, placed: Iterable[Placed]) -> list[Timed]:
    """The lines that are heard, with their words."""
    return [_timed(materials, place) for place in placed]


def _timed(materials: Materials, place: Placed) -> Timed:
    line = materials.plan.by_number[place.number]
    text = materials.sounds[place.number].text
    return Timed(line.number, place.start, place.end, text, line.speaker, line.chapter)


def write(folder: Path, rows: Sequence[Timed]) -> list[Path]:
    """Write `audio.srt`, `audio.vtt` and `timings.json`. Raises StoreUnavailable."""
    cues = list(of_segments(map(_segment, rows)))
    texts = {
        "audio.srt": to_srt(cues),
        "audio.vtt": to_vtt(cues),
        "timings.json": _json(rows),
    }
    try:
        return [_written(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        raise StoreUnavailable(f"The timings could not be written: {error.strerror}.") from error


def _segment(row: Timed) -> Segment:
    return Segment(start=row.start, end=row.end, text=row.text, speaker=row.speaker)


def _json(rows: Sequence[Timed]) -> str:
    """One line in the file for each of the recording."""
    lines = ",\n".join(json.dumps(_rounded(row), ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _rounded(row: Timed) -> dict[str, object]:
    """Times to the microsecond, finer than a sample."""
    return {**asdict(row), "start": round(row.start, 6), "end": round(row.end, 6)}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
