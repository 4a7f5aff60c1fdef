"""Where results lie: what any backend for outputs must be able to do."""

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import UnknownFile, UnknownOutput

METADATA = "metadata.json"
"""The recipe of a run; it is written last, so a run that has one is complete."""
LABELS = "labels.json"
"""What people say of a run: it may change after the run is finished."""
MASTER = "master.pcm"
"""The audio while it grows: s16le, mono, without a header."""

_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(\.[a-z0-9]{1,12}){1,2}")


@dataclass(frozen=True)
class Entry:
    """A finished run."""

    run: str
    changed: float
    """Differs after every change of the run."""


@dataclass(frozen=True)
class Trashed:
    """A run in the trash."""

    run: str
    since: float
    """When it was put there; Unix seconds."""
    bytes: int
    starred: bool


def _tidy(words: str) -> str:
    """One line of printable characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(printable.split())


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags without those that differ from an earlier one in case alone."""
    return tuple({tag.casefold(): tag for tag in reversed(tags)}.values())[::-1]


Tag = Annotated[str, AfterValidator(_tidy), Field(min_length=1, max_length=40)]
Tags = Annotated[tuple[Tag, ...], AfterValidator(_distinct), Field(max_length=32)]


class Marks(BaseModel):
    """What a person can say of an output."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    starred: bool = False
    """Starred outputs are never deleted by a retention rule."""
    tags: Tags = ()
    """Words to find it by."""
    title: Annotated[str, AfterValidator(_tidy)] = Field(default="", max_length=200)
    """A name for it."""


class Labels(Marks):
    """What became of an output after it was finished."""

    restored_at: float = 0.0
    """When it was last taken out of the trash, in Unix seconds; from then on it ages anew."""


class Growing(Protocol):
    """A run that grows, in the hands of one attempt.

    As soon as a later attempt begins the same run, every method raises Superseded: a worker that
    was frozen and wakes up can neither spoil nor finish what another one makes. The same where the
    run was finished or discarded. Every method raises StoreUnavailable where the medium refuses.
    """

    def append(self, name: str, data: bytes) -> None:
        """Add to a file, all or nothing; it can be read as soon as this returns."""
        ...

    def truncate(self, name: str, size: int) -> None: ...

    def size(self, name: str) -> int:
        """Bytes of a file; 0 if there is no such file."""
        ...

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Part of a file; short at its end. Raises UnknownFile."""
        ...

    def stage(self) -> Path:
        """A local folder in which files of the run may be written by name.

        Folders, and files of other names, do not outlive the attempt.
        """
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Around writes into the stage: a file that is missing there raises UnknownFile."""
        ...

    def finish(self) -> None:
        """Make the run visible, all at once, and then drop its raw master.

        Of a run that was finished before only the labels stay. Raises UnknownFile while the
        metadata is missing.
        """
        ...

    def discard(self) -> None:
        """Forget the run."""
        ...


class OutputStore(Protocol):
    """Runs grow in secret, become visible in one step when finished, and can be thrown away.

    Every method raises UnknownOutput or UnknownFile for what is not there, and StoreUnavailable
    where the medium refuses.
    """

    def begin(self, run: str, attempt: int) -> Growing:
        """Start a run, go on with it, or take over what an earlier attempt left of it.

        A run that the earlier attempt finishes at the same moment begins empty: look whether it is
        finished after this, not before. Raises Superseded if a later attempt has begun it.
        """
        ...

    def discard(self, run: str) -> None:
        """Forget a growing run, whichever attempt holds it, if there is one."""
        ...

    def growing(self) -> list[str]:
        """Runs that were begun and neither finished nor discarded."""
        ...

    def size(self, run: str, name: str) -> int:
        """Bytes of a file of a growing or finished run; 0 if there is no such file."""
        ...

    def read(self, run: str, name: str, offset: int, length: int) -> bytes:
        """Part of a file of a growing or finished run; short at its present end."""
        ...

    def finished(self, run: str) -> bool: ...

    def entries(self) -> Iterable[Entry]:
        """All finished runs, in no order."""
        ...

    def files(self, run: str) -> dict[str, int]:
        """Names and sizes of a finished run's files."""
        ...

    def metadata(self, run: str) -> dict[str, Any]:
        """Raises RecordDamaged."""
        ...

    def labels(self, run: str) -> Labels:
        """Raises RecordDamaged."""
        ...

    def label(self, run: str, labels: Labels) -> None: ...

    def amend(self, run: str) -> AbstractContextManager[Path]:
        """Around a change of a finished run: a folder with all its files, to be added to.

        At the end it takes the run's place, all at once; if the block raises, nothing is changed.
        Files in it are replaced, never written into. One run is amended at a time, so a change
        takes no longer than it must. Raises UnknownFile if the metadata is gone at the end.
        """
        ...

    def trash(self, run: str) -> None:
        """Take a finished run out of sight, so that it can still be restored."""
        ...

    def restore(self, run: str) -> None:
        """Raises Conflict if a run of that id was finished in the meantime."""
        ...

    def trashed(self) -> Iterable[Trashed]:
        """Everything in the trash; what cannot be understood counts as starred."""
        ...

    def thrown(self, run: str) -> tuple[dict[str, Any], Labels]:
        """Metadata and labels of a run in the trash. Raises RecordDamaged."""
        ...

    def purge(self, run: str) -> None:
        """Delete a run from the trash for good."""
        ...

    def free(self) -> int:
        """Bytes that can still be written."""
        ...

    def check(self) -> None:
        """Raises StoreUnavailable unless something can be written."""
        ...


def checked_run(run: str) -> str:
    """`run` if it is the canonical form of a UUID. Raises UnknownOutput."""
    if not is_run(run):
        raise UnknownOutput("There is no output of that id: ids are UUIDs.", param="id")
    return run


def is_run(name: str) -> bool:
    """True for the canonical form of a UUID."""
    return _RUN.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """`name` if it can be a file of a run. Raises UnknownFile."""
    if not is_name(name):
        raise UnknownFile("There is no such file in this output.", param="name")
    return name


def is_name(name: str) -> bool:
    """True for what a file of a run or a voice may be called."""
    return _NAME.fullmatch(name) is not None
