"""The keys of `qtts keys` at rest: one small file that every API process reads."""

import json
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.access.key import Key
from shared.errors import ConfigurationError, Conflict, UnknownKey

_PATIENCE = 10.0
"""Seconds to wait for another command that changes the file."""
_OWNER_ALONE = 0o600

Signature = tuple[int, int, int, int]
"""Times of the last writing and of the last change, size and inode: a file that was replaced, or
whose owner or mode is another, differs in one of them."""


class _Ring(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    keys: list[Key] = []


class KeyRing:
    """Keys in a file; what cannot be read raises ConfigurationError, which names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def signature(self) -> Signature | None:
        """By which a change is seen; None where there is no file."""
        with self._explained("read"):
            try:
                found = self.path.stat()
            except FileNotFoundError:
                return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def all(self) -> list[Key]:
        """All keys, revoked and expired ones too, the oldest first."""
        with self._explained("read"):
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return []
        try:
            return _Ring.model_validate(json.loads(content)).keys
        except (ValidationError, ValueError):
            # What pydantic says would hold parts of the file.
            raise ConfigurationError(
                f"The key ring {self.path} is damaged, or another version has written it.",
                hint="Restore it from a backup, or move it away and create the keys anew.",
            ) from None

    def find(self, word: str) -> Key:
        """The key of that id or name. Raises UnknownKey."""
        return _named(self.all(), word)

    def add(self, key: Key) -> None:
        """Put a key on the ring. Raises Conflict for a name that a key has which is not revoked."""

        def added(keys: list[Key]) -> list[Key]:
            if any(key.name == other.name and not other.disabled for other in keys):
                raise Conflict(
                    f"There is a key {key.name!r} already.",
                    param="name",
                    hint="Choose another name, or rotate or revoke that key.",
                )
            return [*keys, key]

        self._change(added)

    def change(self, word: str, change: Callable[[Key], Key]) -> Key:
        """Put what `change` makes of a key in its place. Raises UnknownKey."""
        changed: list[Key] = []

        def replaced(keys: list[Key]) -> list[Key]:
            old = _named(keys, word)
            changed.append(change(old))
            return [changed[0] if key is old else key for key in keys]

        self._change(replaced)
        return changed[0]

    def _change(self, change: Callable[[list[Key]], list[Key]]) -> None:
        with self._explained("written"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=_PATIENCE):
                ring = _Ring(keys=change(self.all()))
                _replace(self.path, ring.model_dump_json(indent=1).encode())

    @contextmanager
    def _explained(self, done: str) -> Generator[None]:
        try:
            yield
        except Timeout as error:
            raise ConfigurationError(f"Another process is changing {self.path}.") from error
        except OSError as error:
            raise ConfigurationError(
                f"The key ring {self.path} cannot be {done}: {error.strerror}.",
                hint="It belongs to whoever made it: use the same user, or set KEYS_FILE.",
            ) from error


def _named(keys: Sequence[Key], word: str) -> Key:
    """By id, or by name; of several that had the name, the one that is not revoked."""
    found = [key for key in keys if key.id == word] or [key for key in keys if key.name == word]
    if not found:
        raise UnknownKey(f"There is no key {word!r}.", param="name")
    return min(reversed(found), key=lambda key: key.disabled)


def _replace(path: Path, content: bytes) -> None:
    """Replace a file in one step by one that its owner alone can read."""
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
