"""Outputs as plain folders: `<root>/<id>/`, growing under `.growing/`, deleted under `.trash/`."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from shared.errors import Conflict, RecordDamaged, UnknownFile, UnknownOutput
from shared.stores import disk
from shared.stores.growing import FolderGrowing, GrowingFolders
from shared.stores.outputs import (
    LABELS,
    METADATA,
    Entry,
    Labels,
    Trashed,
    checked_name,
    checked_run,
    is_name,
    is_run,
)

_TRASH = ".trash"
_AMENDING = ".amending"
_DOOMED = ".doomed"

Seen = TypeVar("Seen")


class FolderOutputs:
    """The folder backend of `OutputStore`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._doomed = root / _DOOMED
        self._growing = GrowingFolders(root, self._doomed)
        self._moving = disk.lock(root)
        """Held while a run changes places, or its labels, which is for a moment."""

    # --- growing ---

    def begin(self, run: str, attempt: int) -> FolderGrowing:
        return self._growing.begin(run, attempt)

    def discard(self, run: str) -> None:
        with self._explained():
            self._growing.discard(run)

    def growing(self) -> list[str]:
        with self._explained():
            return self._growing.runs()

    # --- reading ---

    def size(self, run: str, name: str) -> int:
        try:
            return self._look(run, name, lambda path: path.stat().st_size)
        except UnknownFile:
            return 0

    def read(self, run: str, name: str, offset: int, length: int) -> bytes:
        return self._look(run, name, lambda path: disk.part(path, offset, length))

    def finished(self, run: str) -> bool:
        with self._explained():
            return (self._finished(run) / METADATA).is_file()

    def entries(self) -> Iterable[Entry]:
        with self._explained():
            for item in self._runs(self._root):
                with suppress(FileNotFoundError):  # thrown away a moment ago
                    if os.path.exists(f"{item.path}/{METADATA}"):
                        yield Entry(item.name, os.stat(item.path).st_mtime)

    def files(self, run: str) -> dict[str, int]:
        folder = self._existing(run)
        with self._explained():
            return disk.sizes(folder, is_name)

    def metadata(self, run: str) -> dict[str, Any]:
        folder = self._existing(run)
        with self._explained():
            return _metadata(folder)

    def labels(self, run: str) -> Labels:
        folder = self._existing(run)
        with self._explained():
            return _labels(folder)

    # --- what people do ---

    def label(self, run: str, labels: Labels) -> None:
        folder = self._existing(run)
        with disk.alone(self._moving), self._explained():
            disk.write(folder / LABELS, labels.model_dump_json(indent=1).encode())
            disk.touch(folder)

    @contextmanager
    def amend(self, run: str) -> Generator[Path]:
        amending = self._root / _AMENDING
        with disk.alone(disk.lock(amending)):
            with self._explained():
                for left in self._runs(amending):
                    self._recover(left.name)
                disk.clear(amending, self._doomed)  # what a crash has left
            folder, copy = self._existing(run), amending / run
            with self._explained():
                copy.mkdir()
                disk.link_all(folder, copy, is_name)
            try:
                yield copy
            except BaseException:
                with self._explained():
                    disk.remove(copy, self._doomed)
                raise
            with disk.explained(self._root, _missing(METADATA)):
                os.stat(copy / METADATA)
                disk.settle(copy)
            with disk.alone(self._moving), self._explained():
                with suppress(FileNotFoundError):
                    disk.write(copy / LABELS, (folder / LABELS).read_bytes())
                os.stat(folder)  # thrown away meanwhile: it stays so
                disk.supersede(copy, folder, self._doomed)

    def trash(self, run: str) -> None:
        folder, target = self._existing(run), self._trashed(run)
        with disk.alone(self._moving), self._explained():
            target.parent.mkdir(exist_ok=True)
            disk.supersede(folder, target, self._doomed)
            os.utime(target)

    def restore(self, run: str) -> None:
        if self.finished(run):
            raise _not_in_trash()
        with disk.alone(self._moving), self._explained():
            try:
                disk.admit(self._trashed(run), self._finished(run))
            except FileExistsError as error:
                raise _not_in_trash() from error

    def trashed(self) -> Iterable[Trashed]:
        with self._explained():
            for item in self._runs(self._root / _TRASH):
                with suppress(FileNotFoundError):  # restored or purged a moment ago
                    yield _describe_trashed(Path(item.path))

    def thrown(self, run: str) -> tuple[dict[str, Any], Labels]:
        folder = self._trashed(run)
        with self._explained():
            return _metadata(folder), _labels(folder)

    def purge(self, run: str) -> None:
        with self._explained():
            disk.remove(self._trashed(run), self._doomed)

    def free(self) -> int:
        with self._explained():
            there = next(path for path in (self._root, *self._root.parents) if path.exists())
            return shutil.disk_usage(there).free

    def check(self) -> None:
        with disk.explained(self._root, disk.unmade(self._root)):
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"\0")

    # --- places ---

    def _finished(self, run: str) -> Path:
        return self._root / checked_run(run)

    def _trashed(self, run: str) -> Path:
        return self._root / _TRASH / checked_run(run)

    def _existing(self, run: str) -> Path:
        if not self.finished(run):
            self._recover(run)
            if not self.finished(run):
                raise UnknownOutput("There is no such output.", param="id")
        return self._finished(run)

    def _recover(self, run: str) -> bool:
        """Put a run back that was about to be superseded when all broke off, or let it be done.

        Returns whether there was such a one.
        """
        former = self._root / _AMENDING / checked_run(run) / disk.FORMER
        if not former.is_dir():
            return False
        with disk.alone(self._moving), suppress(FileNotFoundError, FileExistsError):
            disk.admit(former, self._finished(run))
        return True

    def _look(self, run: str, name: str, look: Callable[[Path], Seen]) -> Seen:
        """What `look` sees; a run that changed places meanwhile is looked for again."""
        checked_name(name)
        missing = UnknownFile("There is no such file in this output.", param="name")
        with disk.explained(self._root, missing):
            while True:
                growing, finished = self._growing.place(run), _inode(self._finished(run))
                for folder in filter(None, (growing, self._finished(run))):
                    with suppress(FileNotFoundError):
                        return look(folder / name)
                there = self._growing.place(run), _inode(self._finished(run))
                if there == (growing, finished) and not self._recover(run):
                    raise missing

    def _runs(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        with self._explained():
            try:
                found = os.scandir(folder)
            except FileNotFoundError:  # nothing was ever put there
                return
            with found:
                yield from (item for item in found if is_run(item.name) and item.is_dir())

    def _explained(self) -> AbstractContextManager[None]:
        return disk.explained(self._root, UnknownOutput("There is no such output.", param="id"))


def _inode(folder: Path) -> int | None:
    """Which folder it is; None if there is none."""
    with suppress(FileNotFoundError):
        return folder.stat().st_ino
    return None


def _metadata(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / METADATA).read_bytes())
    except ValueError as error:
        raise _damaged(folder / METADATA) from error


def _labels(folder: Path) -> Labels:
    try:
        return Labels.model_validate_json((folder / LABELS).read_bytes())
    except FileNotFoundError:
        return Labels()
    except ValidationError as error:
        raise _damaged(folder / LABELS) from error


def _describe_trashed(folder: Path) -> Trashed:
    try:
        starred = _labels(folder).starred
    except RecordDamaged:
        starred = True
    size = sum(disk.sizes(folder, is_name).values())
    return Trashed(folder.name, folder.stat().st_mtime, size, starred)


def _missing(name: str) -> UnknownFile:
    return UnknownFile(f"{name} is not among the files of this run.", param="name")


def _not_in_trash() -> Conflict:
    return Conflict("This output is not in the trash: it is there.", param="id")


def _damaged(path: Path) -> RecordDamaged:
    return RecordDamaged(f"{path.parent.name}/{path.name} cannot be understood.")
