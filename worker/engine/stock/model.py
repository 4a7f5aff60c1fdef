"""One checkpoint loaded by the package, speaking utterance by utterance."""

import hashlib
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from shared.errors import (
    CheckpointUnfit,
    EngineFailed,
    NothingToSay,
    RunawaySpeech,
    UnknownLanguage,
    UnknownSpeaker,
)
from shared.languages import AUTO
from worker.engine.manifest import Manifest
from worker.engine.protocol import (
    FRAME_RATE,
    CheckpointKind,
    Frames,
    Samples,
    Utterance,
    Watch,
)
from worker.engine.stock.faults import explained, not_finite, release
from worker.engine.stock.oversight import Unended, overseen
from worker.engine.stock.text import Template

MIN_TOKENS = 3
"""The package forbids an end before the third token and breaks on fewer."""


class StockModel:
    """A loaded checkpoint; one utterance at a time, whoever asks."""

    def __init__(self, manifest: Manifest, tts: Any, device: torch.device, attempts: int) -> None:
        self.checkpoint = manifest.checkpoint
        self.revision = manifest.revision
        self.speakers = manifest.speakers
        self.nbytes = _nbytes(tts.model) + _nbytes(tts.model.speech_tokenizer.model)
        self._manifest = manifest
        self._tts = tts
        self._device = device
        self._attempts = attempts
        self._template = Template(tts.processor.tokenizer.get_added_vocab())
        self._turn = threading.Lock()

    def generate(self, utterances: Sequence[Utterance], watch: Watch) -> Iterator[Frames]:
        """Speak a batch, one utterance after the other, each in one piece.

        Raises NothingToSay, UnknownSpeaker, UnknownLanguage and CheckpointUnfit before the first
        frame; RunawaySpeech, EngineFailed and EnginePoisoned after it; and what `watch` raises.
        """
        calls = [self._call(utterance) for utterance in utterances]
        for row, (utterance, call) in enumerate(zip(utterances, calls, strict=True)):
            audio, attempt = self._speak(utterance, call, watch)
            yield Frames(row, audio, "stop", self._notes(utterance, attempt))

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        del self._tts
        release(self._device)

    def _call(self, utterance: Utterance) -> dict[str, Any]:
        """The arguments for the package, all checked; only text in them comes from outside."""
        self._require_kind(utterance)
        self._require_language(utterance.language)
        text = self._template.plain(utterance.text)
        if not text:
            raise NothingToSay("There is nothing to say in this text.", param="text")
        call: dict[str, Any] = {
            "text": text,
            "language": utterance.language,
            "instruct": self._template.plain(self._directions(utterance)) or None,
            "non_streaming_mode": True,
            "max_new_tokens": max(MIN_TOKENS, int(utterance.max_seconds * FRAME_RATE) + 1),
            **utterance.sampling.model_dump(),
        }
        if self._manifest.kind == "custom_voice":
            call["speaker"] = self._speaker(utterance)
        return call

    def _directions(self, utterance: Utterance) -> str:
        return " ".join(part for part in (utterance.description, utterance.instruct) if part)

    def _require_kind(self, utterance: Utterance) -> None:
        needed = _needed(utterance)
        if needed != self._manifest.kind:
            raise CheckpointUnfit(
                f"This needs a checkpoint of type {needed!r}, but {self.checkpoint!r} is of type "
                f"{self._manifest.kind!r}."
            )
        if needed == "base":
            raise EngineFailed("The stock engine does not clone voices.")

    def _require_language(self, language: str) -> None:
        if language != AUTO and language not in self._manifest.languages:
            raise UnknownLanguage(
                f"Checkpoint {self.checkpoint!r} does not speak {language!r}. It speaks: "
                f"{', '.join(self._manifest.languages)}.",
                param="language",
            )

    def _speaker(self, utterance: Utterance) -> str:
        if utterance.speaker not in self.speakers:
            raise UnknownSpeaker(
                f"Checkpoint {self.checkpoint!r} has no speaker {utterance.speaker!r}. It has: "
                f"{', '.join(self.speakers)}.",
                param="speaker",
            )
        return utterance.speaker

    def _speak(
        self, utterance: Utterance, call: dict[str, Any], watch: Watch
    ) -> tuple[Samples, int]:
        """The audio and how many attempts before it did not end. Raises RunawaySpeech."""
        for attempt in range(self._attempts):
            try:
                return self._attempt(call, derived_seed(utterance.seed, attempt), watch), attempt
            except Unended:
                continue
        raise RunawaySpeech(
            f"The speech did not end within {utterance.max_seconds:.1f} seconds, "
            f"in {self._attempts} attempts."
        )

    def _attempt(self, call: dict[str, Any], seed: int, watch: Watch) -> Samples:
        speak = (
            self._tts.generate_custom_voice
            if self._manifest.kind == "custom_voice"
            else self._tts.generate_voice_design
        )
        with self._turn, explained(self._device), _seeded(seed, self._device):
            watch()
            with overseen(self._tts.model, watch):
                (audio,), _ = speak(**call)
        release(self._device)
        if not np.isfinite(audio).all():
            raise not_finite()
        return audio

    def _notes(self, utterance: Utterance, attempt: int) -> tuple[str, ...]:
        notes: list[str] = []
        if (
            utterance.instruct
            and self._manifest.kind == "custom_voice"
            and self._manifest.label == "0b6"
        ):
            notes.append("The instruct was ignored by this checkpoint: only 1.7B ones follow it.")
        if attempt:
            notes.append(f"The speech did not end at first: attempt {attempt + 1} is heard.")
        return tuple(notes)


def derived_seed(seed: int, attempt: int) -> int:
    """The seed itself at first; then, as a seed that failed fails again, others made from it."""
    if attempt == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


@contextmanager
def _seeded(seed: int, device: torch.device) -> Generator[None]:
    """The package draws from the global generators: set them, and put them back afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed % 2**64)
        yield


def _needed(utterance: Utterance) -> CheckpointKind:
    if utterance.prompt is not None:
        return "base"
    return "custom_voice" if utterance.description is None else "voice_design"


def _nbytes(module: torch.nn.Module) -> int:
    return sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
