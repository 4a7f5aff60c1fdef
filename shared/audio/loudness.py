"""How loud a recording is (ITU-R BS.1770, EBU R 128, ACX), and making it as loud as wanted.

A recording is read twice, however long it is: once to measure it in steps of 10 ms, on which gain
and limiter are then planned, and once to apply them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, log10
from typing import Protocol

import numpy as np

from shared.audio import limiting, pcm
from shared.audio.limiting import Steps
from shared.audio.pcm import Samples
from shared.audio.survey import Powers, Survey, columns, integrated, survey
from shared.requests.pipeline import Loudness

NEAR = 0.5
"""LU, or dB, that a mastered recording may be off."""
ROOM_TONE = -70.0
"""dBFS of the noise under an `audiobook`: ACX wants less than -60, and their check takes digital
silence for a fault."""

_CLOSE = 0.1
"""LU, as near as the gain is looked for."""
_HIGHEST_GAIN = 30.0
"""dB; what needs more is noise."""
_PUSH = 12.0
"""dB of gain beyond what the loudness asks for, to make up for what the limiter takes."""
_STEPS = 1_000
"""Steps that are in memory at once: ten seconds."""
_CLIPS_PEAK = -3.0
"""dBFS that `clip_gain` lets no sample pass."""
_UNCUT = (
    "The recording is louder than a file can hold, and its peaks are cut off: choose another "
    "`loudness` than `off`."
)
_SILENT = "The recording is silent, and was left as it is."


@dataclass(frozen=True)
class _Aim:
    mono: float
    """LUFS, or dB of the RMS."""
    stereo: float
    """The same of two channels."""
    ceiling: float
    """dBTP. Half a dB below what is promised: lossy codecs let peaks grow."""
    rms: bool = False
    """Whether the bare mean power is meant, without weighting and gates."""
    room_tone: bool = False

    def level(self, channels: int) -> float:
        return self.mono if channels == 1 else self.stereo


_AIMS: dict[Loudness, _Aim] = {
    "audiobook": _Aim(-20.0, -20.0, -3.5, rms=True, room_tone=True),
    "podcast": _Aim(-19.0, -16.0, -1.5),
    "broadcast": _Aim(-23.0, -23.0, -1.5),
    "games": _Aim(-23.0, -23.0, -1.5),
}


class Master(Protocol):
    """A recording that can be changed in place, such as `shared.assembly.track.Track`."""

    @property
    def rate(self) -> int: ...

    @property
    def channels(self) -> int: ...

    def __len__(self) -> int:
        """Samples in each channel."""
        ...

    def read(self, start: int, count: int, /) -> Samples: ...

    def write(self, start: int, samples: Samples, /) -> None: ...


@dataclass(frozen=True)
class Mastered:
    """What was done to a recording."""

    gain_db: float
    """Before the limiter."""
    loudness: float
    """LUFS, or for `audiobook` dB of the RMS, as it is now; -inf for silence."""
    true_peak_db: float
    """dBTP, as it is now; -inf for silence."""
    note: str = ""
    """Why it is not as wanted, if it is not: one sentence."""
    edges: Steps | None = field(default=None, repr=False, compare=False)
    """The level at the edges of its steps; None where it was left alone."""
    rate: int = pcm.SAMPLE_RATE

    def part(self, start: int, samples: Samples) -> Samples:
        """Mono sound that lies in the recording from sample `start` on, as loud as it is there.

        So all parts of a mix, put together, are the mix.
        """
        if self.edges is None:
            return samples
        return samples * limiting.factors(self.edges, start, len(samples), self.rate)


def target(preset: Loudness, channels: int = 1) -> float | None:
    """LUFS (`audiobook`: dB of the RMS) that a preset aims at; None for `off`."""
    aim = _AIMS.get(preset)
    return None if aim is None else aim.level(channels)


def measure(blocks: Iterable[Samples], rate: int = pcm.SAMPLE_RATE, channels: int = 1) -> float:
    """Integrated loudness, LUFS; -inf for silence. Less than 400 ms are measured as one block."""
    return survey(blocks, rate, channels, peaks=False).integrated()


@dataclass(frozen=True)
class Clip:
    """A short recording, as far as its gain depends on it."""

    powers: Powers
    peak: float
    """Amplitude, between the samples too: at another rate it may come out as one."""

    def lufs(self, gain: float = 1.0) -> float:
        """Its loudness, multiplied with `gain`; -inf for silence."""
        return integrated(self.powers * gain**2)


def clip(samples: Samples) -> Clip:
    """Mono, 24 kHz."""
    found = survey([samples], pcm.SAMPLE_RATE)
    return Clip(found.powers(), found.peak)


def clip_gain(clips: Sequence[Clip], target_lufs: float) -> float:
    """One factor for clips that makes them, taken together, as loud as wanted.

    No peak comes above -3 dBFS by it. Silence keeps its level: 1.0.
    """
    loudness = integrated(np.concatenate([it.powers for it in clips])) if clips else -inf
    if loudness == -inf:
        return 1.0
    peak = max(it.peak for it in clips)
    return min(_factor(target_lufs - loudness), _factor(_CLIPS_PEAK) / peak)


def master(
    recording: Master, preset: Loudness, watch: Callable[[], None] = lambda: None
) -> Mastered:
    """Make a recording as loud as `preset` says, in place, peaks limited; `off` leaves it alone.

    Equal recordings become equal. `watch` is called for every ten seconds of sound; what it raises
    leaves the recording half done.
    """
    aim = _AIMS.get(preset)
    rms = aim is not None and aim.rms
    found = _survey(_read(recording, watch), recording, rms)
    before = _level(found, rms)
    if aim is None:
        return Mastered(0.0, before, _db(found.peak), _UNCUT if found.peak > 1 else "")
    if before == -inf:
        return Mastered(0.0, -inf, _db(found.peak), _SILENT)
    wanted = aim.level(recording.channels)
    gain = _gain(found, aim, wanted)
    edges = limiting.levels(found.peaks, _factor(gain), _factor(aim.ceiling))
    made = _survey(_rewritten(recording, edges, aim.room_tone, watch), recording, rms)
    after = _level(made, rms)
    return Mastered(gain, after, _db(made.peak), _shortfall(after, wanted), edges, recording.rate)


def room_tone(samples: int, channels: int = 1, seed: int = 0) -> Samples:
    """Noise at `ROOM_TONE`, [samples, channels]; equal seeds give equal noise."""
    noise = np.random.default_rng(seed).standard_normal((samples, channels), np.float32)
    return noise * np.float32(_factor(ROOM_TONE))


def _gain(found: Survey, aim: _Aim, wanted: float) -> float:
    """dB before the limiter that make it as loud as wanted, or as near as it gets."""

    def missing(gain: float) -> float:
        edges = limiting.levels(found.peaks, _factor(gain), _factor(aim.ceiling))
        return wanted - _level(found, aim.rms, edges)

    low = min(wanted - _level(found, aim.rms), _HIGHEST_GAIN)
    high = min(low + _PUSH, _HIGHEST_GAIN)
    if missing(low) <= _CLOSE:
        return low
    if missing(high) >= 0:
        return high
    while high - low > _CLOSE:
        middle = (low + high) / 2
        low, high = (middle, high) if missing(middle) > 0 else (low, middle)
    return high


def _level(found: Survey, rms: bool, edges: Steps | None = None) -> float:
    return found.rms(edges) if rms else found.integrated(edges)


def _survey(blocks: Iterable[Samples], recording: Master, rms: bool) -> Survey:
    return survey(blocks, recording.rate, recording.channels, weighted=not rms)


def _read(recording: Master, watch: Callable[[], None]) -> Iterator[Samples]:
    size = _STEPS * limiting.step(recording.rate)
    for start in range(0, len(recording), size):
        watch()
        yield recording.read(start, size)


def _rewritten(
    recording: Master, edges: Steps, tone: bool, watch: Callable[[], None]
) -> Iterator[Samples]:
    """The recording at these levels, block by block, each written back before it is given."""
    start = 0
    for number, block in enumerate(_read(recording, watch)):
        part = edges[number * _STEPS : (number + 1) * _STEPS + 1]
        changed = limiting.apply(columns(block), part, recording.rate)
        if tone:
            changed = changed + room_tone(*changed.shape, seed=number)
        recording.write(start, changed if block.ndim == 2 else changed[:, 0])
        start += len(block)
        yield changed


def _shortfall(loudness: float, wanted: float) -> str:
    if abs(loudness - wanted) <= NEAR:
        return ""
    return (
        f"The recording came out at {loudness:.1f} instead of {wanted:g} dB: its peaks are too "
        "high for its loudness, or it is all but silent."
    )


def _factor(db: float) -> float:
    return 10 ** (db / 20)


def _db(amplitude: float) -> float:
    return 20 * log10(amplitude) if amplitude > 0 else -inf
