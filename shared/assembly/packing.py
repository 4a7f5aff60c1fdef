"""Zip files of results: equal contents make equal bytes."""

import os
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import StoreUnavailable

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say: when it was packed would make two of them differ."""
_TEXTS = (".json", ".csv", ".txt", ".srt", ".vtt")
"""Worth compressing; audio is not."""


class Pack:
    """A zip file that is being filled."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed

    def add(self, name: str, data: bytes) -> None:
        """A file in it; `name` is a path of our own making."""
        entry = zipfile.ZipInfo(name, _WHEN)
        entry.external_attr = 0o644 << 16
        if name.endswith(_TEXTS):
            entry.compress_type = zipfile.ZIP_DEFLATED
        self._packed.writestr(entry, data)


@contextmanager
def packing(target: Path) -> Generator[Pack]:
    """`target` appears whole at the end of the block, or not at all. Raises StoreUnavailable."""
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w") as packed:
            yield Pack(packed)
        os.replace(part, target)
    except OSError as error:
        raise StoreUnavailable(f"{target.name} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
