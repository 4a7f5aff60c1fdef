"""What folder backends share: changes in one step, and refusals of the file system in words."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from shared.errors import SpeechError, StoreUnavailable

FORMER = ".former"
"""Where a folder keeps what it is about to supersede."""

_LOCK = ".lock"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS)
_PATIENCE = 10.0
"""Seconds that a change waits for the one before it, which takes milliseconds."""


@contextmanager
def explained(root: Path, missing: SpeechError) -> Generator[None]:
    """Turn a refusal into StoreUnavailable, and a path that is not there into `missing`."""
    try:
        yield
    except FileNotFoundError as error:
        raise missing from error
    except OSError as error:
        reason = "no space is left" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise StoreUnavailable(f"The folder {root} refuses: {reason}.") from error


def unmade(folder: Path) -> StoreUnavailable:
    """What to say of a folder that is not there however often it is made."""
    return StoreUnavailable(f"The folder {folder} cannot be made.")


def lock(root: Path) -> FileLock:
    """What `alone` holds for a folder: a thread that holds it may take it again."""
    return FileLock(root / _LOCK)


@contextmanager
def alone(lock: FileLock, patience: float = _PATIENCE) -> Generator[None]:
    """Around a change of a folder that no other thread or process may get between.

    Raises StoreUnavailable where the medium refuses, or another one takes too long.
    """
    root = Path(lock.lock_file).parent
    with explained(root, unmade(root)):
        root.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(patience)
        except Timeout as error:
            raise StoreUnavailable(
                f"Another process has been changing {root} for {patience:.0f} seconds."
            ) from error
    try:
        yield
    finally:
        lock.release()


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file all of `data` or, where the medium refuses, nothing."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            _write(file.fileno(), data)
        except OSError:
            file.truncate(before)
            raise


def write(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader finds the old one or the new one."""
    write_all({path: data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Replace files, each in one step and in this order; where there is no room for all, none."""
    fresh = {path: path.with_name(f".{path.name}.{uuid4().hex}") for path in files}
    try:
        for path, data in files.items():
            _lay_down(fresh[path], data)
        for path in files:
            os.replace(fresh[path], path)
    finally:
        for path in fresh.values():
            path.unlink(missing_ok=True)


def part(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a file; short at its end."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def renew(path: Path) -> None:
    """Put a copy in a file's place: whoever has the file open reaches the copy no more."""
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        shutil.copyfile(path, fresh)
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def settle(folder: Path) -> None:
    """See to it that the files of `folder` outlive a loss of power.

    What has another name too was settled in the folder that it is linked from: of an output with
    ten thousand lines, all of them would take a quarter of a minute.
    """
    with os.scandir(folder) as found:
        own = [item for item in found if item.is_file() and os.stat(item.path).st_nlink == 1]
    for item in own:
        with open(item.path, "r+b") as file:
            os.fsync(file.fileno())


def sizes(folder: Path, wanted: Callable[[str], bool]) -> dict[str, int]:
    """Names and sizes of the files in `folder` whose names are wanted, by name."""
    with os.scandir(folder) as found:
        files = [item for item in found if wanted(item.name) and item.is_file()]
        return {item.name: item.stat().st_size for item in sorted(files, key=lambda i: i.name)}


def touch(folder: Path) -> None:
    """Make the modification time of `folder` differ from what anybody can have seen.

    The clock of a file system moves in ticks of milliseconds, so two changes can share one.
    """
    before = folder.stat().st_mtime_ns
    while folder.stat().st_mtime_ns == before:
        time.sleep(0.001)
        os.utime(folder)


def remove(folder: Path, doomed: Path) -> None:
    """Delete a folder: out of sight in one step by way of `doomed`, then for good.

    What a crash left in `doomed` goes too. Raises FileNotFoundError.
    """
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    doomed.mkdir(exist_ok=True)
    os.replace(folder, doomed / uuid4().hex)
    for leftover in doomed.iterdir():
        shutil.rmtree(leftover, ignore_errors=True)


def clear(folder: Path, doomed: Path) -> None:
    """Delete the folders in `folder`; its files stay."""
    for path in filter(Path.is_dir, list(folder.iterdir())):
        with suppress(FileNotFoundError):
            remove(path, doomed)


def link_all(folder: Path, target: Path, wanted: Callable[[str], bool]) -> None:
    """Let the files of `folder` whose names are wanted be files of `target` too.

    Where the file system knows no links, they are copied.
    """
    for name in sizes(folder, wanted):
        try:
            os.link(folder / name, target / name)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copy2(folder / name, target / name)


def admit(folder: Path, target: Path) -> None:
    """Move `folder` to `target`. Raises FileExistsError if something is there."""
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise FileExistsError(target) from error
        raise


def supersede(folder: Path, target: Path, doomed: Path) -> None:
    """Move `folder` to `target`; what was there is deleted.

    Until then it lies in `folder`, so it is safe if `folder` is gone. Raises FileNotFoundError.
    """
    if target.is_dir():
        os.replace(target, folder / FORMER)
    os.replace(folder, target)
    with suppress(FileNotFoundError):
        remove(target / FORMER, doomed)


def _lay_down(path: Path, data: bytes) -> None:
    """Write a file that was not there, so that it outlives a loss of power."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
