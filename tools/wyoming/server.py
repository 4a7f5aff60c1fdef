"""The Wyoming server over TCP, a client of the service."""

import asyncio
import logging
import signal
import socket
from contextlib import suppress

from shared.binding import LOOPBACK
from shared.client import AsyncClient
from shared.errors import ConfigurationError
from shared.settings import Settings
from tools.wyoming.connection import Connection
from tools.wyoming.reading import BoundedReader

log = logging.getLogger(__name__)

_MOST = 32
"""Connections at once; Home Assistant opens one for each text."""


def check(settings: Settings) -> None:
    """The protocol knows no keys: whoever reaches the port may speak. Raises ConfigurationError."""
    if not settings.wyoming_port:
        raise ConfigurationError("WYOMING_PORT is not set.", hint="It is usually 10200.")
    if settings.wyoming_host not in LOOPBACK and not settings.insecure_bind:
        raise ConfigurationError(
            f"WYOMING_HOST is {settings.wyoming_host}, which others can reach, and Wyoming has no "
            "keys.",
            hint="Set INSECURE_BIND=1 if only your own network reaches it.",
        )


def run(settings: Settings, url: str) -> None:
    """Serve until told to stop. Raises ConfigurationError where the port is not to be had."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, url))


async def serve(settings: Settings, url: str) -> None:
    """Until cancelled. Raises as `run`."""
    async with AsyncClient(url, settings.api_key.get_secret_value()) as client:
        doors = _Doors(client)
        try:
            server = await asyncio.get_running_loop().create_server(
                doors.protocol, settings.wyoming_host, settings.wyoming_port
            )
        except OSError as error:
            raise ConfigurationError(f"Nobody can listen there: {error.strerror}.") from error
        log.info("Wyoming at tcp://%s:%d.", settings.wyoming_host, settings.wyoming_port)
        try:
            async with server:
                await server.serve_forever()
        finally:
            await doors.close()


class _Doors:
    """Who is connected."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._inside: set[asyncio.Task[None]] = set()

    def protocol(self) -> asyncio.StreamReaderProtocol:
        """As `asyncio.start_server` makes it, with a reader of ours."""
        return asyncio.StreamReaderProtocol(BoundedReader(), self._let_in)

    async def close(self) -> None:
        """Hang up."""
        for task in self._inside:
            task.cancel()
        if self._inside:
            await asyncio.wait(self._inside)

    def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # One who vanishes without a word is noticed some time.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = Connection(reader, writer, self._client)
        room = len(self._inside) < _MOST
        task = asyncio.create_task(connection.hold() if room else connection.refuse())
        self._inside.add(task)
        task.add_done_callback(self._inside.discard)
