"""What `metadata.json` says of each file of a run."""

import hashlib
from pathlib import Path

from shared.audio.formats import FORMATS
from shared.stores.recipe import FileFact

_BLOCK = 1 << 20
_MEDIA_TYPES = {
    **{entry.extension: entry.media_type for entry in FORMATS.values()},
    ".csv": "text/csv",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".m4b": "audio/mp4",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ass": "text/x-ssa",
    ".zip": "application/zip",
}
"""By extension."""


def fact_of(path: Path) -> FileFact:
    """Length, sha256 and media type of a file. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
    return FileFact(
        bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
        media_type=_MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
    )
