"""One connection: text comes as a whole or piece by piece, sound goes back as it is made."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Never

from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from shared.client import AsyncClient
from shared.errors import InvalidRequest, SpeechError
from tools.wyoming.catalogue import describe
from tools.wyoming.reading import parsed, read
from tools.wyoming.speech import speak

log = logging.getLogger(__name__)

_SEND = 60.0
"""Seconds after which a client that takes nothing is let go."""
_LINGERING = 2.0
"""Seconds in which a client may read why."""
_BLOCK = 1 << 16
_WAITING = 16
"""Events that may wait; a client that sends more is not read any further."""
_GONE = (asyncio.IncompleteReadError, ConnectionError)


class Connection:
    """Speaks for one client, and listens to it meanwhile.

    When it goes, what it has asked for is cancelled. It is told of a fault, and hung up on: Home
    Assistant looks at no error, and would wait for the end of a sound that never comes.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: AsyncClient
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._client = client
        self._asked: asyncio.Queue[Event] = asyncio.Queue(_WAITING)

    async def hold(self) -> None:
        """Until the client has gone, or something has gone wrong."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._answer())
        except* _GONE:
            pass
        except* SpeechError as errors:
            for error in errors.exceptions[:1]:
                assert isinstance(error, SpeechError)
                await self._explain(error.message, error.code)
        finally:
            self._writer.close()

    async def refuse(self) -> None:
        """There is no room for this client."""
        await self._explain("Too many clients are connected.", "too_many_connections")
        self._writer.close()

    async def _explain(self, message: str, code: str) -> None:
        """Say why nothing follows, and let the client read it: the system would throw that away
        with what the client has sent and nobody has read."""
        log.info("A client was let go: %s", message)
        with suppress(OSError, EOFError, TimeoutError):
            await self._write(Error(message, code).event())
            self._writer.write_eof()
            async with asyncio.timeout(_LINGERING):
                while await self._reader.read(_BLOCK):
                    continue

    async def _write(self, event: Event) -> None:
        """Raises ConnectionError for one who has gone, or takes nothing."""
        try:
            async with asyncio.timeout(_SEND):
                await async_write_event(event, self._writer)
        except TimeoutError as error:
            self._writer.transport.abort()
            raise ConnectionAbortedError("The client takes nothing.") from error

    # --- what the client says ---

    async def _listen(self) -> Never:
        while (event := await read(self._reader)) is not None:
            if Describe.is_type(event.type):
                await self._write((await describe(self._client)).event())
            elif Ping.is_type(event.type):
                await self._write(Pong(parsed(Ping, event).text).event())
            else:
                await self._asked.put(event)
        raise ConnectionResetError("The client has gone.")

    async def _answer(self) -> Never:
        while True:
            event = await self._asked.get()
            if SynthesizeStart.is_type(event.type):
                await self._speak(parsed(SynthesizeStart, event).voice, self._pieces())
                await self._write(SynthesizeStopped().event())
            elif Synthesize.is_type(event.type):
                whole = parsed(Synthesize, event)
                await self._speak(whole.voice, _alone(whole.text))

    async def _speak(self, voice: SynthesizeVoice | None, pieces: AsyncIterator[str]) -> None:
        await speak(self._client, voice, pieces, self._write)

    async def _pieces(self) -> AsyncIterator[str]:
        """Until `synthesize-stop`; what repeats them, for servers that know no pieces, is not
        said. Raises InvalidRequest."""
        while not SynthesizeStop.is_type((event := await self._asked.get()).type):
            if SynthesizeChunk.is_type(event.type):
                yield parsed(SynthesizeChunk, event).text
            elif SynthesizeStart.is_type(event.type):
                raise InvalidRequest("The text before has not been stopped.")


async def _alone(text: str) -> AsyncIterator[str]:
    yield text
