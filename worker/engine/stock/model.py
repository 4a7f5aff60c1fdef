"""One checkpoint loaded by the package, speaking utterance by utterance."""

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from shared.audio.codes import CODEC, FRAME_RATE, Codes
from shared.audio.pcm import Samples
from shared.errors import RunawaySpeech
from shared.readings import CacheStats, ModelReport
from shared.requests.declared import CheckpointKind
from worker.engine import checking, package, voice
from worker.engine.faults import explained, not_finite, release
from worker.engine.manifest import Manifest
from worker.engine.plain import Template
from worker.engine.protocol import Frames, Prompt, Utterance, Watch
from worker.engine.reference import Reference, audible
from worker.engine.seed import derived_seed
from worker.engine.stock.listening import Ears
from worker.engine.stock.oversight import Unended, decoding_overseen, overseen
from worker.engine.voice import VoicePrompt

MIN_TOKENS = 3
"""The package forbids an end before the third token and breaks on fewer."""
SPEAK: dict[CheckpointKind, str] = {
    "custom_voice": "generate_custom_voice",
    "voice_design": "generate_voice_design",
    "base": "generate_voice_clone",
}
"""The package's method by type of checkpoint."""


class StockModel:
    """A loaded checkpoint; one utterance at a time, whoever asks.

    `_turn` is held by whoever computes, and not between two utterances of `generate`.
    """

    codec = CODEC

    def __init__(
        self,
        manifest: Manifest,
        tts: Any,
        device: torch.device,
        attempts: int,
        report: ModelReport,
    ) -> None:
        self.report = report
        self.kind: CheckpointKind | None = manifest.kind
        self.checkpoint = manifest.checkpoint
        self.revision = manifest.revision
        self.speakers = manifest.speakers
        # The package reads every part of a checkpoint at once.
        self.nbytes = self.reserved = _nbytes(tts.model) + _nbytes(tts.model.speech_tokenizer.model)
        self._manifest = manifest
        self._tts = tts
        self._device = device
        self._attempts = attempts
        self._template = Template(tts.processor.tokenizer.get_added_vocab())
        self._turn = threading.Lock()

    def generate(self, utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
        """Speak a batch, one utterance after the other, each in one piece.

        Raises NothingToSay, UnknownSpeaker, UnknownLanguage and CheckpointUnfit before the first
        frame; RunawaySpeech, EngineFailed and EnginePoisoned after it; and what `watch` raises.
        """
        calls = [self._call(utterance) for utterance in utterances]
        for row, (utterance, call) in enumerate(zip(utterances, calls, strict=True)):
            audio, attempt = self._speak(utterance, call, watch)
            notes = self._notes(utterance, attempt)
            yield Frames(row, audio, "stop", notes, self._tokens(call))

    def caches(self) -> Mapping[str, CacheStats]:
        """The package remembers nothing."""
        return {}

    def clear_caches(self) -> None:
        """There is nothing to forget."""

    def prompt(self, reference: Reference) -> VoicePrompt:
        """As the package makes it, but for the rest after a reference: equal to our own engine's.

        Raises CheckpointUnfit for a checkpoint that is not of type base, NothingToSay for a
        transcript without words, and InvalidRequest for codes that are none of the reference.
        """
        checking.require_base(self._manifest)
        plain = replace(reference, transcript=self._plain(reference.transcript))
        ears = Ears(self._tts.model)
        with self._turn, explained(self._device):
            return voice.make(plain, ears, ears, checkpoint=self.checkpoint, revision=self.revision)

    def open_prompt(self, data: bytes, name: str) -> VoicePrompt:
        """A prompt from its file. Raises RecordDamaged and CheckpointUnfit."""
        checking.require_base(self._manifest)
        return self._understood(VoicePrompt.loads(data, name))

    def mix(self, prompts: Sequence[Prompt], weights: Sequence[float]) -> VoicePrompt:
        """A voice between several. Raises CheckpointUnfit and InvalidRequest."""
        checking.require_base(self._manifest)
        return voice.mix([self._understood(prompt) for prompt in prompts], weights)

    def likeness(self, prompt: Prompt, samples: Samples) -> float | None:
        """How alike two voices are; a long sound is heard as far as a reference may go.

        None for a checkpoint that is not of type base. Raises CheckpointUnfit.
        """
        heard = audible(samples)
        if self.kind != "base" or heard is None:
            return None
        known = self._understood(prompt)
        with self._turn, explained(self._device):
            return voice.likeness(known.x_vector, Ears(self._tts.model).embed(heard))

    def encode(self, samples: Samples, watch: Watch) -> Codes:
        """Sound in the codec's codes, all at once, so that memory grows with its length.

        Raises UnreadableAudio, and what `watch` raises.
        """
        checking.require_sound(samples)
        watch()
        with self._turn, explained(self._device):
            return Ears(self._tts.model).encode(samples).cpu().numpy().astype(np.uint16)

    def decode(self, codes: Codes, watch: Watch) -> Iterator[Samples]:
        """The sound of codes, in one piece. Raises InvalidRequest, and what `watch` raises."""
        checking.require_codes(codes)
        codec = self._tts.model.speech_tokenizer
        with self._turn, explained(self._device), decoding_overseen(codec.model.decoder, watch):
            (audio,), _ = codec.decode({"audio_codes": [torch.from_numpy(codes.astype(np.int64))]})
        release(self._device)
        yield _finite(audio)

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        del self._tts
        release(self._device)

    def _call(self, utterance: Utterance) -> dict[str, Any]:
        """The arguments for the package, all checked; only text in them comes from outside."""
        checking.check(self._manifest, utterance)
        return {
            "text": checking.require_words(self._template.plain(utterance.text)),
            "language": utterance.language,
            "non_streaming_mode": True,
            "max_new_tokens": max(MIN_TOKENS, int(utterance.max_seconds * FRAME_RATE) + 1),
            **utterance.sampling.model_dump(),
            **self._voice(utterance),
        }

    def _tokens(self, call: dict[str, Any]) -> int:
        """Of text and directions."""
        written = [part for part in (call["text"], call.get("instruct")) if part]
        return sum(len(self._tts.processor.tokenizer(part)["input_ids"]) for part in written)

    def _voice(self, utterance: Utterance) -> dict[str, Any]:
        """Those of the arguments that say who speaks, and how. Raises CheckpointUnfit."""
        if self._manifest.kind == "base":
            return {"voice_clone_prompt": [self._item(utterance.prompt)]}
        voice: dict[str, Any] = {
            "instruct": self._template.plain(checking.directions(utterance)) or None
        }
        if self._manifest.kind == "custom_voice":
            voice["speaker"] = utterance.speaker
        return voice

    def _item(self, prompt: Prompt | None) -> Any:
        """The prompt as the package has it. Raises CheckpointUnfit and NothingToSay."""
        known = self._understood(prompt)
        in_context = known.mode == "in_context"
        return package.inference.VoiceClonePromptItem(
            ref_code=known.codes,
            ref_spk_embedding=known.x_vector,
            x_vector_only_mode=not in_context,
            icl_mode=in_context,
            ref_text=self._plain(known.transcript),
        )

    def _understood(self, prompt: Prompt | None) -> VoicePrompt:
        """Raises CheckpointUnfit."""
        width = self._tts.model.config.speaker_encoder_config.enc_dim
        return voice.understood(prompt, self.checkpoint, self.revision, width)

    def _plain(self, transcript: str | None) -> str | None:
        if transcript is None:
            return None
        return checking.require_words(self._template.plain(transcript), "transcript")

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
        speak = getattr(self._tts, SPEAK[self._manifest.kind])
        with self._turn, explained(self._device), _seeded(seed, self._device):
            watch()
            with overseen(self._tts.model, watch):
                (audio,), _ = speak(**call)
        release(self._device)
        return _finite(audio)

    def _notes(self, utterance: Utterance, attempt: int) -> tuple[str, ...]:
        notes = checking.remarks(self._manifest, utterance)
        if attempt:
            notes += (f"The speech did not end at first: attempt {attempt + 1} is heard.",)
        return notes


@contextmanager
def _seeded(seed: int, device: torch.device) -> Generator[None]:
    """The package draws from the global generators: set them, and put them back afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed % 2**64)
        yield


def _finite(audio: Samples) -> Samples:
    if not np.isfinite(audio).all():
        raise not_finite()
    return audio


def _nbytes(module: torch.nn.Module) -> int:
    return sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
