"""The engine of last resort: real speech in all ten languages, on any machine, at once."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import numpy as np
import soxr

from shared.audio.codes import STAND_IN, Codes
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import RecordDamaged
from shared.readings import CacheStats, ModelReport
from shared.requests.declared import CheckpointKind
from shared.speakers import SPEAKERS
from worker.engine import checking
from worker.engine.preview import codec, espeak, prompt
from worker.engine.preview.prompt import StandIn
from worker.engine.preview.score import arrange
from worker.engine.preview.words import Words
from worker.engine.protocol import (
    EngineDescription,
    FinishReason,
    Frames,
    Prompt,
    Utterance,
    Watch,
)
from worker.engine.reference import Reference

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
    """The voices of espeak-ng, dressed as a checkpoint that does everything."""

    kind: CheckpointKind | None = None
    codec = STAND_IN
    checkpoint = NAME
    nbytes = reserved = 0
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

    def prompt(self, reference: Reference) -> StandIn:
        """A stand-in for the voice. Raises NothingToSay and InvalidRequest."""
        checking.require_reference(reference)
        if reference.transcript is None:
            return prompt.of_recording(reference.samples, "speaker_only")
        checking.require_words(reference.transcript.strip(), "transcript")
        return prompt.of_recording(reference.samples, "in_context")

    def open_prompt(self, data: bytes, name: str) -> NoReturn:
        """Raises RecordDamaged: stand-ins are not kept."""
        raise RecordDamaged(
            f"{name!r} is no prompt of the preview engine, which keeps none.",
            hint="Make the voice from its reference again.",
        )

    def mix(self, prompts: Sequence[Prompt], weights: Sequence[float]) -> StandIn:
        """A stand-in for the mix. Raises InvalidRequest."""
        return prompt.mix(prompts, weights)

    def likeness(self, prompt: Prompt, samples: Samples) -> None:
        """It cannot hear."""

    def encode(self, samples: Samples, watch: Watch) -> Codes:
        """Sound in codes of a stand-in. Raises UnreadableAudio, and what `watch` raises."""
        checking.require_sound(samples)
        return codec.encode(samples, watch)

    def decode(self, codes: Codes, watch: Watch) -> Iterator[Samples]:
        """Noise that follows the codes. Raises InvalidRequest, and what `watch` raises."""
        checking.require_codes(codes)
        yield from codec.decode(codes, watch)

    def unload(self) -> None:
        """There is nothing to give back."""

    def _speak(self, row: int, utterance: Utterance, watch: Watch) -> Iterator[Frames]:
        score = arrange(utterance)
        notes = score.notes
        resampler = soxr.ResampleStream(self.rate, SAMPLE_RATE, 1, dtype="float32")
        clock = Clock(self.pace)
        words = Words(utterance.text, self.rate)
        room = round(utterance.max_seconds * LENIENCE * self.rate)
        reason: FinishReason = "stop"
        watch()
        with closing(espeak.converse(self.library, score.request)) as parts:
            for part in parts:
                audio = _samples(part.sound)[:room]
                room -= audio.size
                words.hear(part.told["marks"], audio)
                clock.wait(audio.size / self.rate, watch)
                yield Frames(row, resampler.resample_chunk(audio), notes=notes)
                notes = ()
                if room <= 0:
                    reason = "length"
                    break
        rest = resampler.resample_chunk(np.empty(0, np.float32), last=True)
        yield Frames(row, rest, reason, notes, words=words.times())


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


def _samples(sound: bytes) -> Samples:
    return np.frombuffer(sound, np.int16) * FULL_SCALE
