"""Files that were sent for requests: what any backend must be able to do, and uploads as folders.

An upload is known by its content: its id is the sha256 of its canonical form, so the same sound
sent twice is one upload.
"""

import hashlib
import math
import os
import re
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import RecordDamaged, UnknownUpload
from shared.jobs import moment
from shared.requests.declared import UploadKind
from shared.settings import Settings
from shared.stores import disk

_EXTENSIONS: dict[UploadKind, str] = {
    "reference": ".wav",
    "audio": ".wav",
    "codes": ".npz",
    "document": ".document",
    "plan": ".plan",
    "cover": ".picture",
}
KINDS: tuple[UploadKind, ...] = get_args(UploadKind)
WORDS: tuple[UploadKind, ...] = ("document", "plan")
"""The kinds that are nothing but text."""
_FACTS = ".json"
"""Written last, so an upload that has its facts is complete."""
_ID = re.compile(r"[0-9a-f]{64}")


class UploadFacts(BaseModel):
    """What is known of a file besides its content."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    seconds: float = 0.0
    """How long it sounds; of a plan, how long it will, about."""
    rate: int = 0
    """Samples per second of what was sent; it is kept at 24 kHz, or as codes."""
    channels: int = 0
    """Channels of what was sent; it is kept as one."""
    level: float | None = None
    """Of a recording to be cloned: dBFS of its speech, without the pauses."""
    peak: float | None = None
    """Of the same: dBFS of its highest sample."""
    clipped: float | None = None
    """Of the same: share of its samples that are cut off at full scale."""
    codec: str = ""
    """What it was sent as, in FFmpeg's words; for codes, the codec that they are of."""
    warnings: list[str] = []
    """What will make it sound worse than it could."""
    name: str = ""
    """Of a document: what its file was called."""
    media: str = ""
    """Of a document or picture: what it is, such as `epub` or `png`."""
    task: str = ""
    """Of a plan: the pipeline that it is for."""
    voices: list[str] = []
    """Of a plan: the ids of all voices that speak in it."""


class Upload(UploadFacts):
    """A file that was sent, checked and kept for a while."""

    id: str
    """What stands in a request for the file: the sha256 of what is kept."""
    kind: UploadKind
    """What it was checked as."""
    bytes: int
    created_at: datetime
    expires_at: datetime | None = None
    """When it may be deleted, unless it is used or sent again before."""


class UploadStore(Protocol):
    """Uploads by kind and id; nothing half-written can be seen.

    Every method raises UnknownUpload for what is not there, and StoreUnavailable where the medium
    refuses.
    """

    def put(self, kind: UploadKind, data: bytes, facts: UploadFacts) -> Upload:
        """Keep a file in canonical form; one that is there already is young again."""
        ...

    def get(self, kind: UploadKind, upload_id: str) -> Upload:
        """Raises RecordDamaged."""
        ...

    def read(self, kind: UploadKind, upload_id: str) -> bytes: ...

    def holds(self, kind: UploadKind, upload_id: str) -> bool:
        """Whether a file is there: what a refused request brought may go, if it was not before."""
        ...

    def touch(self, kind: UploadKind, upload_id: str) -> None:
        """Make a file young again."""
        ...

    def discard(self, kind: UploadKind, upload_id: str) -> None:
        """Delete a file at once; one that is not there is no fault."""
        ...

    def purge(
        self,
        before: float,
        keep: Collection[str],
        most: int | None = None,
        kinds: Collection[UploadKind] = KINDS,
    ) -> int:
        """Delete what was last sent or touched before that time, in Unix seconds; how many.

        Where the rest has more than `most` bytes, the oldest go too. What is in `keep`, or of
        another kind, stays.
        """
        ...


