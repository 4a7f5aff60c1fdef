"""The voices library: what any backend for voices must be able to do, and voices as folders."""

import re
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from shared.errors import Conflict, RecordDamaged, UnknownFile, UnknownVoice
from shared.stores import disk
from shared.stores.outputs import is_name
from shared.stores.voice_record import Voice, dumps, loads

RECORD = "voice.yaml"
"""The record of a voice, in its folder; written last, so a voice that has one is complete."""

_SLUG = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_SLUG_LENGTH = 64
_MAKING = ".making"
_LEFT_OVER = 3_600.0
"""Seconds after which nobody still makes a voice, which takes one or two."""
_DOOMED = ".doomed"
_NONE: Mapping[str, bytes] = {}
_Stamp = tuple[int, int, int]
"""When a file was changed, which one it is, its size: another after every change."""


class VoiceStore(Protocol):
    """Voices by id, each a record and files; nothing half-written can be seen.

    Ids are slugs (`old_sailor`). Every method raises UnknownVoice or UnknownFile for what is not
    there, and StoreUnavailable where the medium refuses.
    """

    def create(self, voice_id: str, voice: Voice, files: Mapping[str, bytes]) -> None:
        """Add a voice with its files, all at once. Raises Conflict if the id is taken."""
        ...

    def ids(self) -> list[str]:
        """All voices, in the order of the alphabet."""
        ...

    def get(self, voice_id: str) -> Voice:
        """Raises RecordDamaged."""
        ...

    def save(
        self,
        voice_id: str,
        voice: Voice,
        files: Mapping[str, bytes] = _NONE,
        gone: Collection[str] = (),
    ) -> None:
        """Replace the record of a voice, in one step.

        Before it `files` are added or replaced, after it those in `gone` are deleted, of which any
        may be missing. Where one of them cannot be written, all is as it was.
        """
        ...

    def files(self, voice_id: str) -> dict[str, int]:
        """Names and sizes of the voice's files, its record excepted."""
        ...

    def read(self, voice_id: str, name: str) -> bytes: ...

    def write(self, voice_id: str, name: str, data: bytes) -> None:
        """Add or replace a file of a voice, in one step."""
        ...

    def remove(self, voice_id: str, name: str) -> None:
        """Delete a file of a voice."""
        ...

    def delete(self, voice_id: str) -> None: ...

    def lock(self) -> AbstractContextManager[None]:
        """Around a change that depends on other voices or jobs: every other such change waits.

        Whoever holds it may take it again, in the same thread and by the same store.
        """
        ...


class FolderVoices:
    """The folder backend of `VoiceStore`: `<root>/<id>/voice.yaml` and the files beside it.

    Records are read once and again when their files have changed: YAML takes a millisecond each.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = disk.lock(root)
        self._known: dict[str, tuple[_Stamp, Voice]] = {}

    def create(self, voice_id: str, voice: Voice, files: Mapping[str, bytes]) -> None:
        target = self._root / checked_id(voice_id)
        making = self._root / _MAKING / uuid4().hex
        with self._explained():
            if target.exists():
                raise _taken(voice_id)
            self._clear_away()
            making.mkdir(parents=True)
            try:
                _fill(making, voice, files)
                disk.admit(making, target)
            except FileExistsError as error:
                raise _taken(voice_id) from error
            finally:
                if making.exists():
                    disk.remove(making, self._root / _DOOMED)

    def ids(self) -> list[str]:
        if not self._root.exists():
            return []
        with self._explained():
            found = [folder.name for folder in self._root.iterdir() if (folder / RECORD).is_file()]
        return sorted(filter(is_slug, found))

    def get(self, voice_id: str) -> Voice:
        path = self._existing(voice_id) / RECORD
        with self._explained():
            stamp = _stamp(path)
            known = self._known.get(voice_id)
            if known is not None and known[0] == stamp:
                return known[1]
            text = path.read_bytes()
        try:
            voice = loads(text)
        except ValueError as error:
            raise RecordDamaged(f"{voice_id}/{RECORD} cannot be understood.") from error
        self._known[voice_id] = stamp, voice
        return voice

    def save(
        self,
        voice_id: str,
        voice: Voice,
        files: Mapping[str, bytes] = _NONE,
        gone: Collection[str] = (),
    ) -> None:
        folder = self._existing(voice_id)
        written = {folder / _checked_file(name): data for name, data in files.items()}
        removed = [folder / _checked_file(name) for name in gone]
        with self._explained():
            disk.write_all({**written, folder / RECORD: dumps(voice)})
            for path in removed:
                path.unlink(missing_ok=True)

    def files(self, voice_id: str) -> dict[str, int]:
        folder = self._existing(voice_id)
        with self._explained():
            return disk.sizes(folder, lambda name: is_name(name) and name != RECORD)

    def read(self, voice_id: str, name: str) -> bytes:
        path = self._existing(voice_id) / _checked_file(name)
        with disk.explained(self._root, _no_file()):
            return path.read_bytes()

    def write(self, voice_id: str, name: str, data: bytes) -> None:
        path = self._existing(voice_id) / _checked_file(name)
        with self._explained():
            disk.write(path, data)

    def remove(self, voice_id: str, name: str) -> None:
        path = self._existing(voice_id) / _checked_file(name)
        with disk.explained(self._root, _no_file()):
            path.unlink()

    def delete(self, voice_id: str) -> None:
        folder = self._existing(voice_id)
        with self._explained():
            disk.remove(folder, self._root / _DOOMED)

    def lock(self) -> AbstractContextManager[None]:
        return disk.alone(self._lock)

    def _clear_away(self) -> None:
        """Delete what a process that died was making."""
        making = self._root / _MAKING
        for leftover in making.iterdir() if making.is_dir() else ():
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime < time.time() - _LEFT_OVER:
                    disk.remove(leftover, self._root / _DOOMED)

    def _existing(self, voice_id: str) -> Path:
        folder = self._root / checked_id(voice_id)
        with self._explained():
            if not (folder / RECORD).is_file():
                raise _no_voice()
        return folder

    def _explained(self) -> AbstractContextManager[None]:
        return disk.explained(self._root, _no_voice())


def is_slug(word: str) -> bool:
    """True for what the id of a voice may be."""
    return len(word) <= _SLUG_LENGTH and _SLUG.fullmatch(word) is not None


def checked_id(voice_id: str) -> str:
    """`voice_id` if it can be one. Raises UnknownVoice."""
    if not is_slug(voice_id):
        raise UnknownVoice(
            "There is no voice of that id: ids are small letters, digits, - and _.", param="voice"
        )
    return voice_id


def _checked_file(name: str) -> str:
    if not is_name(name) or name == RECORD:
        raise _no_file()
    return name


def _fill(folder: Path, voice: Voice, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        disk.write(folder / _checked_file(name), data)
    disk.write(folder / RECORD, dumps(voice))


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _taken(voice_id: str) -> Conflict:
    return Conflict(f"There is a voice {voice_id!r} already.", param="voice")


def _no_voice() -> UnknownVoice:
    return UnknownVoice("There is no such voice.", param="voice")


def _no_file() -> UnknownFile:
    return UnknownFile("This voice has no such file.", param="name")
