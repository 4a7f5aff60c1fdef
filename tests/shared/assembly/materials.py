"""Plans of the samples, with tones in place of speech."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shared.assembly.assembling import Materials, Sound
from shared.audio import flac
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.plans.directory import Directory, Known
from shared.plans.plan import Line, Plan
from shared.plans.planning import Document, plan
from shared.requests import CONTRACTS
from shared.requests.pipeline import Pipeline
from shared.settings import ROOT
from shared.speakers import SPEAKERS

DATA = ROOT / "tests" / "data"
PRESETS = Directory(
    {it.id: Known(it.id, it.name, "preset", it.language) for it in SPEAKERS.values()}
)
EDGE = 0.03
"""Seconds of silence that stay at either end of a dressed line."""


def tone(seconds: float, level: float = 0.2) -> Samples:
    """A voice of sorts: 150 Hz, four syllables a second."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    beat = (1.2 + np.sin(2 * np.pi * 4 * time)) / 2.2
    return (level * np.sin(2 * np.pi * 150 * time) * beat).astype(np.float32)


def planned(task: str, text: str, **changes: Any) -> tuple[Pipeline, Plan]:
    """A request, and the plan of its text."""
    request = CONTRACTS[task].parse({"text": text, "language": "english", **changes})
    assert isinstance(request, Pipeline)
    return request, plan(request, Document(text.encode()), PRESETS)


def materials(
    folder: Path,
    request: Pipeline,
    made: Plan,
    seconds: Mapping[int, float] | None = None,
    levels: Mapping[int, float] | None = None,
    missing: frozenset[int] = frozenset(),
) -> Materials:
    """Every line as long as estimated, or as `seconds` says of it."""
    takes, out = folder / "takes", folder / "out"
    takes.mkdir()
    out.mkdir()

    def sound(line: Line) -> Sound:
        path = takes / f"{line.number}.flac"
        length = (seconds or {}).get(line.number, line.seconds)
        path.write_bytes(flac.dumps(tone(length, (levels or {}).get(line.number, 0.2))))
        return Sound(path, line.text, line.role.speed, line.seed)

    sounds = {line.number: sound(line) for line in made.lines if line.number not in missing}
    return Materials(request, made, sounds, out, run="run", engine="tones")
