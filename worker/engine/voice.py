"""What a Base checkpoint needs to speak in a voice: made from a recording once, kept as a file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn import functional

from shared.audio.codes import CODEBOOKS, CODES, Codes
from shared.audio.pcm import Samples, silence
from shared.errors import CheckpointUnfit, InvalidRequest, NothingToSay, RecordDamaged
from worker.engine import checking
from worker.engine.protocol import Prompt, PromptMode
from worker.engine.reference import Reference

FORMAT = "qwen3-voice/1"
REST = 0.5
"""Seconds of silence after a reference: without it, a clone's first sound takes up the last one of
the reference (andimarafioti/faster-qwen3-tts#9)."""
REMAKE = "Make the voice from its reference again, with the checkpoint that is to speak."
_WARMED = "warmed."


class Encoder(Protocol):
    """The half of the codec that listens."""

    def encode(self, samples: Samples) -> Tensor:
        """The codes [frames, 16] of a recording."""
        ...


class Speaker(Protocol):
    """`SpeakerEncoder`, for whoever has another."""

    def embed(self, samples: Samples) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class VoicePrompt:
    """A voice as one checkpoint knows it; its tensors lie in main memory.

    Raises ValueError for tensors that no checkpoint could have made.
    """

    checkpoint: str
    revision: str
    x_vector: Tensor
    """The sound of the voice, [width], fp32."""
    codes: Tensor | None = None
    """The reference in the codec's codes, [frames, 16], int64: in context only."""
    transcript: str | None = None
    """What the reference says, without special tokens: in context only."""
    warmed: Mapping[str, Tensor] | None = None
    """The codec decoder's state after the reference, which then need not be decoded before speech;
    it follows from the codes, so that it is no part of `digest`."""
    source: str = ""
    """What whoever kept it says that it was made from; no part of `digest` either."""

    def __post_init__(self) -> None:
        if (self.codes is None) != (not self.transcript):
            raise ValueError("codes and a transcript belong together")
        vector = self.x_vector
        if vector.ndim != 1 or vector.dtype != torch.float32 or not vector.isfinite().all():
            raise ValueError("the speaker embedding is no finite fp32 vector")
        if self.codes is not None:
            _require_codes(self.codes)

    @property
    def mode(self) -> PromptMode:
        return "speaker_only" if self.codes is None else "in_context"

    @property
    def width(self) -> int:
        """Length of the speaker embedding, by which a 0.6B and a 1.7B differ."""
        return len(self.x_vector)

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self._tensors().values())

    @property
    def digest(self) -> str:
        """Equal for prompts that make equal speech: sha256 over all but the warmed state."""
        return self._sha256

    def require(self, checkpoint: str, revision: str, width: int) -> None:
        """Raises CheckpointUnfit unless the prompt was made by this very checkpoint."""
        if (self.checkpoint, self.revision) == (checkpoint, revision) and self.width == width:
            return
        raise CheckpointUnfit(
            f"This voice was made with checkpoint {self.checkpoint!r} at {self.revision!r} "
            f"({self.width} numbers), and {checkpoint!r} at {revision!r} ({width} numbers) "
            "does not understand it.",
            param="voice",
            hint=REMAKE,
        )

    def alone(self) -> "VoicePrompt":
        """The sound of the voice without what it has said."""
        return VoicePrompt(self.checkpoint, self.revision, self.x_vector)

    def warm(self, state: Mapping[str, Tensor]) -> "VoicePrompt":
        """The same voice with the codec's state after its reference."""
        return replace(self, warmed=state)

    def dumps(self, source: str = "") -> bytes:
        """The prompt as a safetensors file, sealed with a digest of everything in it."""
        metadata, tensors = {**self._metadata(), "source": source}, self._tensors()
        seal = _digest(metadata, tensors)
        # Cloned, as rows of one buffer share memory, which the format cannot express.
        return save_tensors(
            {
                name: tensor.clone(memory_format=torch.contiguous_format)
                for name, tensor in tensors.items()
            },
            {**metadata, "seal": seal},
        )

    @staticmethod
    def loads(data: bytes, name: str = "voice prompt") -> "VoicePrompt":
        """The prompt in a file's bytes; `name` is what errors call it. Raises RecordDamaged."""
        try:
            return _opened(data)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise RecordDamaged(
                f"{name!r} is no voice prompt, or is damaged: {error}.",
                hint="Make the voice from its reference again.",
            ) from error

    @cached_property
    def _sha256(self) -> str:
        return _digest(self._metadata(), self._identity())

    def _metadata(self) -> dict[str, str]:
        metadata = {"format": FORMAT, "checkpoint": self.checkpoint, "revision": self.revision}
        return metadata if self.transcript is None else {**metadata, "transcript": self.transcript}

    def _identity(self) -> dict[str, Tensor]:
        identity = {"x_vector": self.x_vector}
        return identity if self.codes is None else {**identity, "codes": self.codes}

    def _tensors(self) -> dict[str, Tensor]:
        warmed = {_WARMED + name: tensor for name, tensor in (self.warmed or {}).items()}
        return {**self._identity(), **warmed}


