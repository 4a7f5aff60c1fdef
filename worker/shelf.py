"""Where the takes of a job's lines are kept: each outlives the attempt that made it."""

import hashlib
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.audio import flac
from shared.audio.pcm import Samples
from shared.errors import UnknownFile, UnknownOutput
from shared.plans.table import LINES, LineTable, Take, fact_name, sound_name
from shared.stores.outputs import Growing, OutputStore
from worker.performing import Studio

_LONGEST = 1 << 28
"""Bytes of a file that is read whole; a line has a megabyte, the table of fifty thousand 50."""
_ENDING = ".failed.json"

Kind = TypeVar("Kind", bound=BaseModel)

log = logging.getLogger(__name__)


class _Failure(BaseModel):
    """Why a line could not be spoken; whoever takes the job up again need not try."""

    why: str


class Shelf:
    """The takes in the growing run, one to a key; a take is there once its facts are."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._growing = studio.growing

    def find(self, key: str) -> Take | None:
        """The take that is kept, whatever engine made it; one that is damaged counts for none."""
        take = _parsed(Take, _whole(self._growing, fact_name(key)))
        return take if take and self._growing.size(take.file) else None

    def failure(self, key: str) -> str:
        """Why an earlier attempt could not speak a line; empty if it could, or did not try."""
        found = _parsed(_Failure, _whole(self._growing, _failure_name(key)))
        return found.why if found else ""

    def keep(self, key: str, sound: bytes, take: Take) -> None:
        """Raises Superseded or StoreUnavailable."""
        if before := self.find(key):
            # It is not true of the new sound; that there was another one must not be forgotten.
            self._note(key, before.model_copy(update={"sounding": "", "heard": 0}))
        self._studio.keep(sound_name(key), sound)
        self._note(key, take)

    def _note(self, key: str, take: Take) -> None:
        self._studio.keep(fact_name(key), take.model_dump_json().encode())

    def keep_failure(self, key: str, why: str) -> None:
        """Raises Superseded or StoreUnavailable."""
        self._studio.keep(_failure_name(key), _Failure(why=why).model_dump_json().encode())

    def read(self, name: str) -> bytes | None:
        """A file of the run; None if there is none."""
        return _whole(self._growing, name)

    def sound(self, take: Take) -> Samples:
        """Raises RecordDamaged, UnknownFile."""
        return flac.loads(self._growing.read(take.file, 0, _LONGEST))

    def path(self, name: str) -> Path:
        """Where a file of the run lies."""
        return self._growing.stage() / name


def is_note(name: str) -> bool:
    """Whether a file only serves a run that grows: what is in it stands in the table later."""
    return name.startswith("line-") and name.endswith(".json")


@dataclass
class Predecessor:
    """An earlier job or output whose takes may be taken over, growing or finished.

    What is not there, or cannot be understood, is simply not taken over.
    """

    outputs: OutputStore
    run: str

    def find(self, key: str) -> Take | None:
        """The first take of a line."""
        if self._table is not None:
            return self._table.get(key)
        return _parsed(Take, self.read(fact_name(key)))

    def read(self, name: str) -> bytes | None:
        """A file of that run; None if there is none."""
        try:
            return self.outputs.read(self.run, name, 0, _LONGEST)
        except (UnknownFile, UnknownOutput):
            return None

    @cached_property
    def _table(self) -> dict[str, Take] | None:
        """None while it grows: its takes have their own files."""
        found = _parsed(LineTable, self.read(LINES))
        if found is None:
            return None
        return {row.key: row.takes[0] for row in found.lines if row.takes}


def digest(*parts: object) -> str:
    """Equal for equal parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _failure_name(key: str) -> str:
    return f"line-{key}{_ENDING}"


def _whole(growing: Growing, name: str) -> bytes | None:
    try:
        return growing.read(name, 0, _LONGEST)
    except UnknownFile:
        return None


def _parsed(kind: type[Kind], data: bytes | None) -> Kind | None:
    if data is None:
        return None
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        log.warning("A %s cannot be understood: %s", kind.__name__, error)
        return None
