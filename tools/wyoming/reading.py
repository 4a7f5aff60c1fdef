"""Events as a stranger sends them: the library reads whatever length it is told."""

import asyncio
from typing import TypeVar

from wyoming.event import Event, Eventable, async_read_event

from shared.errors import BodyTooLarge, InvalidRequest

LONGEST = 1 << 20
"""Bytes of the data or the payload of one event; text is all that anybody sends us."""

Kind = TypeVar("Kind", bound=Eventable)
_MALFORMED = (KeyError, TypeError, AttributeError, RecursionError)
"""What the library raises over JSON that is no event."""


class BoundedReader(asyncio.StreamReader):
    """A stream of which nobody can ask for too much at once; a line may have 64 KiB."""

    async def readexactly(self, n: int) -> bytes:
        """Raises BodyTooLarge before a byte is read."""
        if n > LONGEST:
            raise BodyTooLarge(f"An event may bring {LONGEST >> 10} KiB.")
        return await super().readexactly(n)


async def read(reader: asyncio.StreamReader) -> Event | None:
    """The next event; None at the end, or where a line is no JSON.

    Raises InvalidRequest, BodyTooLarge, ConnectionError, IncompleteReadError.
    """
    try:
        return await async_read_event(reader)
    except _MALFORMED as error:
        raise InvalidRequest("What came is no event of Wyoming.") from error


def parsed(kind: type[Kind], event: Event) -> Kind:
    """What an event says. Raises InvalidRequest."""
    try:
        said = kind.from_event(event)
    except _MALFORMED as error:
        raise InvalidRequest(f"The event {event.type} lacks what it is for.") from error
    assert isinstance(said, kind)
    if not isinstance(getattr(said, "text", ""), str | None):
        raise InvalidRequest(f"The text of {event.type} must be a string.", param="text")
    return said
