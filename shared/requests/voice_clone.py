"""The contract of `voice_clone`: a voice that was recorded or kept reads a text."""

from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from shared.errors import InvalidRequest
from shared.requests.declared import (
    CheckpointKind,
    CodesFile,
    Instruct,
    Kind,
    MinSimilarity,
    ReferenceFile,
    Transcript,
    VoiceName,
)
from shared.requests.spoken import Spoken

CloneMode = Literal["auto", "in_context", "speaker_only"]


class VoiceClone(Spoken):
    """Let a voice from the library, or from a recording, read a text."""

    name: ClassVar[str] = "voice_clone"
    title: ClassVar[str] = "Clone"
    summary: ClassVar[str] = (
        "A voice from the library, a recording or codes reads a text. Only clone voices whose "
        "owners agree."
    )
    kind: ClassVar[Kind] = "task"
    checkpoint: ClassVar[CheckpointKind | None] = "base"
    example: ClassVar[dict[str, Any]] = {
        "text": "The lamp turned, and the sea was quiet.",
        "transcript": "The light on the point was lit at dusk, as it had been every evening since "
        "the harbour was built, and the boats came home by it.",
        "language": "english",
        "seed": 7,
    }
    example_files: ClassVar[dict[str, str]] = {"reference": "docs/examples/reference.flac"}

    voice: VoiceName | None = None
    """A voice of the library, by id or name. One of `voice`, `reference` and `codes` is needed."""
    reference: ReferenceFile | None = None
    """A recording of one person, 3 to 60 seconds; 10 to 20 are best. A file, or the id that
    `POST /v1/uploads` gave it."""
    codes: CodesFile | None = None
    """The recording as codes of the codec, as `codec_encode` writes them. A file, or its id."""
    transcript: Transcript | None = None
    """Every word of `reference` or `codes`. With it the clone takes up how the person speaks; with
    a wrong or partial one it loses its way."""
    mode: CloneMode = "auto"
    """`in_context` continues the recording: closest in manner, and needs the transcript.
    `speaker_only` takes the sound of the voice alone: less alike, but nothing of the recording's
    accent, noise or last words leaks into the speech. `auto` is `in_context` where there is a
    transcript."""
    instruct: Instruct | None = None
    """No released checkpoint follows an instruction while it clones: it is ignored, with a warning.
    Use `emotion` with a voice that has a recording of that mood."""
    min_similarity: MinSimilarity = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("voice", "reference", "codes") if getattr(self, name)]
        if len(given) != 1:
            raise InvalidRequest(
                f"Whose voice? {_listed(given)}",
                param="voice",
                hint="Send one of `voice`, `reference` and `codes`.",
            )
        if self.voice and self.transcript:
            raise InvalidRequest(
                "A voice of the library has its transcript already.", param="transcript"
            )
        if self.mode == "in_context" and not self.voice and not self.transcript:
            raise InvalidRequest(
                "In context needs the transcript of the recording.",
                param="transcript",
                hint="Send `transcript`, or leave `mode` to `auto`.",
            )
        return self


def _listed(given: list[str]) -> str:
    return f"{' and '.join(given)} are given." if given else "No voice is given."
