"""What one event of a stranger may bring: the library reads whatever length it is told."""

import asyncio

from shared.errors import BodyTooLarge

LONGEST = 1 << 20
"""Bytes of the data or the payload of one event; text is all that anybody sends us."""


class BoundedReader(asyncio.StreamReader):
    """Another reader's bytes, of which nobody can ask for too many at once."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self._reader = reader

    async def readline(self) -> bytes:
        """A line of at most 64 KiB, the limit of asyncio's streams. Raises ValueError."""
        return await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        """Raises BodyTooLarge before a byte is read."""
        if n > LONGEST:
            raise BodyTooLarge(f"An event may bring {LONGEST >> 10} KiB.")
        return await self._reader.readexactly(n)

    def feed_eof(self) -> None:
        self._reader.feed_eof()
