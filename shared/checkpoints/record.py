"""`sha256.json`: what a download brought, so that it can be verified ever after."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from shared.checkpoints.layout import FILE_PATTERN

NAME = "sha256.json"
_BLOCK = 1 << 20

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FilePath = Annotated[str, Field(pattern=FILE_PATTERN, max_length=200)]


class RecordedFile(BaseModel):
    """One file as it was downloaded."""

    sha256: Sha256
    nbytes: NonNegativeInt


class Record(BaseModel):
    """The files of a checkpoint by path, and where they came from."""

    repository: str
    revision: str
    files: dict[FilePath, RecordedFile]

    def write(self, folder: Path) -> None:
        """Put the record into `folder`."""
        (folder / NAME).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Record | None:
    """The record in `folder`, or None if there is none that can be read."""
    try:
        return Record.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def digest(path: Path, moved: Callable[[int], None]) -> str:
    """The sha256 of a file; `moved` is told after each block how many bytes were read."""
    sha256 = hashlib.sha256()
    position = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha256.update(block)
            position += len(block)
            moved(position)
    return sha256.hexdigest()
