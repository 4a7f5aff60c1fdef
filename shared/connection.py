"""Connections to Redis, with the retries that each kind of process needs; what silence means."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeAlias

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry

from shared.errors import ConfigurationError, QueueFull, QueueUnavailable
from shared.settings import Settings

Connection: TypeAlias = Any
"""A `redis.Redis`. Its stubs give every reply as bytes or str or a future of either, so strict
checking would ask for a cast at each call; replies are bytes here, and records validate them."""
AsyncConnection: TypeAlias = Any
"""A `redis.asyncio.Redis`, untyped for the same reason."""

_TRANSIENT: list[type[Exception]] = [
    redis.ConnectionError,
    redis.TimeoutError,
    redis.BusyLoadingError,
]


def check_address(settings: Settings) -> None:
    """Raises ConfigurationError if nobody has said where Redis is."""
    if not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigurationError(
            f"REDIS_URL is {settings.redis_url!r}; it must begin with redis://, rediss:// or unix://.",
            hint="`make run` starts an embedded Redis and sets it.",
        )


def patient(url: str) -> Connection:
    """For a worker: rides out an outage of about a minute before it gives up."""
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=15,
        socket_connect_timeout=5,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.02, cap=1.0), 60),
        retry_on_error=_TRANSIENT,
    )


def prompt(url: str) -> Connection:
    """For the API: answers within a second that Redis is away."""
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=0.6,
        socket_connect_timeout=0.4,
        # A connection that a restart has closed is opened anew; a silence is not waited for twice.
        retry=Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1, (redis.ConnectionError,)),
        max_connections=128,
    )


def listening(url: str) -> AsyncConnection:
    """For the relay's subscription, which waits for as long as nothing is published.

    It is not mended in silence: what was published meanwhile would be missed unnoticed.
    """
    return redis.asyncio.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=5,
        socket_connect_timeout=0.4,
        health_check_interval=15,
        retry=AsyncRetry(NoBackoff(), 0),
    )


def looking(url: str) -> AsyncConnection:
    """For what the API's event loop reads: as `prompt`; at most a few reads wait for their turn."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        protocol=2,
        socket_timeout=0.6,
        socket_connect_timeout=0.4,
        retry=AsyncRetry(
            ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1, (redis.ConnectionError,)
        ),
        max_connections=32,
        timeout=0.6,
    )
    return redis.asyncio.Redis.from_pool(pool)


@contextmanager
def answered() -> Generator[None]:
    """Turn Redis' silence into the error that a client can act on."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise QueueUnavailable("The queue does not answer.", retry_after=2) from error
    except redis.OutOfMemoryError as error:
        raise QueueFull("The queue's memory is used up.", retry_after=10) from error
