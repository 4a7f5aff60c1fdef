"""What lies in `MODELS_DIR`: the released checkpoints and a person's own, told apart cheaply."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared.checkpoints import record
from shared.checkpoints.catalogue import CATALOGUE, Checkpoint, Kind, Released, Size, default_for
from shared.checkpoints.layout import CONFIG, Identity, identify, intact, required
from shared.errors import UnknownModel

State = Literal["absent", "partial", "present", "damaged"]
PARTIAL = ".partial"
"""Ending of the folder in which a download grows."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Presence:
    """How much of a checkpoint is there."""

    state: State
    nbytes: int = 0
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A checkpoint, released or local, and whether it can be used."""

    id: str
    kind: Kind
    size: Size
    folder: Path
    presence: Presence
    checkpoint: Checkpoint | None = None
    """None for a local one."""

    @property
    def revision(self) -> str:
        """Commit of a released checkpoint; `local` for a person's own."""
        return self.checkpoint.revision if self.checkpoint else "local"


def place(models_dir: Path, checkpoint: Released) -> Path:
    """Where the checkpoint lies, or would lie."""
    candidates = [models_dir / name for name in checkpoint.folders]
    return next((folder for folder in candidates if folder.is_dir()), candidates[0])


def partial(models_dir: Path, checkpoint: Released) -> Path:
    """Where its download grows until it is complete."""
    return models_dir / f"{checkpoint.folder}{PARTIAL}"


def inspect(models_dir: Path, checkpoint: Released) -> Presence:
    """What there is of a released model: layout and lengths, no hashing."""
    folder = place(models_dir, checkpoint)
    if folder.is_dir():
        return examine(folder, checkpoint)
    begun = partial(models_dir, checkpoint)
    return Presence("partial", _weight(begun)) if begun.is_dir() else Presence("absent")


def examine(folder: Path, checkpoint: Released | None = None) -> Presence:
    """The state of an existing folder; damage outranks absence of files."""
    needed = list(checkpoint.files) if checkpoint and checkpoint.files else required(folder)
    missing = tuple(path for path in needed if not (folder / path).is_file())
    lengths = _lengths(folder, checkpoint)
    there = {path for path in (*needed, *lengths) if (folder / path).is_file()}
    bad = {path for path in there if not _whole(folder / path, lengths.get(path))}
    if isinstance(checkpoint, Checkpoint) and not _is(identify(folder), checkpoint):
        bad |= there & {CONFIG}
    state: State = "damaged" if bad else "partial" if missing else "present"
    return Presence(state, _weight(folder), missing, tuple(sorted(bad)))


def scan(models_dir: Path) -> list[Entry]:
    """The released checkpoints in the preferred order, then the local ones by name."""
    return [*_released(models_dir), *_local(models_dir)]


def entry(models_dir: Path, id: str) -> Entry:
    """The checkpoint with that id, released or local. Raises UnknownModel."""
    entries = scan(models_dir)
    for candidate in entries:
        if candidate.id.lower() == id.strip().lower():
            return candidate
    known = ", ".join(candidate.id for candidate in entries)
    raise UnknownModel(f"There is no checkpoint {id!r}. Known are: {known}.")


def usable(models_dir: Path) -> list[Entry]:
    """The checkpoints that can be loaded, in the order of `scan`."""
    return [entry for entry in scan(models_dir) if entry.presence.state == "present"]


def pick(models_dir: Path, kind: Kind, size: Size, *, exact: bool = False) -> Entry | None:
    """The usable checkpoint that serves `kind`: that size, another size, then local ones.

    With `exact` another size will do only where none was released in that one.
    """
    sizes = {size, default_for(kind, size).size}
    fitting = [
        candidate
        for candidate in usable(models_dir)
        if candidate.kind == kind and (not exact or candidate.size in sizes)
    ]
    return min(fitting, key=lambda it: (it.checkpoint is None, it.size != size), default=None)


def _released(models_dir: Path) -> Iterator[Entry]:
    for released in CATALOGUE:
        folder, presence = place(models_dir, released), inspect(models_dir, released)
        yield Entry(released.id, released.kind, released.size, folder, presence, released)


def _local(models_dir: Path) -> Iterator[Entry]:
    taken = {name for released in CATALOGUE for name in released.folders}
    for folder in sorted(models_dir.glob("*/")):
        if folder.name in taken or folder.name.endswith(PARTIAL) or not _ID.fullmatch(folder.name):
            continue
        if identity := identify(folder):
            yield Entry(folder.name, identity.kind, identity.size, folder, examine(folder))


def _is(identity: Identity | None, checkpoint: Checkpoint) -> bool:
    return identity == Identity(checkpoint.kind, checkpoint.size)


def _lengths(folder: Path, checkpoint: Released | None) -> dict[str, int]:
    """Known lengths of files: those recorded at the download, overruled by the pins."""
    recorded = record.read(folder)
    files = recorded.files if recorded else {}
    pins = checkpoint.pins if checkpoint else ()
    lengths = {path: file.nbytes for path, file in files.items()}
    return lengths | {pin.path: pin.nbytes for pin in pins if pin.nbytes is not None}


def _whole(path: Path, nbytes: int | None) -> bool:
    return intact(path) and nbytes in (None, _length(path))


def _weight(folder: Path) -> int:
    return sum(_length(Path(top, name)) for top, _, names in os.walk(folder) for name in names)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a download has just renamed it
        return 0
