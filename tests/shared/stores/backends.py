"""The ways to keep outputs, all of which the contract is tested on."""

import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.stores.folder import FolderOutputs
from shared.stores.outputs import OutputStore


@dataclass(frozen=True)
class Backend:
    """One way to keep outputs."""

    at: Callable[[Path], OutputStore]
    """A store that keeps its things at or under a path."""
    broken: Callable[[Path], OutputStore]
    """A store whose medium refuses everything."""


def _folder_in_a_file(path: Path) -> OutputStore:
    path.write_text("not a folder")
    return FolderOutputs(path)


BACKENDS = {
    "folder": Backend(at=FolderOutputs, broken=_folder_in_a_file),
}


@contextmanager
def files_limited_to(size: int) -> Generator[None]:
    """Let no file of this process grow beyond `size` bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
