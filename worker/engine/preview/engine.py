"""The engine of last resort: real speech in all ten languages, on any machine, at once."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import numpy as np
import soxr

from shared.errors import EngineUnavailable
from shared.speakers import SPEAKERS
from worker.engine.preview import espeak
from worker.engine.preview.score import arrange
from worker.engine.protocol import (
    SAMPLE_RATE,
    CacheStats,
    Codes,
    EngineDescription,
    FinishReason,
    Frames,
    ModelReport,
    Reference,
    Samples,
    Utterance,
    Watch,
)

NAME = "preview"
FORMAT = "int16"
"""What espeak-ng makes."""
LENIENCE = 8
"""espeak-ng always ends, but reads digits and emoji out at length: the bound that the text sets for
Qwen3-TTS is stretched by this before speech is cut."""
FULL_SCALE = np.float32(1 / 32_768)
STEP = 0.05
"""Longest time, in seconds, between two looks at `watch` while pacing."""


class PreviewEngine:
    """espeak-ng behind the engine protocol; `pace` is `Settings.preview_pace`."""

    needs_checkpoint = False

    def __init__(self, pace: float = 0.0) -> None:
        self.pace = pace

    def describe(self) -> EngineDescription:
        """Raises EngineUnavailable where there is no espeak-ng."""
        version = f"espeak-ng {espeak.facts(espeak.locate()).version}"
        return EngineDescription(NAME, version, device="cpu", precision=FORMAT, preview=True)

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> "PreviewModel":
        """Nothing is loaded, whatever the checkpoint. Raises EngineUnavailable."""
        return PreviewModel(espeak.locate(), self.pace)

    def caches(self) -> Mapping[str, CacheStats]:
        """It remembers nothing."""
        return {}

    def clear_caches(self) -> None:
        """There is nothing to forget."""


class PreviewModel:
    """The voices of espeak-ng, dressed as a checkpoint."""

    checkpoint = NAME
    nbytes = 0
    speakers = tuple(SPEAKERS)
    report = ModelReport(load_seconds=0.0, load_peak_bytes=0, batch=1, precision=FORMAT)

    def __init__(self, library: espeak.Library, pace: float) -> None:
        self.library = library
        self.pace = pace
        facts = espeak.facts(library)
        self.revision = facts.version
        self.rate = facts.rate

    def generate(
        self, utterances: Sequence[Utterance], watch: Watch
    ) -> Generator[Frames, None, None]:
        """Speak the rows one after the other, each in a child process of its own.

        Seed and sampling change nothing: espeak-ng draws no lots. Raises EngineFailed.
        """
        for row, utterance in enumerate(utterances):
            yield from self._speak(row, utterance, watch)

    def caches(self) -> Mapping[str, CacheStats]:
        """It remembers nothing."""
        return {}

    def clear_caches(self) -> None:
        """There is nothing to forget."""

    def prompt(self, reference: Reference) -> NoReturn:
        """Raises EngineUnavailable: espeak-ng has its own voices alone."""
        raise _no_weights("clone a voice")

    def encode(self, samples: Samples) -> NoReturn:
        """Raises EngineUnavailable."""
        raise _no_weights("write sound as codes")

    def decode(self, codes: Codes, watch: Watch) -> NoReturn:
        """Raises EngineUnavailable."""
        raise _no_weights("turn codes into sound")

    def unload(self) -> None:
        """There is nothing to give back."""

    def _speak(self, row: int, utterance: Utterance, watch: Watch) -> Iterator[Frames]:
        score = arrange(utterance)
        notes = score.notes
        resampler = soxr.ResampleStream(self.rate, SAMPLE_RATE, 1, dtype="float32")
        clock = Clock(self.pace)
        room = round(utterance.max_seconds * LENIENCE * self.rate)
        reason: FinishReason = "stop"
        watch()
        with closing(espeak.converse(self.library, score.request)) as blocks:
            for block in blocks:
                audio = _samples(block)[:room]
                room -= audio.size
                clock.wait(audio.size / self.rate, watch)
                yield Frames(row, resampler.resample_chunk(audio), notes=notes)
                notes = ()
                if room <= 0:
                    reason = "length"
                    break
        rest = resampler.resample_chunk(np.empty(0, np.float32), last=True)
        yield Frames(row, rest, reason, notes)


class Clock:
    """Holds speech back: `pace` seconds pass for each second of it (0: none)."""

    def __init__(self, pace: float) -> None:
        self.pace = pace
        self.due = time.monotonic()

    def wait(self, seconds: float, watch: Watch) -> None:
        """Until `seconds` more of audio may be heard; `watch` is called at every step."""
        self.due += seconds * self.pace
        watch()
        while (left := self.due - time.monotonic()) > 0:
            time.sleep(min(left, STEP))
            watch()


def _no_weights(what: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"The preview engine cannot {what}: it has no weights of Qwen3-TTS.",
        hint="`qtts models pull` downloads a checkpoint; ENGINE=auto then uses it.",
    )


def _samples(block: bytes) -> Samples:
    return np.frombuffer(block, np.int16) * FULL_SCALE
