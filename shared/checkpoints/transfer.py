"""One file from a hub to the disk: resumed where it stopped, verified before it counts."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from shared.checkpoints.fetch import Interrupted, Patience, get, persist
from shared.checkpoints.hub import RemoteFile
from shared.checkpoints.progress import Meter
from shared.checkpoints.record import digest
from shared.errors import DownloadFailed

PART = ".part"
"""Ending of a file that is not complete yet."""
_ETAG = ".etag"
"""Ending of the note that says which version of an unhashed file the part belongs to."""


@dataclass(frozen=True)
class Expectation:
    """The sha256 that a file must have, and who says so."""

    sha256: str
    source: str


@dataclass(frozen=True)
class Transfer:
    """What all files of one pull share."""

    client: httpx.Client
    host: str
    meter: Meter
    patience: Patience

    def bring(self, file: RemoteFile, target: Path, expected: Expectation | None) -> str:
        """Make `target` that file and return its sha256; one that is right already stays.

        Raises DownloadFailed when it cannot be had, or is not what it must be.
        """
        sha256 = self._keep(file, target, expected) or self._download(file, target, expected)
        self.meter.finish(file.path, file.nbytes)
        return sha256

    def _keep(self, file: RemoteFile, target: Path, expected: Expectation | None) -> str | None:
        """The sha256 of a complete and right `target`; anything else at its place goes."""
        if _size(target) == file.nbytes and target.is_file():
            sha256 = digest(target, lambda position: self._look(file, position))
            if expected is None or sha256 == expected.sha256:
                return sha256
        target.unlink(missing_ok=True)
        return None

    def _download(self, file: RemoteFile, target: Path, expected: Expectation | None) -> str:
        part = target.with_name(target.name + PART)
        target.parent.mkdir(parents=True, exist_ok=True)
        persist(
            lambda: self._attempt(file, part, expected is not None),
            self.host,
            self.patience,
            lambda: _size(part),
        )
        sha256 = digest(part, lambda _: self.patience.check())
        part.with_suffix(_ETAG).unlink(missing_ok=True)
        if expected and sha256 != expected.sha256:
            part.unlink()
            raise DownloadFailed(
                f"{file.path} from {self.host} has sha256 {sha256}, but {expected.source} "
                f"{expected.sha256}; the file was deleted."
            )
        part.replace(target)
        return sha256

    def _attempt(self, file: RemoteFile, part: Path, hashed: bool) -> None:
        """One request for what is missing. Raises Interrupted when it ends too early."""
        etag = part.with_suffix(_ETAG)
        headers = _resumption(part, etag, file.nbytes, hashed)
        if _size(part) == file.nbytes:
            part.touch()
            return
        with get(self.client, file.url, headers) as response:
            offset = _offset(response, part, file.nbytes)
            if offset == 0:
                etag.write_text(response.headers.get("etag", ""), encoding="utf-8")
            self._receive(response, file, part, offset)

    def _receive(self, response: httpx.Response, file: RemoteFile, part: Path, offset: int) -> None:
        with part.open("r+b" if offset else "wb") as out:
            out.seek(offset)
            for piece in response.iter_raw():
                self.patience.check()
                offset += len(piece)
                if offset > file.nbytes:
                    break
                out.write(piece)
                self.meter.move(file.path, offset, len(piece))
        if offset > file.nbytes:
            part.unlink()
            raise DownloadFailed(f"{self.host} sends more of {file.path} than it lists.")
        if offset < file.nbytes:
            raise Interrupted(f"sent only {offset} of {file.nbytes} bytes of {file.path}")

    def _look(self, file: RemoteFile, position: int) -> None:
        self.patience.check()
        self.meter.move(file.path, position, 0)


def _resumption(part: Path, etag: Path, nbytes: int, hashed: bool) -> dict[str, str]:
    """Headers that continue a part; one that nothing could vouch for is dropped.

    With a hash to check the whole by, a changed ETag (another edge of a CDN) is no reason to
    begin anew; without one, only the server can say whether the rest still fits (RFC 9110, 13.1.5).
    """
    version = etag.read_text(encoding="utf-8") if etag.is_file() else ""
    strong = version.startswith('"')
    if not 0 < _size(part) <= nbytes or not (hashed or strong):
        part.unlink(missing_ok=True)
        return {}
    wanted = {"Range": f"bytes={_size(part)}-"}
    return wanted if hashed else wanted | {"If-Range": version}


def _offset(response: httpx.Response, part: Path, nbytes: int) -> int:
    """Where the body begins. Raises Interrupted for a range that was not asked for."""
    if response.status_code == HTTPStatus.OK:
        return 0
    offset = _size(part)
    if response.headers.get("content-range") != f"bytes {offset}-{nbytes - 1}/{nbytes}":
        part.unlink(missing_ok=True)
        raise Interrupted(f"answered {response.status_code} with a range that does not fit")
    return offset


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
