"""The Wyoming server over TCP, a client of the service."""

import asyncio
import logging
from functools import partial

from wyoming.server import AsyncTcpServer

from shared.binding import LOOPBACK
from shared.client import AsyncClient
from shared.errors import ConfigurationError
from shared.settings import Settings
from tools.wyoming.handler import Handler

log = logging.getLogger(__name__)


def check(settings: Settings) -> None:
    """The protocol knows no keys: whoever reaches the port may speak. Raises ConfigurationError."""
    if settings.wyoming_host not in LOOPBACK and not settings.insecure_bind:
        raise ConfigurationError(
            f"WYOMING_HOST is {settings.wyoming_host}, which others can reach, and Wyoming has no "
            "keys.",
            hint="Set INSECURE_BIND=1 if only your own network reaches it.",
        )


async def serve(settings: Settings, url: str) -> None:
    """Until told to stop."""
    server = AsyncTcpServer(settings.wyoming_host, settings.wyoming_port)
    async with AsyncClient(url, settings.own_key) as client:
        await server.run(partial(Handler, client=client))


def run(settings: Settings, url: str) -> None:
    """Serve, and say where."""
    log.info("Wyoming at tcp://%s:%d.", settings.wyoming_host, settings.wyoming_port)
    asyncio.run(serve(settings, url))
