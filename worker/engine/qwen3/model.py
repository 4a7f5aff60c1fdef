"""One loaded checkpoint, speaking in batches."""

import hashlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from shared.audio.codes import CODEC, FRAME_RATE, FRAME_SAMPLES, Codes
from shared.audio.pcm import Samples
from shared.errors import EngineFailed
from shared.readings import CacheStats, ModelReport
from shared.requests.declared import CheckpointKind
from worker.engine import checking, voice
from worker.engine.caching import Cache
from worker.engine.faults import explained, out_of_memory, release
from worker.engine.manifest import Manifest
from worker.engine.protocol import Frames, Utterance, Watch
from worker.engine.protocol import Prompt as AnyPrompt
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.encoder import Encoder
from worker.engine.qwen3.codec.state import State
from worker.engine.qwen3.codes import Batch, BatchCache, key_of
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.language_model import Formats, LanguageModel
from worker.engine.qwen3.loading import Folder
from worker.engine.qwen3.loop import Limits, Loop
from worker.engine.qwen3.prompt import Prompt, Spoken, build
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.running import POSITIONS, Runner
from worker.engine.qwen3.source import Generation, Recall
from worker.engine.qwen3.speaker import SpeakerEncoder
from worker.engine.qwen3.tokens import Ids, Tokens
from worker.engine.reference import Reference, audible
from worker.engine.voice import VoicePrompt

PIECE = 25
"""Frames of a codec task that are decoded between two looks at whether it is still wanted."""

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """What a checkpoint consists of once it is loaded, and what it is spoken with."""

    manifest: Manifest
    folder: Folder
    dimensions: Dimensions
    language_model: LanguageModel
    decoder: Decoder
    tokens: Tokens
    harvester: Harvester
    runner: Runner
    limits: Limits
    device: torch.device
    attempts: int
    fingerprint: str
    """What speaks, as far as it decides codes."""
    prompts: Cache[str, VoicePrompt]
    codes: BatchCache
    instructs: Cache[str, Ids]
    kernels: Callable[[], str]
    """How the work of a frame reaches the device at present, in one phrase."""


