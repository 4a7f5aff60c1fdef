"""What a recording must be so that a voice can be cloned from it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.audio.clip import Clip
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import TranscriptMismatch, UnsuitableReference
from shared.text import duration

SHORTEST = 3.0
"""Seconds, below which there is too little of a voice to tell it by (the vendor's own limit)."""
LONG = 20.0
"""Seconds, above which a clone hurries (QwenLM/Qwen3-TTS#239)."""
LONGEST = 60.0
"""Seconds; more takes memory by the minute."""

_TELEPHONE = 16_000
"""Hz, below which the sibilants of a voice are missing: the telephone's own rate is 8,000."""
_FEW_BITS = 8
"""Bits per sample of the telephone's codes, whose noise is about 38 dB below the voice."""

_BLOCK = 0.4
"""Seconds in which loudness is measured: those of EBU R 128, about a word."""
_SILENT = -50.0
"""dBFS; below it lies the hiss of a microphone, not a voice before it."""
_HEARD = 1.0
"""Seconds above that; less is a click or a cough in the silence."""
_GATE = 25.0
"""dB below the loudest blocks, within which a block is speech and not the pause between words."""
QUIET = -35.0
"""dBFS of the speech; 16 bits hold it, but a microphone's own noise is then near."""
_FULL = 0.985
"""Amplitude counted as full scale: resampling and lossy codecs ripple the flat top of a wave."""
_FLAT = 3
"""Samples at full scale one after the other; a single one is a peak that just fits."""
CLIPPED = 0.001
"""Share of all samples: speech that was turned up until its highest peaks just fit stays below."""
_PART = 5
"""Blocks of speech, 2 seconds, whose median is the loudness of a part: a sentence or so."""
_UNEVEN = 10.0
"""dB between the loudest and the quietest part, half as loud to the ear: more than one speaker at
one distance makes by emphasis."""
_LITTLE = 0.4
"""Share of blocks that are speech; reading aloud leaves about a fifth to pauses."""
_FRAME = 0.025
"""Seconds, short enough to fall into the gaps that stops and breaths leave in all speech."""
_GAPS = 0.1
"""Share of frames that are such gaps, where only the background is heard."""
_CLEAN = 15.0
"""dB from the speech down to its gaps; a voice in a quiet room has 25 and more."""

_FAST = 2.5
"""How many times the estimated pace nobody reaches; the fastest readers come to about 1.7."""
_PARTIAL = 0.4
"""Share of the recording that the transcript would fill, below which words seem to be missing:
slow speakers with long pauses come to about half."""


@dataclass(frozen=True)
class Measures:
    """How loud a recording is; levels are dBFS."""

    level: float
    """Of the speech, without its pauses."""
    peak: float
    clipped: float
    """Share of samples at full scale, as `check` counts it."""


def measure(clip: Clip) -> Measures:
    """What `check` has let pass, in numbers."""
    return Measures(
        level=round(_mean(_active(_levels(clip.samples, _BLOCK))), 1),
        peak=round(20 * float(np.log10(np.abs(clip.samples).max())), 1),
        clipped=round(_clipped(clip.samples), 6),
    )


def check(clip: Clip) -> tuple[str, ...]:
    """Warnings about a recording, each a sentence that says what to do. Raises UnsuitableReference.

    Levels are of 400 ms, relative to full scale: what a person would call loudness, roughly.
    """
    _require_length(clip.seconds)
    _require_band(clip)
    levels = _levels(clip.samples, _BLOCK)
    if (levels > _SILENT).sum() * _BLOCK < _HEARD:
        raise _silent(clip)
    active = _active(levels)
    return (
        *_remarks_on_file(clip),
        *_remarks_on_level(clip.samples, active),
        *_remarks_on_speech(clip.samples, active, len(active) / len(levels)),
    )


def require_fit(transcript: str, seconds: float, language: str) -> tuple[str, ...]:
    """Warnings about a transcript of `seconds` of speech. Raises TranscriptMismatch."""
    spoken = duration.estimate(transcript, language)
    if spoken > _FAST * seconds:
        raise TranscriptMismatch(
            f"The transcript takes about {spoken:.0f} seconds to say, and the recording lasts "
            f"{seconds:.1f}.",
            param="transcript",
        )
    if spoken < _PARTIAL * seconds:
        return (
            f"The transcript takes about {spoken:.0f} seconds to say, and the recording lasts "
            f"{seconds:.1f}: with words missing, a clone loses its way. Send every word, or leave "
            "the transcript out.",
        )
    return ()


def _require_length(seconds: float) -> None:
    if seconds < SHORTEST:
        raise UnsuitableReference(
            f"The recording is {seconds:.1f} seconds long: too short to tell a voice by.",
            param="reference",
        )
    if seconds > LONGEST:
        raise UnsuitableReference(
            f"The recording is {seconds:.1f} seconds long: too long.", param="reference"
        )


def _require_band(clip: Clip) -> None:
    if clip.rate < _TELEPHONE:
        raise UnsuitableReference(
            f"The recording has {clip.rate} samples a second, like a telephone: too dull to clone.",
            param="reference",
        )
    if clip.bits is not None and clip.bits <= _FEW_BITS:
        raise UnsuitableReference(
            f"The recording has {clip.bits} bits per sample, like a telephone: too noisy to clone.",
            param="reference",
            hint="Send 16 bits per sample or more, at 16 kHz or more, from the first recording: "
            "converting this one adds nothing.",
        )


def _silent(clip: Clip) -> UnsuitableReference:
    if clip.differs:
        return UnsuitableReference(
            "The two channels of the recording cancel each other out.",
            param="reference",
            hint="Send one of them alone.",
        )
    return UnsuitableReference("The recording is silent.", param="reference")


def _remarks_on_file(clip: Clip) -> Iterator[str]:
    if clip.seconds > LONG:
        yield (
            f"The recording is {clip.seconds:.0f} seconds long; clones of more than {LONG:.0f} "
            "seconds tend to hurry. Cut it to 10 to 20 seconds."
        )
    if clip.rate < SAMPLE_RATE:
        yield (
            f"The recording has {clip.rate} samples a second: the clone will sound dull. Send one "
            f"of {SAMPLE_RATE} or more."
        )
    if clip.differs:
        yield (
            "The two channels of the recording differ, and were mixed. If one has another speaker, "
            "music or the room, send only the other."
        )


def _remarks_on_level(samples: Samples, active: NDArray[np.float64]) -> Iterator[str]:
    clipped = _clipped(samples)
    if clipped > CLIPPED:
        yield (
            f"The recording is clipped ({clipped:.1%} of its samples are at full scale): the clone "
            "will sound harsh. Record again with less gain."
        )
    level = _mean(active)
    if level < QUIET:
        yield (
            f"The recording is quiet (speech at {level:.0f} dBFS): its noise comes along. Record "
            "again, nearer to the microphone."
        )
    if (spread := _spread(active)) > _UNEVEN:
        yield (
            f"The loudness of the recording changes by {spread:.0f} dB between its parts. Send one "
            "person only, at one distance from the microphone."
        )


def _remarks_on_speech(
    samples: Samples, active: NDArray[np.float64], share: float
) -> Iterator[str]:
    if share < _LITTLE or len(active) * _BLOCK < SHORTEST - _BLOCK:
        yield (
            f"Only about {len(active) * _BLOCK:.0f} seconds of the recording are speech. Cut the "
            f"silence, and send {SHORTEST:.0f} seconds of speech or more."
        )
    distance = _mean(active) - float(np.quantile(_levels(samples, _FRAME), _GAPS))
    if distance < _CLEAN:
        yield (
            f"The background of the recording is only {distance:.0f} dB below the speech: noise, "
            "echo or music come along. Record again in a quiet room."
        )


def _levels(samples: Samples, seconds: float) -> NDArray[np.float64]:
    """dBFS of each whole block of so many seconds; digital silence is very low, not infinite."""
    size = round(seconds * SAMPLE_RATE)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.square(blocks, dtype=np.float64).mean(axis=1)
    return 10 * np.log10(power + np.finfo(np.float64).tiny)


def _active(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The blocks that are speech."""
    return levels[levels > max(_SILENT, levels.max() - _GATE)]


def _clipped(samples: Samples) -> float:
    """Share of all samples that are cut off at full scale."""
    return _share_in_runs(np.abs(samples) >= _FULL, _FLAT)


def _mean(levels: NDArray[np.float64]) -> float:
    """The level of all blocks together."""
    return float(10 * np.log10(np.power(10, levels / 10).mean()))


def _spread(active: NDArray[np.float64]) -> float:
    """dB between the loudest and the quietest part; a single loud word makes no part."""
    if len(active) < 2 * _PART:
        return 0.0
    parts = np.median(np.lib.stride_tricks.sliding_window_view(active, _PART), axis=1)
    return float(parts.max() - parts.min())


def _share_in_runs(marked: NDArray[np.bool_], shortest: int) -> float:
    """Share of all samples that are marked, in runs of at least so many."""
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= shortest].sum() / marked.size)
