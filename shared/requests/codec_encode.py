"""The contract of `codec_encode`: sound becomes codes of the codec."""

from typing import Any, ClassVar

from shared.requests.declared import AudioFile, Declared, Kind


class CodecEncode(Declared):
    """Write sound in the codes that Qwen3-TTS speaks in."""

    name: ClassVar[str] = "codec_encode"
    title: ClassVar[str] = "Encode"
    summary: ClassVar[str] = (
        "Sound becomes codes (`codes.npz`, `codes.json`); the audio of the result is what the "
        "codes sound like."
    )
    kind: ClassVar[Kind] = "task"
    on_codec_alone: ClassVar[bool] = True
    artifacts: ClassVar[tuple[str, ...]] = ("codes.npz", "codes.json")
    example: ClassVar[dict[str, Any]] = {}
    example_files: ClassVar[dict[str, str]] = {"audio": "docs/examples/reference.flac"}

    audio: AudioFile
    """Sound of any voice or none. A file, or the id that `POST /v1/uploads` gave it."""