class Qwen3Model:
    """A checkpoint on our own decode loop; one batch at a time, whoever asks.

    Two locks keep callers apart. `_turn` is a batch's, from its first frame to its last: the slots
    and the codecs beside them are those of one batch. `_computing` is held by whoever computes,
    and by no batch between two frames, so that whatever has a state of its own (voices, likeness,
    codec tasks) gets in between, from the same thread too. On a GPU it is then queued behind the
    frames that are under way, on the stream that they are on: it reads weights that nothing
    writes, and memory that the batch gives back is taken up in the order of that stream.
    """

    codec = CODEC

    def __init__(self, parts: Parts, report: ModelReport) -> None:
        self._report = report
        self.kind: CheckpointKind | None = parts.manifest.kind
        self.checkpoint = parts.manifest.checkpoint
        self.revision = parts.manifest.revision
        self.speakers = parts.manifest.speakers
        self._speaking_bytes = parts.language_model.nbytes + parts.folder.decoder_bytes()
        self.reserved = self._speaking_bytes + parts.folder.listening_bytes()
        self.batches: tuple[int, ...] = ()
        """How many rows the last call spoke at once, chunk by chunk."""
        self._parts = parts
        self._instructs = parts.instructs
        self._kernels = parts.kernels
        self._turn = threading.Lock()
        self._computing = threading.Lock()

    def generate(self, utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
        """Speak a batch, the first utterance at once and the others beside it.

        Raises NothingToSay, UnknownSpeaker, UnknownLanguage, TextTooLong and CheckpointUnfit before
        anything is computed; EngineFailed and EnginePoisoned after that; and what `watch` raises.
        """
        prompts = [self._prompt(utterance) for utterance in utterances]
        if not prompts:
            return
        with self._turn:
            yield from self._explained(self._spoken(utterances, prompts, watch))

    def prompt(self, reference: Reference) -> VoicePrompt:
        """The voice of a reference; with a transcript, the codec's state after it as well.

        Raises CheckpointUnfit for a checkpoint that is not of type base, NothingToSay for a
        transcript without words, and InvalidRequest for codes that are none of the reference.
        """
        checking.require_base(self._parts.manifest)
        with self._alone():
            key = f"{self.checkpoint}@{self.revision}/{_digest(reference)}"
            return self._parts.prompts.get(key, lambda: self._made(reference))

    def open_prompt(self, data: bytes, name: str) -> VoicePrompt:
        """A prompt from its file. Raises RecordDamaged and CheckpointUnfit."""
        checking.require_base(self._parts.manifest)
        return self._understood(VoicePrompt.loads(data, name))

    def mix(self, prompts: Sequence[AnyPrompt], weights: Sequence[float]) -> VoicePrompt:
        """A voice between several. Raises CheckpointUnfit and InvalidRequest."""
        checking.require_base(self._parts.manifest)
        return voice.mix([self._understood(prompt) for prompt in prompts], weights)

    def likeness(self, prompt: AnyPrompt, samples: Samples) -> float | None:
        """How alike two voices are; a long sound is heard as far as a reference may go.

        None for a checkpoint that is not of type base. Raises CheckpointUnfit.
        """
        heard = audible(samples)
        if self.kind != "base" or heard is None:
            return None
        known = self._understood(prompt)
        with self._alone():
            return voice.likeness(known.x_vector, self._speaker.embed(heard))

    def encode(self, samples: Samples, watch: Watch) -> Codes:
        """Sound in the codec's codes. Raises UnreadableAudio, and what `watch` raises."""
        checking.require_sound(samples)
        try:
            with self._alone():
                return self._encoder.encode(samples, watch).cpu().numpy().astype(np.uint16)
        finally:
            if self.kind != "base":
                # Its memory is better used to speak in: only Base listens again and again.
                self.__dict__.pop("_encoder", None)

    def decode(self, codes: Codes, watch: Watch) -> Iterator[Samples]:
        """The sound of codes, piece by piece. Raises InvalidRequest, and what `watch` raises."""
        checking.require_codes(codes)
        yield from self._explained(self._decoded(codes.astype(np.int64), watch))

    @property
    def nbytes(self) -> int:
        """Those that listen count once they are read."""
        listening: tuple[Encoder | SpeakerEncoder | None, ...] = (
            self.__dict__.get("_encoder"),
            self.__dict__.get("_speaker"),
        )
        return self._speaking_bytes + sum(part.nbytes for part in listening if part)

    @property
    def report(self) -> ModelReport:
        return replace(self._report, graphs=self._kernels())

    def caches(self) -> Mapping[str, CacheStats]:
        return {"instructs": self._instructs.stats}

    def clear_caches(self) -> None:
        self._instructs.clear()

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        device = self._parts.device
        self._parts.runner.forget()
        self._parts.harvester.forget()
        del self._parts
        # It holds the codec; whoever is describing the model at the moment may still ask it.
        self._kernels = str
        self.__dict__.pop("_encoder", None)
        self.__dict__.pop("_speaker", None)
        release(device)

    # --- before anything is computed ---------------------------------------------------------

    def _prompt(self, utterance: Utterance) -> Prompt:
        parts, manifest = self._parts, self._parts.manifest
        checking.check(manifest, utterance)
        directions = checking.directions(utterance)
        prompt = build(
            parts.dimensions,
            parts.tokens.role,
            parts.tokens.text(utterance.text),
            language=utterance.language,
            speaker=utterance.speaker if manifest.kind == "custom_voice" else None,
            x_vector=manifest.kind == "base",
            spoken=self._said(utterance),
            instruct=parts.tokens.instruct(
                directions if checking.follows_directions(manifest) else None
            ),
            streaming_text=utterance.streaming_text,
        )
        checking.require_room(prompt.length, POSITIONS[-1] // 2)
        return prompt

    def _said(self, utterance: Utterance) -> Spoken | None:
        """What the voice has said before, where it is cloned in context. Raises CheckpointUnfit."""
        if utterance.prompt is None:
            return None
        known = self._understood(utterance.prompt)
        if known.codes is None or known.transcript is None:
            return None
        return Spoken(self._parts.tokens.transcript(known.transcript), known.codes.numpy())

    def _understood(self, prompt: AnyPrompt) -> VoicePrompt:
        """Raises CheckpointUnfit."""
        width = self._parts.dimensions.talker.hidden
        return voice.understood(prompt, self.checkpoint, self.revision, width)

    # --- speaking ----------------------------------------------------------------------------

    def _spoken(
        self, utterances: Sequence[Utterance], prompts: Sequence[Prompt], watch: Watch
    ) -> Generator[Frames]:
        rows = [
            self._row(index, *pair)
            for index, pair in enumerate(zip(utterances, prompts, strict=True))
        ]
        key = key_of(utterances, self._parts.fingerprint)
        known = self._parts.codes.find(key)
        loop = self._loop(rows, watch, known)
        yield from loop.run()
        self.batches = tuple(loop.batches)
        if loop.undisturbed:
            # What is told again must have come in one go.
            self._parts.codes.put(key, tuple(row.drawn for row in rows if row.drawn))

    def _loop(self, rows: Sequence[Row], watch: Watch, known: Batch | None = None) -> Loop:
        parts = self._parts
        source = Recall(known, parts.device) if known else self._generation(rows)
        return Loop(rows, source, parts.harvester, parts.limits, watch)

    def _generation(self, rows: Sequence[Row]) -> Generation:
        parts = self._parts
        return Generation(
            parts.language_model, parts.runner, rows, parts.limits.overshoot, self._rescue
        )

    def _row(self, index: int, utterance: Utterance, prompt: Prompt) -> Row:
        room = POSITIONS[-1] - prompt.length - self._parts.limits.overshoot
        bound = min(utterance.max_seconds, room / FRAME_RATE)
        row = Row(index, replace(utterance, max_seconds=bound), prompt, self._parts.attempts)
        row.notes.extend(checking.remarks(self._parts.manifest, utterance))
        if utterance.prompt is not None:
            known = self._understood(utterance.prompt)
            row.x_vector = known.x_vector
            row.reference = None if known.codes is None else known.codes.numpy()
            row.warmed = self._warmed(known)
        return row

    def _warmed(self, known: VoicePrompt) -> State | None:
        """The codec's state after a reference, where it is known and of this codec's layout."""
        kept = known.warmed or {}
        fits = _shapes(kept) == _shapes(self._parts.decoder.state(1).named())
        return State.of(kept) if fits else None

    def _rescue(self, model: LanguageModel) -> LanguageModel:
        """The same weights in fp32; where there is no memory for them, those of the predictor,
        which is what overflows."""
        parts, formats = self._parts, Formats("fp32", "fp32", text_on_cpu=True)
        try:
            return parts.folder.language_model(parts.dimensions, formats, lambda _: None)
        except RuntimeError as error:
            if not out_of_memory(error) or model.predictor.exact:
                raise
        release(parts.device)
        return parts.folder.with_predictor(model, formats)

    # --- codec -------------------------------------------------------------------------------

    def _decoded(self, codes: NDArray[np.int64], watch: Watch) -> Generator[Samples]:
        state = self._parts.decoder.state(1)
        for start in range(0, len(codes), PIECE):
            watch()
            piece = torch.from_numpy(codes[start : start + PIECE]).to(self._parts.device)
            sound = self._parts.decoder.decode(piece.t()[None], state)[0].float().cpu().numpy()
            if len(sound) != len(piece) * FRAME_SAMPLES or not np.isfinite(sound).all():
                raise EngineFailed("The codec made sound that is not finite.")
            yield sound

    def _heard(self, codes: torch.Tensor, state: State) -> None:
        self._parts.decoder.decode(codes.to(self._parts.device).t()[None], state)

    def _made(self, reference: Reference) -> VoicePrompt:
        parts = self._parts
        made = voice.make(
            _plain(reference, parts.tokens),
            self._encoder,
            self._speaker,
            checkpoint=self.checkpoint,
            revision=self.revision,
        )
        if made.codes is None:
            return made
        state = parts.decoder.state(1)
        self._heard(made.codes, state)
        return made.warm(state.named())

    @cached_property
    def _encoder(self) -> Encoder:
        return self._parts.folder.encoder()

    @cached_property
    def _speaker(self) -> SpeakerEncoder:
        return self._parts.folder.speaker_encoder()

    def _explained(self, results: Generator[T]) -> Iterator[T]:
        """The results, made in inference mode, which must not leak to whoever takes them."""
        try:
            while True:
                with self._alone():
                    result = next(results, None)
                if result is None:
                    return
                yield result
        finally:
            results.close()

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Nobody else computes within it."""
        with self._computing, explained(self._parts.device), torch.inference_mode():
            yield


def _plain(reference: Reference, tokens: Tokens) -> Reference:
    if reference.transcript is None:
        return reference
    return replace(reference, transcript=tokens.plain(reference.transcript))


def _digest(reference: Reference) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(reference.samples).tobytes())
    digest.update(repr(reference.transcript).encode())
    if reference.codes is not None:
        digest.update(reference.codes.astype(np.uint16).tobytes())
    return digest.hexdigest()


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}
