"""One call of the API: what is asked, with which files, and how the answer is read."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from shared.errors import InvalidRequest

Answer = TypeVar("Answer")
File = Path | BinaryIO
"""A file to send: where it lies, or itself, opened for reading."""
NO_FILES: Mapping[str, File] = MappingProxyType({})


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request and how its answer is read."""

    method: str
    path: str
    read: Callable[[bytes], Answer]
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    accept: frozenset[int] = frozenset()
    """Statuses of 400 and above that are an answer, not an error."""
    files: Mapping[str, File] = field(default_factory=lambda: NO_FILES)
    """Parts of a form, which is sent in place of `body`."""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """Its parts that are text."""

    @contextmanager
    def content(self) -> Generator[dict[str, Any]]:
        """What httpx is to send; files are open as long as the block lasts, and read in pieces.

        Raises InvalidRequest for a file that cannot be read.
        """
        if not self.files:
            yield {"json": self.body}
            return
        with ExitStack() as opened:
            files = {
                name: (_called(file, name), _open(file, name, opened))
                for name, file in self.files.items()
            }
            yield {"data": self.fields, "files": files}


def reads(kind: Any) -> Callable[[bytes], Any]:
    """How an answer in JSON becomes a `kind`."""
    return TypeAdapter(kind).validate_json


def reads_nothing(_content: bytes) -> None:
    """For answers that say nothing."""
    return None


def segment(text: str) -> str:
    """One segment of a path, whatever is in it."""
    return quote(text, safe="")


def without_none(query: dict[str, Any]) -> dict[str, Any]:
    """The parameters that somebody has given."""
    return {name: value for name, value in query.items() if value is not None}


def _called(file: File, name: str) -> str:
    """What a file is called: the ending of a document's name tells how it is to be read."""
    called = file.name if isinstance(file, Path) else name
    return called.encode("utf-8", "replace").decode()  # Linux has names that are no text


def _open(file: File, name: str, opened: ExitStack) -> BinaryIO:
    if not isinstance(file, Path):
        return file
    try:
        return opened.enter_context(file.open("rb"))
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.", param=name) from error