class FolderUploads:
    """The folder backend of `UploadStore`: `<root>/<kind>/<id>.<extension>`, facts beside it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = disk.lock(root)

    def put(self, kind: UploadKind, data: bytes, facts: UploadFacts) -> Upload:
        upload = Upload(
            **vars(facts),
            id=content_id(data),
            kind=kind,
            bytes=len(data),
            created_at=moment(time.time()),
        )
        content = self._content(kind, upload.id)
        with disk.alone(self._lock), disk.explained(self._root, disk.unmade(content.parent)):
            content.parent.mkdir(parents=True, exist_ok=True)
            disk.write(content, data)
            disk.write(content.with_suffix(_FACTS), upload.model_dump_json(indent=1).encode())
        return upload

    def get(self, kind: UploadKind, upload_id: str) -> Upload:
        path = self._facts(kind, upload_id)
        with self._explained():
            text = path.read_bytes()
        try:
            return Upload.model_validate_json(text)
        except ValidationError as error:
            raise RecordDamaged(f"{kind}/{path.name} cannot be understood.") from error

    def read(self, kind: UploadKind, upload_id: str) -> bytes:
        path = self._content(kind, upload_id)
        with self._explained():
            return path.read_bytes()

    def holds(self, kind: UploadKind, upload_id: str) -> bool:
        path = self._facts(kind, upload_id)
        with self._explained():
            return path.is_file()

    def touch(self, kind: UploadKind, upload_id: str) -> None:
        path = self._facts(kind, upload_id)
        with disk.alone(self._lock), self._explained():
            os.utime(path)

    def discard(self, kind: UploadKind, upload_id: str) -> None:
        path = self._facts(kind, upload_id)
        with disk.alone(self._lock), self._explained():
            _delete(path)

    def purge(
        self,
        before: float,
        keep: Collection[str],
        most: int | None = None,
        kinds: Collection[UploadKind] = KINDS,
    ) -> int:
        with self._explained():
            purged = self._purge(before, keep, kinds)
            return purged if most is None else purged + self._shrink(most, keep)

    def _purge(self, before: float, keep: Collection[str], kinds: Collection[UploadKind]) -> int:
        purged = 0
        for path in self._found(kinds):
            if path.stem not in keep and _changed(path) < before:
                with disk.alone(self._lock):  # for each anew, so that nobody waits for all
                    if _changed(path) < before:
                        purged += _delete(path)
        return purged

    def _shrink(self, most: int, keep: Collection[str]) -> int:
        """Delete the oldest until the files have `most` bytes at most."""
        ages = {path: _changed(path) for path in self._found() if path.suffix == _FACTS}
        total = sum(map(_size, ages))
        purged = 0
        for path in sorted(ages, key=ages.__getitem__):
            if total <= most:
                break
            if path.stem not in keep:
                with disk.alone(self._lock):
                    if _changed(path) == ages[path]:
                        total -= _size(path)
                        purged += _delete(path)
        return purged

    def _found(self, kinds: Collection[UploadKind] = KINDS) -> list[Path]:
        """All that lies there, what a crash left behind too; facts before their content."""
        found: list[Path] = []
        for kind in kinds:
            with suppress(FileNotFoundError):
                found += (self._root / kind).iterdir()
        return sorted(found, key=lambda path: path.suffix != _FACTS)

    def _content(self, kind: UploadKind, upload_id: str) -> Path:
        return self._root / kind / f"{_checked(upload_id)}{_EXTENSIONS[kind]}"

    def _facts(self, kind: UploadKind, upload_id: str) -> Path:
        return self._content(kind, upload_id).with_suffix(_FACTS)

    def _explained(self) -> AbstractContextManager[None]:
        return disk.explained(self._root, _missing())


def folder(settings: Settings) -> Path:
    """Where the uploads of a service lie."""
    return settings.outputs_dir / ".uploads"


def room(settings: Settings) -> int:
    """Bytes that the uploads of a service may take together: 32 of the largest."""
    return 32 * (settings.max_upload_mb << 20)


def content_id(data: bytes) -> str:
    """The id of a file by its content in canonical form."""
    return hashlib.sha256(data).hexdigest()


def _parts(path: Path) -> list[Path]:
    """A file and what belongs to it, its facts first: what has none is not there."""
    return [path.with_suffix(_FACTS), *map(path.with_suffix, set(_EXTENSIONS.values())), path]


def _changed(path: Path) -> float:
    """When a file was last sent or touched: content is as old as its facts; gone: never old."""
    for part in (path.with_suffix(_FACTS), path):
        with suppress(FileNotFoundError):
            return part.stat().st_mtime
    return math.inf


def _size(path: Path) -> int:
    size = 0
    for part in set(_parts(path)):
        with suppress(FileNotFoundError):
            size += part.stat().st_size
    return size


def _delete(path: Path) -> bool:
    """Delete a file with its facts; whether it had any."""
    had_facts = path.with_suffix(_FACTS).exists()
    for part in _parts(path):
        part.unlink(missing_ok=True)
    return had_facts


def _checked(upload_id: str) -> str:
    """`upload_id` if it can be one: nothing else reaches a path."""
    if not _ID.fullmatch(upload_id):
        raise _missing()
    return upload_id


def _missing() -> UnknownUpload:
    return UnknownUpload(
        "There is no file of that id; files are kept for a while only.", param="id"
    )
