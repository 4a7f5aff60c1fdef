"""What was measured once, in a file that the next start reads; it may be deleted at any time."""

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.stores import disk

V = TypeVar("V")

log = logging.getLogger(__name__)


class Kept(Generic[V]):
    """A JSON file of values by name. Nothing depends on it but the time to measure again."""

    def __init__(self, path: Path, values: TypeAdapter[dict[str, V]]) -> None:
        self._path = path
        self._values = values

    def read(self) -> dict[str, V]:
        """What was kept; nothing where the file is not there or not understood."""
        try:
            return self._values.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (ValidationError, OSError) as error:
            log.warning("%s cannot be used, so it is measured anew: %s", self._path, error)
            return {}

    def add(self, name: str, value: V) -> None:
        """Keep one more value beside the others."""
        known = self.read() | {name: value}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.write(self._path, self._values.dump_json(known, indent=2))
        except OSError as error:
            log.warning("What was measured cannot be kept in %s: %s", self._path, error.strerror)
