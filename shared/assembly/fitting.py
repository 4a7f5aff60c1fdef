"""Fitting a cue into its time: it borrows, is squeezed and hurried, and then something must give.

Trim, borrow the gap, squeeze silences, stretch: each only as far as it must, and slower never.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shared.audio import seams
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.stretching import stretch
from shared.requests.subtitles import Subtitles

APART = 0.08
"""Seconds that stay between a cue that borrows and the next one."""
_SLACK = 1.03
"""Nobody sees a cue that is longer by so much."""
_LONG_SILENCE = 0.3
"""Seconds; shorter ones are the rhythm of speech."""
_SHORT_SILENCE = 0.15
_WINDOW = SAMPLE_RATE // 100
_SILENT = -45.0
"""dBFS, as `seams` has it."""
_FADE = 0.03
"""Seconds in which a cue that is cut off fades."""

Action = Literal["fits", "borrowed", "squeezed", "stretched", "hurried", "cut", "overrun"]
"""The last thing that was done: `hurried` is faster than the soft rate, `overrun` did not help."""


@dataclass(frozen=True)
class Fit:
    """A cue as it is heard, and what was done to it."""

    samples: Samples
    natural: float
    """Seconds before."""
    room: float
    """Seconds that it has, with what it may borrow."""
    rate: float
    """How much faster it is."""
    action: Action
    overrun: float
    """Seconds by which it is longer than its room."""


def fit(samples: Samples, slot: float, until_next: float, request: Subtitles) -> Fit:
    """A dressed cue for a slot; `until_next` are the seconds from its start to the next one's."""
    natural = len(samples) / SAMPLE_RATE
    room = max(0.0, slot, until_next - APART if request.borrow else 0.0)
    if natural <= slot * _SLACK:
        return Fit(samples, natural, room, 1.0, "fits", 0.0)
    if natural <= room:
        return Fit(samples, natural, room, 1.0, "borrowed", 0.0)
    squeezed = squeeze(samples) if request.squeeze else samples
    if len(squeezed) / SAMPLE_RATE <= room:
        return Fit(squeezed, natural, room, 1.0, "squeezed", 0.0)
    return _hurried(squeezed, natural, room, request)


def squeeze(samples: Samples) -> Samples:
    """The sound with its long silences shortened; a part of a silence is taken out of its middle.

    What is left and right of it is far below what can be heard, so no step is made.
    """
    silent = _silent_windows(samples)
    kept: list[Samples] = []
    place = 0
    for first, last in _runs(silent):
        start, end = first * _WINDOW, min(last * _WINDOW, len(samples))
        if (end - start) / SAMPLE_RATE > _LONG_SILENCE:
            half = round(_SHORT_SILENCE * SAMPLE_RATE / 2)
            kept.append(samples[place : start + half])
            place = end - half
    return np.concatenate([*kept, samples[place:]])


def _hurried(samples: Samples, natural: float, room: float, request: Subtitles) -> Fit:
    seconds = len(samples) / SAMPLE_RATE
    rate = min(seconds / room if room > 0 else request.hard_rate, request.hard_rate)
    made = seams.fade(stretch(samples, max(rate, 1.0)))
    overrun = max(0.0, len(made) / SAMPLE_RATE - room)
    if overrun * SAMPLE_RATE < 1:
        action: Action = "stretched" if rate <= request.soft_rate else "hurried"
        return Fit(made, natural, room, rate, action, 0.0)
    if request.overrun == "cut":
        return Fit(cut(made, room), natural, room, rate, "cut", overrun)
    return Fit(made, natural, room, rate, "overrun", overrun)


def cut(samples: Samples, seconds: float) -> Samples:
    """The beginning of it, which fades at its end."""
    kept = samples[: round(seconds * SAMPLE_RATE)].astype(np.float32)
    size = min(round(_FADE * SAMPLE_RATE), len(kept))
    if size:
        kept[-size:] *= np.linspace(1, 0, size, dtype=np.float32)
    return kept


def _silent_windows(samples: Samples) -> list[bool]:
    filled = np.pad(samples, (0, -len(samples) % _WINDOW)).reshape(-1, _WINDOW)
    power = np.square(filled, dtype=np.float64).mean(axis=1)
    silent: list[bool] = (power < 10 ** (_SILENT / 10)).tolist()
    return silent


def _runs(silent: list[bool]) -> list[tuple[int, int]]:
    """First window of each silence, and the one after its last."""
    edges = np.flatnonzero(np.diff([0, *silent, 0]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
