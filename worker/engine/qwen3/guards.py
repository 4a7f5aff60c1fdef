"""Faults of the model while it speaks: speech that goes round in circles, falls silent, or runs on.

By public reports one utterance in some hundreds never draws its end: after the text come minutes
of room tone, a repeated phrase, or murmur. A wrong alarm cuts good speech, a late one only costs
frames that nobody hears: so the limits are wide, and doubtful frames are held back.
"""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from shared.audio.codes import FRAME_RATE, FRAME_SAMPLES
from shared.audio.pcm import Samples
from shared.text.duration import estimate
from worker.engine.protocol import FinishReason, Utterance

Decision = Literal["finish", "retry"]

FLOOR = 10 ** (-55 / 20)
"""Level (RMS, full scale 1) below which nothing is speech; the codec's silence is below -60 dB."""
BELOW_SPEECH = 10 ** (-30 / 20)
"""Quiet, relative to the speech so far. The softest consonants lie 25 dB below its mean level; room
tone nearer than this is left to the length bound."""
HELD_SILENCE = round(0.64 * FRAME_RATE)
"""Frames of silence handed out at once. Longer than a pause between words, and a natural tail."""
LONGEST_SILENCE = round(3 * FRAME_RATE)
"""Leading silence lasts up to one second, a pause within speech up to two: half as much again."""

LONGEST_CYCLE = round(4 * FRAME_RATE)
"""A phrase of four seconds; longer ones are left to the length bound."""
MISMATCH = 4
"""Matching frames that one mismatch outweighs: below 80 % of matches no score grows. The same words
said again by sampling share far fewer codes."""
SUSPECT = round(2 * FRAME_RATE)
"""Repeating frames after which the rest is held: no vowel or laugh in speech is as long."""
CONVICT = round(5 * FRAME_RATE)
"""Repeating frames that make a loop, however short the cycle: a sung vowel may last so long."""
CYCLES = 3
"""Repetitions of a long cycle that make a loop: a refrain may come back twice."""

SPOKEN = 0.5
"""Share of the estimated speech after which the text counts as spoken: the estimate is rough, and a
fault before half of it is one in mid-sentence."""
FEWEST_FRAMES = 2
"""The model cannot end before; a shorter bound would let nothing pass."""


@dataclass(frozen=True)
class Verdict:
    """Why a take is to be stopped, and how many of its frames are worth hearing."""

    reason: FinishReason
    keep: int


class Guard:
    """Listens to one take of one row; chunks of any size come to the same verdict."""

    def __init__(self, max_frames: int, expected_seconds: float) -> None:
        self.max_frames = max_frames
        self.safe = 0
        """Frames from the beginning that may be handed out; it never falls."""
        self._enough = SPOKEN * expected_seconds * FRAME_RATE
        self._heard = 0
        self._silence = Silence()
        self._repetition = Repetition()
        self._verdict: Verdict | None = None

    @classmethod
    def of(cls, utterance: Utterance) -> Self:
        """The guard that fits an utterance's text."""
        max_frames = max(FEWEST_FRAMES, int(utterance.max_seconds * FRAME_RATE))
        return cls(max_frames, estimate(utterance.text, utterance.language))

    @property
    def spoken(self) -> bool:
        """Whether as much was said as half of the text takes, what came round again left out."""
        return self._silence.audible - self._repetition.repeats >= self._enough

    def hear(self, codes: NDArray[np.integer], audio: Samples) -> Verdict | None:
        """Take in new frames: `codes` [n, 16] and their samples; what follows a verdict is ignored.

        `length` comes with the first frame past `max_frames`: an end drawn there is in time.
        """
        levels = audio.reshape(len(codes), FRAME_SAMPLES).std(axis=1, dtype=np.float64)
        for code, level in zip(codes[:, 0].tolist(), levels.tolist(), strict=True):
            if self._verdict is None:
                self._verdict = self._weigh(code, level)
        return self._verdict

    def end(self) -> FinishReason:
        """How a take ended that the model ended: `silence` if nothing could be heard, else `stop`.

        After `stop` all frames are safe. A verdict that came before the end stands.
        """
        if self._verdict is not None:
            return self._verdict.reason
        if not self._silence.audible:
            return "silence"
        self.safe = self._heard
        return "stop"

    def _weigh(self, code: int, level: float) -> Verdict | None:
        if self._heard == self.max_frames:
            return Verdict(self._suspicion() or "length", self.safe)
        self._heard += 1
        self._repetition.hear(code, audible=self._silence.hear(level))
        suspicion = self._suspicion()
        if suspicion is None:
            self.safe = self._heard
        elif self._silence.certain or self._repetition.certain:
            return Verdict(suspicion, self.safe)
        return None

    def _suspicion(self) -> Literal["loop", "silence"] | None:
        if self._silence.suspected:
            return "silence"
        return "loop" if self._repetition.suspected else None


class Silence:
    """How long it has been quiet, measured against the loudness of the speech before."""

    def __init__(self) -> None:
        self.audible = 0
        """Frames."""
        self._quiet = 0
        self._energy = 0.0

    def hear(self, level: float) -> bool:
        """Whether a frame of this level (RMS about its mean) is audible."""
        if level < self._threshold():
            self._quiet += 1
            return False
        self._quiet = 0
        self.audible += 1
        self._energy += level**2
        return True

    @property
    def suspected(self) -> bool:
        return self._quiet > HELD_SILENCE

    @property
    def certain(self) -> bool:
        return self._quiet > LONGEST_SILENCE

    def _threshold(self) -> float:
        loudness = (self._energy / max(1, self.audible)) ** 0.5
        return max(FLOOR, BELOW_SPEECH * loudness)


class Repetition:
    """For each period, a cumulative sum (Page 1954) of how the first codebook repeats itself.

    Quiet frames neither prove nor refute: room tone is drawn anew in every pause of a loop.
    """

    _PERIODS = np.arange(1, LONGEST_CYCLE + 1)
    _SUSPECT = np.maximum(SUSPECT, _PERIODS)
    _CONVICT = np.maximum(CONVICT, CYCLES * _PERIODS)

    def __init__(self) -> None:
        self._past = np.full(LONGEST_CYCLE, -1)
        """Codes, the newest first: beside each the period at which it would come now."""
        self._scores = np.zeros(LONGEST_CYCLE, np.int64)
        self.suspected = False
        self.certain = False

    @property
    def repeats(self) -> int:
        """Frames that only said again what was said before."""
        return int(self._scores.max()) if self.suspected else 0

    def hear(self, code: int, *, audible: bool) -> None:
        if audible:
            step = np.where(self._past == code, 1, -MISMATCH)
            self._scores = np.maximum(self._scores + step, 0)
            self.suspected = bool((self._scores >= self._SUSPECT).any())
            self.certain = bool((self._scores >= self._CONVICT).any())
        self._past[1:] = self._past[:-1]
        self._past[0] = code


def decide(reason: FinishReason, *, spoken: bool, heard: int) -> Decision:
    """Whether a take that ended so will do, or another seed should try.

    Silence after the text is a clean end. A loop or a runaway is not, but once `heard` frames of it
    have been handed out, a new take would say the text twice: then it stands if most was spoken.
    """
    if reason in ("stop", "cancelled"):
        return "finish"
    if spoken and (reason == "silence" or heard):
        return "finish"
    return "retry"
