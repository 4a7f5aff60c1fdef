"""Runs that grow, as folders: `<root>/.growing/<id>.<attempt>/`, named after who holds them.

A path that names the attempt is the fence: the rename that gives a run to a later attempt takes
every path from the earlier one, in the midst of whatever it does.
"""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import Superseded, UnknownFile
from shared.stores import disk
from shared.stores.outputs import (
    LABELS,
    MASTER,
    METADATA,
    checked_name,
    checked_run,
    is_name,
    is_run,
)

_GROWING = ".growing"
_STEPS = 100
"""Steps after which a folder that is never as it was left is given up."""
_HELD = re.compile(r"(?P<run>.+)\.(?P<attempt>0|[1-9][0-9]*)")


class GrowingFolders:
    """All runs that grow under one root."""

    def __init__(self, root: Path, doomed: Path) -> None:
        self._root = root
        self._folder = root / _GROWING
        self._doomed = doomed

    def begin(self, run: str, attempt: int) -> "FolderGrowing":
        """Hold a run. Raises Superseded if a later attempt does, and StoreUnavailable."""
        if attempt < 0:
            raise ValueError(f"Attempts are counted from 0, not {attempt}.")
        mine, target = self._path(checked_run(run), attempt), self._root / run
        with disk.explained(self._root, disk.unmade(self._root)):
            self._root.mkdir(parents=True, exist_ok=True)
        with disk.explained(self._root, _superseded()):
            # An attempt that goes on with what it holds has nobody to keep out.
            held = self._attempts(run) == [attempt]
            self._take(run, attempt)
            if not held:
                self._seal(mine, target)
        return FolderGrowing(self._root, mine, target, self._doomed)

    def discard(self, run: str) -> None:
        """Forget a run, whichever attempt holds it. Raises OSError."""
        for attempt in self._attempts(checked_run(run)):
            with suppress(FileNotFoundError):
                disk.remove(self._path(run, attempt), self._doomed)

    def runs(self) -> list[str]:
        """What grows, by id. Raises OSError."""
        return sorted({run for run, _ in self._held()})

    def place(self, run: str) -> Path | None:
        """Where a run grows at present. Raises OSError."""
        attempts = self._attempts(checked_run(run))
        return self._path(run, attempts[-1]) if attempts else None

    def _take(self, run: str, attempt: int) -> None:
        """Make `attempt` all that is there. Others may begin at the same time: step by step."""
        for _ in range(_STEPS):
            if (there := self._attempts(run)) == [attempt]:
                return
            with suppress(FileNotFoundError):
                self._approach(run, attempt, there)
        raise disk.unmade(self._folder)

    def _approach(self, run: str, attempt: int, there: list[int]) -> None:
        """One step on the way to `attempt` being all that is there."""
        mine = self._path(run, attempt)
        if not there:
            mine.mkdir(parents=True, exist_ok=True)
        elif there[-1] > attempt:
            if attempt in there:
                disk.remove(mine, self._doomed)
            raise _superseded()
        elif attempt in there:
            disk.remove(self._path(run, there[0]), self._doomed)
        else:
            self._path(run, there[-1]).rename(mine)

    def _seal(self, folder: Path, target: Path) -> None:
        """Make what a frozen worker has open lead nowhere, and drop what was half-done."""
        with suppress(FileNotFoundError, FileExistsError):
            disk.admit(folder / disk.FORMER, target)
        for path in list(folder.iterdir()):
            if path.is_dir():
                disk.remove(path, self._doomed)
            elif is_name(path.name):
                disk.renew(path)
            else:
                path.unlink(missing_ok=True)

    def _attempts(self, run: str) -> list[int]:
        return sorted(attempt for held, attempt in self._held() if held == run)

    def _held(self) -> list[tuple[str, int]]:
        """Runs and attempts; usually one attempt of each."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as found:
            names = [_HELD.fullmatch(item.name) for item in found if item.is_dir()]
            return [(n["run"], int(n["attempt"])) for n in names if n and is_run(n["run"])]
        return []

    def _path(self, run: str, attempt: int) -> Path:
        return self._folder / f"{run}.{attempt}"


class FolderGrowing:
    """The folder backend of `Growing`."""

    def __init__(self, root: Path, folder: Path, target: Path, doomed: Path) -> None:
        self._root = root
        self._folder = folder
        self._target = target
        self._doomed = doomed

    def append(self, name: str, data: bytes) -> None:
        path = self._folder / checked_name(name)
        with self.writing():
            disk.append(path, data)

    def truncate(self, name: str, size: int) -> None:
        path = self._folder / checked_name(name)
        with suppress(UnknownFile), self.writing():
            os.truncate(path, size)

    def size(self, name: str) -> int:
        with suppress(UnknownFile), self.writing():
            return (self._folder / checked_name(name)).stat().st_size
        return 0

    def read(self, name: str, offset: int, length: int) -> bytes:
        path = self._folder / checked_name(name)
        with self.writing():
            return disk.part(path, offset, length)

    def stage(self) -> Path:
        with self.writing():
            return self._folder

    @contextmanager
    def writing(self) -> Generator[None]:
        with disk.explained(self._root, _superseded()):
            os.stat(self._folder)
            try:
                yield
            except FileNotFoundError as error:
                os.stat(self._folder)  # the file is missing, or the folder with it
                raise _missing(error) from error

    def finish(self) -> None:
        with self.writing():
            os.stat(self._folder / METADATA)
            disk.settle(self._folder)
            with suppress(FileNotFoundError):
                disk.write(self._folder / LABELS, (self._target / LABELS).read_bytes())
            disk.supersede(self._folder, self._target, self._doomed)
        with disk.explained(self._root, _superseded()), suppress(FileNotFoundError):
            (self._target / MASTER).unlink()

    def discard(self) -> None:
        with self.writing():
            disk.remove(self._folder, self._doomed)


def _superseded() -> Superseded:
    return Superseded(
        "This attempt no longer holds the run: it was ended, or a later attempt took it over."
    )


def _missing(error: FileNotFoundError) -> UnknownFile:
    name = Path(error.filename).name if error.filename else "a file"
    return UnknownFile(f"{name} is not among the files of this run.", param="name")
