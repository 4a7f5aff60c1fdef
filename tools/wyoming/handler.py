"""One connection: text comes as a whole or piece by piece, sound goes back as it is made."""

import asyncio
import logging

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from shared.client import AsyncClient
from shared.errors import SpeechError
from tools.wyoming.bounds import BoundedReader
from tools.wyoming.catalogue import describe
from tools.wyoming.speech import Speech

log = logging.getLogger(__name__)

_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)
"""What the library raises over JSON that is no event."""
_GONE = (asyncio.IncompleteReadError, ConnectionError)


class Handler(AsyncEventHandler):
    """Speaks for one client; when it goes, what it has asked for is cancelled."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: AsyncClient
    ) -> None:
        super().__init__(BoundedReader(reader), writer)
        self._client = client
        self._speech: Speech | None = None

    async def run(self) -> None:
        try:
            await super().run()
        except _GONE:
            return
        except SpeechError as error:
            log.warning("A client was let go: %s", error.message)
        except _MALFORMED:
            log.warning("A client was let go: it sent what is no event.")

    async def handle_event(self, event: Event) -> bool:
        try:
            await self._take(event)
        except SpeechError as error:
            await self._drop()
            await self.write_event(Error(error.message, error.code).event())
        return True

    async def disconnect(self) -> None:
        await self._drop()

    async def _take(self, event: Event) -> None:
        match event.type:
            case kind if Describe.is_type(kind):
                await self.write_event((await describe(self._client)).event())
            case kind if Ping.is_type(kind):
                await self.write_event(Pong(Ping.from_event(event).text).event())
            case kind if SynthesizeStart.is_type(kind):
                await self._begin(SynthesizeStart.from_event(event).voice)
            case kind if SynthesizeChunk.is_type(kind) and self._speech:
                await self._speech.say(SynthesizeChunk.from_event(event).text)
            case kind if SynthesizeStop.is_type(kind) and self._speech:
                await self._end()
                await self.write_event(SynthesizeStopped().event())
            case kind if Synthesize.is_type(kind) and not self._speech:
                # Between start and stop it repeats the text for servers that know no pieces.
                whole = Synthesize.from_event(event)
                speech = await self._begin(whole.voice)
                await speech.say(whole.text)
                await self._end()
            case _:
                log.debug("An event of the type %r is not for us.", event.type)

    async def _begin(self, voice: SynthesizeVoice | None) -> Speech:
        await self._drop()
        self._speech = await Speech.begin(self._client, voice, self.write_event)
        return self._speech

    async def _end(self) -> None:
        """Until the last of the sound; whatever became of it, it is over then."""
        if self._speech:
            try:
                await self._speech.end()
            finally:
                await self._drop()

    async def _drop(self) -> None:
        if speech := self._speech:
            self._speech = None
            await speech.close()
