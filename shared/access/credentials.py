"""The keys that open the service now, those of the settings and those of the ring alike."""

import hmac
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.access.key import Key, digest
from shared.access.ring import KeyRing, Signature
from shared.access.scopes import EVERY, Scope
from shared.errors import ConfigurationError, Unauthorized
from shared.settings import Settings

_LOOK_EVERY = 0.5
"""Seconds between two looks at the ring's file."""
_FINGERPRINT = 12
"""Hexadecimal digits by which a key of the settings is told from another."""
_NEVER: Signature = (0, 0, 0, 0)
_KEYED = "key-"
"""Before the id of whoever came with a key."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Grant:
    """What somebody may do."""

    client: str
    """Who it is, in records and limits: `key-…`, or `address-…` where no key is asked for."""
    scopes: frozenset[Scope] = EVERY
    rate: int | None = None
    """Requests a minute; None: no limit."""
    jobs: int | None = None
    """Jobs at once; None: MAX_CLIENT_JOBS."""


class Credentials:
    """Good keys. The ring is read again when its file has changed.

    Once a key has been seen, one is asked for until the process ends: taking the file away opens
    nothing. A file that can no longer be read leaves the keys as they were.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError for a ring that cannot be read."""
        self._own = {digest(key.get_secret_value()) for key in settings.api_keys}
        self._asked = bool(self._own)
        if ours := settings.run_key.get_secret_value():
            self._own.add(digest(ours))
        self._ring = KeyRing(settings.key_ring)
        self._keys: list[Key] = []
        self._seen: Signature | None = _NEVER
        self._next = 0.0
        self._trouble = ""
        self._read()

    @property
    def any(self) -> bool:
        """Whether there are keys, or were."""
        self._look()
        return self._asked

    def find(self, secret: str) -> Grant:
        """What a key opens. Raises Unauthorized."""
        self._look()
        sent = digest(secret)
        # All are compared, whichever it is: how long it takes tells nothing.
        own = [one for one in self._own if hmac.compare_digest(one, sent)]
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, sent)]
        if own:
            return Grant(_named(sent))
        if not found:
            raise Unauthorized("The API key is missing or wrong.")
        return _grant(found[0])

    def of(self, client: str) -> Grant:
        """What somebody may do who was let in before.

        Raises Unauthorized: a key may have been revoked meanwhile, or be gone with its ring, and
        who came without one may need one by now.
        """
        self._look()
        if found := next((key for key in self._keys if _client(key) == client), None):
            return _grant(found)
        known = any(_named(own) == client for own in self._own)
        if not known and (self._asked or client.startswith(_KEYED)):
            raise Unauthorized("The API key is missing, or it is good no more.")
        return Grant(client)

    def jobs(self, client: str) -> int | None:
        """How many jobs a client may have at once by its key; None: as any other."""
        return self.of(client).jobs

    def _look(self) -> None:
        """Read the ring anew if it has changed, at most twice a second."""
        if time.monotonic() < self._next:
            return
        try:
            self._read()
            self._trouble = ""
        except ConfigurationError as error:
            if error.message != self._trouble:  # else the log would fill up with it
                log.error("The keys stay as they were. %s", error.message)
            self._trouble = error.message

    def _read(self) -> None:
        self._next = time.monotonic() + _LOOK_EVERY
        seen = self._ring.signature()
        if seen == self._seen:
            return
        self._seen = seen  # before it is read: what comes meanwhile has another signature
        self._keys = self._ring.all()
        self._asked = self._asked or bool(self._keys)


def _grant(key: Key) -> Grant:
    state = key.state(datetime.now(UTC))
    if state != "good":
        raise Unauthorized(f"The API key {key.name!r} is {state}.")
    return Grant(_client(key), frozenset(key.scopes), key.rate, key.jobs)


def _client(key: Key) -> str:
    return f"{_KEYED}{key.id}"


def _named(own: str) -> str:
    """Who comes with a key of the settings, of which this is the digest."""
    return f"{_KEYED}{own[:_FINGERPRINT]}"
