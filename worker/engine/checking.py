"""What a checkpoint cannot say, refused in words before anything is computed.

Nothing here imports torch.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.audio.codes import CODEBOOKS, CODES, FRAME_SAMPLES
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import (
    CheckpointUnfit,
    InvalidRequest,
    NothingToSay,
    TextTooLong,
    UnknownLanguage,
    UnknownSpeaker,
    UnreadableAudio,
)
from shared.languages import AUTO
from shared.requests.declared import CheckpointKind
from worker.engine.manifest import Manifest
from worker.engine.protocol import Utterance
from worker.engine.reference import Reference


def check(manifest: Manifest, utterance: Utterance) -> None:
    """Hold all but the text against the checkpoint.

    Raises CheckpointUnfit, UnknownLanguage or UnknownSpeaker.
    """
    require_kind(manifest, utterance)
    require_language(manifest, utterance.language)
    if manifest.kind == "custom_voice":
        require_speaker(manifest, utterance.speaker)


def needed_kind(utterance: Utterance) -> CheckpointKind:
    """The type of checkpoint that can speak this."""
    if utterance.prompt is not None:
        return "base"
    return "custom_voice" if utterance.description is None else "voice_design"


def require_kind(manifest: Manifest, utterance: Utterance) -> None:
    needed = needed_kind(utterance)
    if needed != manifest.kind:
        raise CheckpointUnfit(
            f"This needs a checkpoint of type {needed!r}, but {manifest.checkpoint!r} is of type "
            f"{manifest.kind!r}."
        )


def require_base(manifest: Manifest) -> None:
    """Raises CheckpointUnfit for a checkpoint that cannot hear voices."""
    if manifest.kind != "base":
        raise CheckpointUnfit(
            f"Only a checkpoint of type 'base' clones voices; {manifest.checkpoint!r} is of type "
            f"{manifest.kind!r}."
        )


def require_language(manifest: Manifest, language: str) -> None:
    if language != AUTO and language not in manifest.languages:
        raise UnknownLanguage(
            f"Checkpoint {manifest.checkpoint!r} does not speak {language!r}. It speaks: "
            f"{', '.join(manifest.languages)}.",
            param="language",
        )


def require_speaker(manifest: Manifest, speaker: str | None) -> str:
    """The speaker, who is there."""
    if speaker is None or speaker not in manifest.speakers:
        raise UnknownSpeaker(
            f"Checkpoint {manifest.checkpoint!r} has no speaker {speaker!r}. It has: "
            f"{', '.join(manifest.speakers)}.",
            param="speaker",
        )
    return speaker


def require_words(plain: str, param: str = "text") -> str:
    """The text, of which something is left once it is plain (`worker.engine.plain`)."""
    if not plain:
        raise NothingToSay("There is nothing to say in this text.", param=param)
    return plain


def require_room(length: int, room: int) -> None:
    """Refuse a prompt of more positions than may stand before the first frame."""
    if length > room:
        raise TextTooLong(
            f"The text, with all that stands before it, takes {length} positions of the model's "
            f"memory, and there is room for {room}.",
            param="text",
        )


def require_sound(samples: Samples) -> None:
    """Raises UnreadableAudio unless there is something for the codec to hear."""
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise UnreadableAudio("There is no mono sound to write in codes.", param="audio")


def require_codes(codes: NDArray[np.integer[Any]]) -> None:
    """A code beyond its codebook would poison a GPU. Raises InvalidRequest."""
    if codes.ndim != 2 or codes.shape[1] != CODEBOOKS or not len(codes):
        raise InvalidRequest(f"Codes come as frames of {CODEBOOKS} each.", param="codes")
    if codes.min() < 0 or codes.max() >= CODES:
        raise InvalidRequest(f"Codes go from 0 to {CODES - 1}.", param="codes")


def require_reference(reference: Reference) -> None:
    """Raises InvalidRequest unless its codes, where it has any, can be those of its samples."""
    if reference.codes is None:
        return
    require_codes(reference.codes)
    if len(reference.codes) != -(-len(reference.samples) // FRAME_SAMPLES):
        raise InvalidRequest(
            f"{len(reference.codes)} frames of codes are not those of "
            f"{len(reference.samples) / SAMPLE_RATE:.1f} seconds of sound.",
            param="codes",
        )


def require_weights(weights: Sequence[float], voices: int) -> None:
    """Raises InvalidRequest unless voices can be mixed by these weights."""
    if not voices or len(weights) != voices:
        raise InvalidRequest("Every voice of a mix has one weight.", param="mix")
    if not all(isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights):
        raise InvalidRequest(
            "The weights of a mix are not negative, and one of them at least is more than 0.",
            param="mix",
        )


def directions(utterance: Utterance) -> str:
    """All that the listener asked for in words, besides the text."""
    return " ".join(part for part in (utterance.description, utterance.instruct) if part)


def follows_directions(manifest: Manifest) -> bool:
    """Whether directions reach the model; the package drops them where this is False."""
    return manifest.kind == "voice_design" or (
        manifest.kind == "custom_voice" and manifest.label != "0b6"
    )


def remarks(manifest: Manifest, utterance: Utterance) -> tuple[str, ...]:
    """What of the request the checkpoint ignores, one sentence each."""
    if not utterance.instruct or follows_directions(manifest):
        return ()
    return (
        "The instruct was ignored by this checkpoint: only CustomVoice and VoiceDesign of 1.7B "
        "follow it.",
    )
