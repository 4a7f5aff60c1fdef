"""How many requests a key may send in a minute, counted in Redis for all API processes together."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from api.records import answering
from shared import keys, scripts
from shared.access.credentials import Grant
from shared.connection import AsyncConnection
from shared.errors import RateLimited

_MICROSECONDS = 1e6


@dataclass(frozen=True)
class Standing:
    """How a key stands after a request."""

    limit: int
    """Requests a minute."""
    remaining: int
    """Requests that may follow at once."""
    reset: float
    """Seconds until the whole limit is there again."""
    wait: float
    """Seconds until the request may be sent again; 0 for one that passes."""

    @property
    def headers(self) -> Mapping[str, str]:
        """As clients of other services know them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
        }

    def check(self) -> None:
        """Raises RateLimited."""
        if self.wait:
            raise RateLimited(
                f"This key may send {self.limit} requests a minute.", retry_after=self.wait
            )


class Rates:
    """Counts requests."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._redis = connection

    async def count(self, grant: Grant) -> Standing | None:
        """Count one request; None for who has no limit. Raises QueueUnavailable."""
        if grant.rate is None:
            return None
        async with answering():
            passes, remaining, wait, reset = await scripts.run_async(
                self._redis, "rate", [keys.rate(grant.client)], [grant.rate]
            )
        return Standing(
            limit=grant.rate,
            remaining=remaining,
            reset=reset / _MICROSECONDS,
            wait=0.0 if passes else wait / _MICROSECONDS,
        )
