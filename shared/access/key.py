"""One API key: what is kept of it, and what it is good for."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.access.scopes import Scope
from shared.errors import Conflict

PREFIX = "qtts_"
"""So that people and scanners for leaked secrets know a key when they see one."""
_SECRET_BYTES = 32
_NAME = re.compile(r"[\w.@ -]{1,64}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name != name.strip():
        raise ValueError("a name has 1 to 64 letters, digits, spaces and . @ _ -")
    return name


Name = Annotated[str, AfterValidator(_checked_name)]
"""What a person calls a key."""


class Key(BaseModel):
    """What is kept of a key; the key itself is shown once and kept nowhere."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    """Names it in logs and records; stays when the key is rotated."""
    name: Name
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the key. It is 256 random bits, which nobody finds by trying: a slow, salted hash is for
    what people think up, and would cost its time at every request."""
    scopes: Annotated[list[Scope], Field(min_length=1)]
    created: datetime
    expires: datetime | None = None
    rate: int | None = Field(default=None, ge=1, le=1_000_000)
    """Requests a minute; None: no limit."""
    jobs: int | None = Field(default=None, ge=1)
    """Jobs that it may have waiting, running or paused, in place of MAX_CLIENT_JOBS."""
    disabled: bool = False

    @classmethod
    def draw(cls, name: str, scopes: list[Scope], **limits: object) -> tuple[Self, str]:
        """A new key, and the secret that stands for it."""
        secret = _draw()
        now = datetime.now(UTC).replace(microsecond=0)
        record = {"name": name, "scopes": scopes, "created": now, **limits}
        key = cls.model_validate({"id": secrets.token_hex(4), "sha256": digest(secret), **record})
        return key, secret

    def redrawn(self) -> tuple[Self, str]:
        """The same key with another secret; the old one is good for nothing from then on.

        Raises Conflict for a key that no secret would make good.
        """
        state = self.state(datetime.now(UTC))
        if state != "good":
            raise Conflict(f"The key {self.name!r} is {state}.", hint="Create a new one.")
        secret = _draw()
        return self.model_copy(update={"sha256": digest(secret)}), secret

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and now >= self.expires

    def state(self, now: datetime) -> str:
        """`good`, `expired` or `revoked`."""
        if self.disabled:
            return "revoked"
        return "expired" if self.expired(now) else "good"


def digest(secret: str) -> str:
    """What is kept of a secret, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _draw() -> str:
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
