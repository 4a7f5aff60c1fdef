"""Where checkpoints come from: Hugging Face, a mirror of it, or ModelScope.

What a hub says is untrusted: paths are checked before they touch the disk, and hashes pinned in
the catalogue outrank its own.
"""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    NonNegativeInt,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from shared.checkpoints import record
from shared.checkpoints.catalogue import Released
from shared.checkpoints.fetch import get
from shared.checkpoints.layout import FILE_PATTERN
from shared.checkpoints.record import Sha256
from shared.errors import ConfigurationError, DownloadFailed
from shared.settings import Settings

_WANTED = (".json", ".txt", ".safetensors", ".model")
_PATH = re.compile(FILE_PATTERN)
_MAX_FILES = 200
_MAX_LISTING = 4 << 20
"""Bytes; the listing of a checkpoint has a few thousand."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a repository; the hash is the hub's claim, where it makes one."""

    path: str
    nbytes: int
    sha256: str | None
    url: str


@dataclass(frozen=True)
class Hub:
    """How a hub addresses its listings and files; both are templates behind `base`."""

    base: str
    listing: str
    file: str
    branch: str | None = None
    """Followed instead of the pinned commit, where the hub has commits of its own."""

    @property
    def host(self) -> str:
        """For messages."""
        return urlsplit(self.base).netloc

    def revision(self, checkpoint: Released) -> str:
        """What is asked of this hub."""
        return self.branch or checkpoint.revision

    def url(self, template: str, checkpoint: Released, path: str = "") -> str:
        """The address of the listing or, with `path`, of a file."""
        return self.base + template.format(
            repository=checkpoint.repository, revision=self.revision(checkpoint), path=path
        )


# ModelScope mirrors each repository into a git history of its own: the pinned commits do not
# exist there, so its `master` is taken and the sha256 decide.
HUBS = {
    "huggingface": Hub(
        "https://huggingface.co",
        "/api/models/{repository}/tree/{revision}?recursive=true",
        "/{repository}/resolve/{revision}/{path}",
    ),
    "modelscope": Hub(
        "https://modelscope.cn",
        "/api/v1/models/{repository}/repo/files?Revision={revision}&Recursive=true",
        "/api/v1/models/{repository}/repo?Revision={revision}&FilePath={path}",
        branch="master",
    ),
}


def hub_for(settings: Settings) -> Hub:
    """The hub that `HUB` and `HUB_URL` name. Raises ConfigurationError."""
    hub = HUBS[settings.hub]
    if not settings.hub_url:
        return hub
    url = urlsplit(settings.hub_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise ConfigurationError(
            f"HUB_URL is {settings.hub_url!r}, which is no http or https address of a mirror."
        )
    return replace(hub, base=settings.hub_url.rstrip("/"))


def list_files(client: httpx.Client, hub: Hub, checkpoint: Released) -> list[RemoteFile]:
    """The files that a checkpoint consists of, the smallest first.

    Raises Interrupted, or DownloadFailed when the answer cannot be used.
    """
    body = _read(client, hub.url(hub.listing, checkpoint))
    try:
        answer = _ANSWER.validate_json(body)
    except ValidationError as fault:
        raise DownloadFailed(
            f"{hub.host} answered something else than a list of files of {checkpoint.repository}."
        ) from fault
    items = answer.files if isinstance(answer, _Envelope) else answer
    wanted = [item for item in items if item.is_file and item.path.endswith(_WANTED)]
    _refuse_hostile([item.path for item in wanted], hub, checkpoint)
    files = [
        RemoteFile(item.path, item.nbytes, item.sha256, hub.url(hub.file, checkpoint, item.path))
        for item in wanted
    ]
    return sorted(files, key=lambda file: (file.nbytes, file.path))


class _Item(BaseModel):
    """A file or folder in either hub's listing; large files carry their sha256 on both."""

    path: str = Field(validation_alias=AliasChoices("path", "Path"))
    type: str = Field(validation_alias=AliasChoices("type", "Type"))
    nbytes: NonNegativeInt = Field(default=0, validation_alias=AliasChoices("size", "Size"))
    sha256: Sha256 | None = Field(
        default=None, validation_alias=AliasChoices(AliasPath("lfs", "oid"), "Sha256")
    )

    @field_validator("sha256", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None

    @property
    def is_file(self) -> bool:
        return self.type in ("file", "blob")


class _Envelope(BaseModel):
    """ModelScope's answer."""

    files: list[_Item] = Field(validation_alias=AliasPath("Data", "Files"))


_ANSWER: TypeAdapter[list[_Item] | _Envelope] = TypeAdapter(list[_Item] | _Envelope)


def _read(client: httpx.Client, url: str) -> bytes:
    with get(client, url, {}) as response:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MAX_LISTING:
                raise DownloadFailed(f"{httpx.URL(url).host} sent a list of files without end.")
        return bytes(body)


def _refuse_hostile(paths: list[str], hub: Hub, checkpoint: Released) -> None:
    """Raises DownloadFailed for a path that has no place in a checkpoint."""
    for path in paths:
        if len(path) > 200 or not _PATH.fullmatch(path) or PurePosixPath(path).name == record.NAME:
            raise DownloadFailed(
                f"{hub.host} lists {path[:200]!r} in {checkpoint.repository}: no name for a file "
                "of a checkpoint, so nothing was downloaded."
            )
    if len(paths) > _MAX_FILES or len({path.lower() for path in paths}) < len(paths):
        raise DownloadFailed(
            f"{hub.host} lists {len(paths)} files in {checkpoint.repository}, too many or some "
            "of them twice, so nothing was downloaded."
        )
