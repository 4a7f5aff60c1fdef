"""The outbox: what is still to be told, in Redis, where any API process takes it from.

The step that ends a job puts its record in (`transition`), so nobody's death loses a message. Who
claims one has it for a while; if nothing is heard of it, somebody else tells the receiver again.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from shared import keys, scripts
from shared.connection import Connection
from shared.settings import Settings
from shared.webhooks.webhook import Delivery

CLAIMED = 60.0
"""Seconds after which a claimed message is anybody's again; an attempt takes far less."""
_OF_ONE_HOST = 2
"""Told at once by one process, so that a slow host leaves room for others."""
_LOOKED_AT = 2_000
"""Due messages among which one for a host with room is sought."""
_SCATTER = 0.2
"""Share by which a wait may be longer, so that what failed together does not return together."""
_AFTERLIFE = 86_400
"""Seconds beyond its last attempt that a record with a webhook stays."""
_LONGEST_ERROR = 200


@dataclass(frozen=True)
class Claim:
    """A message in the hands of one process."""

    record: str
    """The key of the record that has the webhook."""
    attempt: int
    """From 1."""


@dataclass(frozen=True)
class Counts:
    """How much there is to tell."""

    pending: int
    failed: int
    """Given up within the time that records are kept."""


class Outbox:
    """Messages that are to be delivered; every method may raise redis.RedisError."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._redis = connection
        self._waits = settings.webhook_retries
        self._keep = settings.job_keep_seconds

    def claim(self, most: int, busy: Sequence[str] = ()) -> list[Claim]:
        """What is due, of hosts that are not `busy`: told already, each as often as it is named."""
        now = time.time()
        limits = [most, _OF_ONE_HOST, _LOOKED_AT]
        found = scripts.run(
            self._redis, "claim", [keys.WEBHOOKS], [now, now + CLAIMED, *limits, *busy]
        )
        pairs = zip(found[::2], found[1::2], strict=True)
        return [Claim(record.decode(), int(attempt)) for record, attempt in pairs]

    def delivered(self, claim: Claim) -> None:
        """The receiver has taken it."""
        self._settle(claim, "delivered", "", time.time())

    def failed(self, claim: Claim, why: str) -> None:
        """The receiver has not taken it: it is told again later, as often as it may be."""
        if claim.attempt > len(self._waits):
            self.give_up(claim, why)
            return
        wait = self._waits[claim.attempt - 1] * random.uniform(1, 1 + _SCATTER)
        self._settle(claim, "pending", why, time.time() + wait)

    def give_up(self, claim: Claim, why: str) -> None:
        """It is not told again."""
        self._settle(claim, "failed", why, time.time())

    def counts(self) -> Counts:
        """How many messages wait, and how many were given up."""
        since = time.time() - self._keep
        return Counts(
            self._redis.zcard(keys.WEBHOOKS),
            self._redis.zcount(keys.WEBHOOKS_FAILED, since, "+inf"),
        )

    def _settle(self, claim: Claim, state: Delivery, why: str, when: float) -> None:
        scripts.run(
            self._redis,
            "settle",
            [claim.record, keys.WEBHOOKS, keys.WEBHOOKS_FAILED],
            [
                claim.attempt,
                state,
                why[:_LONGEST_ERROR],
                when,
                self._keep,
                time.time() - self._keep,
            ],
        )


def keeping(settings: Settings) -> int:
    """Seconds that a record with a webhook stays: until the last attempt, and a while."""
    until_last = sum(settings.webhook_retries) * (1 + _SCATTER)
    return max(settings.job_keep_seconds, int(until_last) + _AFTERLIFE)
