"""What several wait for, each for something else."""

import asyncio
from collections.abc import Callable


class Bell:
    """Rung whenever something has changed; once it is closed, nobody waits any more."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.closed = False

    async def until(self, reached: Callable[[], bool]) -> None:
        """Come back when it is so, or the bell is closed."""
        while not (self.closed or reached()):
            await self._rung.wait()

    def ring(self) -> None:
        """Let all who wait look again."""
        self._rung.set()
        self._rung.clear()

    def close(self) -> None:
        """Send all home who wait."""
        self.closed = True
        self.ring()
