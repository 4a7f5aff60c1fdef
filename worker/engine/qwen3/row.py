"""One utterance on its way through a batch: its takes, its codes, and what may be heard of it."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from shared.audio.codes import CODEBOOKS, FRAME_SAMPLES
from shared.audio.pcm import Samples
from worker.engine.protocol import FinishReason, Frames, Utterance
from worker.engine.qwen3.codec.state import State
from worker.engine.qwen3.codes import Drawn
from worker.engine.qwen3.guards import Guard, Verdict, decide
from worker.engine.qwen3.prompt import Prompt
from worker.engine.seed import derived_seed


@dataclass(eq=False)
class Row:
    """An utterance with its prompt; it keeps all that is needed to go on after any loss."""

    index: int
    utterance: Utterance
    prompt: Prompt
    attempts: int
    x_vector: torch.Tensor | None = None
    reference: NDArray[np.int64] | None = None
    """Codes [frames, 16] that the codec hears before the first of this row."""
    warmed: State | None = None
    """The codec after those, where it is known."""
    notes: list[str] = field(default_factory=list[str])
    attempt: int = 0
    finish_reason: FinishReason | None = None
    drawn: Drawn | None = None
    """All that the last take was, once it is over."""

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.seed = derived_seed(self.utterance.seed, self.attempt)
        self.guard = Guard.of(self.utterance)
        self.codes = np.zeros((0, CODEBOOKS), np.int64)
        self._audio = np.zeros(0, np.float32)
        self._handed = 0
        self._ended = False

    @property
    def frames(self) -> int:
        return len(self.codes)

    @property
    def positions(self) -> int:
        """Positions that the talker knows before the next frame."""
        return self.prompt.length + self.frames

    @property
    def capacity(self) -> int:
        """Positions of the longest take."""
        return self.prompt.length + self.guard.max_frames

    @property
    def finished(self) -> bool:
        return self.finish_reason is not None

    def take(self, codes: NDArray[np.int64], audio: Samples, *, ended: bool) -> bool:
        """Take in further frames, the last of the take where it `ended`; True if it goes on.

        A take that failed is forgotten, and `finished` is still False: it begins anew.
        """
        self.codes = np.concatenate((self.codes, codes))
        self._audio = np.concatenate((self._audio, audio))
        self._ended = ended
        verdict = self.guard.hear(codes, audio)
        if verdict:
            self._stop(verdict)
            return False
        if ended:
            self._stop(Verdict(self.guard.end(), self.frames))
        return not ended

    def release(self) -> Frames | None:
        """What may be heard and has not been handed out; once finished, the end of the row."""
        until = (self.guard.safe if not self.finished else self.frames) * FRAME_SAMPLES
        heard = self._audio[self._handed : until]
        if not len(heard) and not self.finished:
            return None
        self._handed = until
        if self.finished:
            # A long text has many rows, and all stay to the end of the call.
            self._audio = np.zeros(0, np.float32)
        notes = tuple(self.notes)
        self.notes.clear()
        tokens = self.prompt.tokens if self.finished else 0
        return Frames(self.index, heard, self.finish_reason, notes, tokens)

    def _stop(self, verdict: Verdict) -> None:
        decision = decide(verdict.reason, spoken=self.guard.spoken, heard=self._handed)
        if decision == "retry" and self.attempt + 1 < self.attempts:
            self.attempt += 1
            self.notes.append(_AGAIN[verdict.reason].format(self.attempt + 1))
            self._begin()
            return
        if verdict.reason in _CUT and (verdict.reason != "silence" or decision == "retry"):
            self.notes.append(_CUT[verdict.reason])
        self._finish(verdict.reason, verdict.keep)

    def _finish(self, reason: FinishReason, frames: int) -> None:
        self.drawn = Drawn.of(self.codes, ended=self._ended)
        self.codes = self.codes[:frames]
        self.finish_reason = reason


_AGAIN: dict[FinishReason, str] = {
    "length": "The speech did not end at first: attempt {} is heard.",
    "loop": "The speech went round in circles at first: attempt {} is heard.",
    "silence": "The speech fell silent too early at first: attempt {} is heard.",
}
_CUT: dict[FinishReason, str] = {
    "length": "The speech did not end by itself and was cut.",
    "loop": "The speech went round in circles and was cut.",
    "silence": "The speech fell silent before its text was spoken.",
}