def make(
    reference: Reference, encoder: Encoder, speaker: Speaker, *, checkpoint: str, revision: str
) -> VoicePrompt:
    """The voice of a reference: in context if it has a transcript, else its sound alone.

    The transcript has no special tokens in it. Raises NothingToSay if it is there and is empty,
    and InvalidRequest for codes that are none of its samples.
    """
    checking.require_reference(reference)
    x_vector = speaker.embed(reference.samples).cpu()
    if reference.transcript is None:
        return VoicePrompt(checkpoint, revision, x_vector)
    if not reference.transcript.strip():
        raise NothingToSay(
            "The transcript of the reference is empty.",
            param="transcript",
            hint="Send what the reference says, or leave the transcript out.",
        )
    # Copied: a voice is kept for long, and no tensor of the encoder's may change under it.
    codes = encoder.encode(rested(reference.samples)).to("cpu", torch.int64, copy=True)
    if reference.codes is not None:
        codes = torch.cat([tensor(reference.codes), codes[len(reference.codes) :]])
    return VoicePrompt(checkpoint, revision, x_vector, codes, reference.transcript)


def understood(prompt: Prompt | None, checkpoint: str, revision: str, width: int) -> VoicePrompt:
    """The prompt, which this very checkpoint has made. Raises CheckpointUnfit."""
    if not isinstance(prompt, VoicePrompt):
        raise CheckpointUnfit(
            f"This voice was not made by {checkpoint!r}, but by another engine.",
            param="voice",
            hint=REMAKE,
        )
    prompt.require(checkpoint, revision, width)
    return prompt


def mix(prompts: Sequence[VoicePrompt], weights: Sequence[float]) -> VoicePrompt:
    """The voice between those of one checkpoint, by the weighted mean of their embeddings.

    The mean of vectors of different directions is shorter than they are, and a shorter embedding
    is less of any voice: it is brought to the weighted mean of their lengths. Raises
    InvalidRequest for weights that mean nothing, and for voices that cancel each other out.
    """
    checking.require_weights(weights, len(prompts))
    vectors = torch.stack([prompt.x_vector for prompt in prompts]).double()
    shares = torch.tensor(weights, dtype=torch.float64)
    shares /= shares.sum()
    mean = shares @ vectors
    if not mean.norm():
        raise InvalidRequest("Nothing is left of these voices in their mix.", param="mix")
    mean *= shares @ vectors.norm(dim=1) / mean.norm()
    return VoicePrompt(prompts[0].checkpoint, prompts[0].revision, mean.float())


def likeness(one: Tensor, other: Tensor) -> float:
    """The cosine of two speaker embeddings, -1 to 1."""
    cosine = functional.cosine_similarity(one.cpu().double(), other.cpu().double(), dim=0)
    return min(1.0, max(-1.0, cosine.item()))


def tensor(codes: Codes) -> Tensor:
    """Codes as a prompt has them."""
    return torch.from_numpy(codes.astype(np.int64))


def rested(samples: Samples) -> Samples:
    """The reference with a rest at its end, as it is encoded."""
    return np.concatenate([samples, silence(REST)])


def _require_codes(codes: Tensor) -> None:
    if codes.ndim != 2 or codes.shape[1] != CODEBOOKS or codes.dtype != torch.int64:
        raise ValueError(f"codes are {codes.dtype} {tuple(codes.shape)}")
    if not len(codes) or codes.amin() < 0 or codes.amax() >= CODES:
        raise ValueError("codes are out of range")


def _opened(data: bytes) -> VoicePrompt:
    """Raises SafetensorError, ValueError, KeyError or TypeError for what is no voice prompt."""
    tensors = load_tensors(data)
    metadata = _header(data)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its format is {metadata.get('format')!r}, not {FORMAT!r}")
    if metadata.pop("seal", None) != _digest(metadata, tensors):
        raise ValueError("its content does not match its seal")
    warmed = {
        name.removeprefix(_WARMED): tensor
        for name, tensor in tensors.items()
        if name.startswith(_WARMED)
    }
    return VoicePrompt(
        metadata["checkpoint"],
        metadata["revision"],
        tensors["x_vector"],
        tensors.get("codes"),
        metadata.get("transcript"),
        warmed or None,
        metadata.get("source", ""),
    )


def _header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file that has been found sound."""
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    return header.get("__metadata__", {})


def _digest(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
