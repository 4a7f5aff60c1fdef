"""The contract of `codec_decode`: codes of the codec become sound."""

from typing import Any, ClassVar

from shared.requests.declared import CodesFile, Declared, Kind


class CodecDecode(Declared):
    """Turn codes back into sound."""

    name: ClassVar[str] = "codec_decode"
    title: ClassVar[str] = "Decode"
    summary: ClassVar[str] = "Codes of the codec, as `codec_encode` writes them, become sound."
    kind: ClassVar[Kind] = "task"
    on_codec_alone: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {}
    example_files: ClassVar[dict[str, str]] = {"codes": "docs/examples/codes.json"}

    codes: CodesFile
    """Frames of 16 codes, `.npz` or JSON. A file, or the id that `POST /v1/uploads` gave it."""
