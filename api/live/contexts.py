"""`multi-stream-input`: ElevenLabs' WebSocket for several utterances, each a session of ours."""

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Never

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.deps import Context as Service
from api.deps import Here
from api.errors import answer
from api.live.elevenlabs import Translation, opened
from api.live.events import Idled
from api.live.manner import Manner
from api.live.session import Session
from api.live.wire import Wire, converse, explained
from api.stopping import stop
from shared.dialects import elevenlabs, voices
from shared.dialects.contexts import MOST, Message, Opening, Sounding
from shared.dialects.elevenlabs import FINAL
from shared.errors import InvalidRequest, SpeechError, TooManyContexts
from shared.requests.declared import MAX_SEED

router = APIRouter(prefix="/v1/text-to-speech", tags=["live"])

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


@router.websocket("/{voice_id}/multi-stream-input")
async def multi_stream_input(socket: WebSocket, voice_id: str, here: Here) -> None:
    """A client of `multi-stream-input`.

    What is wrong with the address is said before there is a socket: a client that is told by a
    message, before it has sent any itself, may wait for the end of its first text for ever.
    """
    try:
        asked = opened(Opening, dict(socket.query_params))
        manner = await run_in_threadpool(_manner, here, voice_id, asked)
        sender = Sender(socket.state.client)
        session = partial(Session, here, sender, manner, asked.inactivity_timeout)
        await run_in_threadpool(session)
    except SpeechError as error:
        await socket.send_denial_response(answer(error))
        return
    await socket.accept()
    wire = Wire(socket)
    async with explained(wire, elevenlabs.Fault.of):
        await _Conversation(wire, asked, session).hold()


def _manner(here: Service, voice_id: str, asked: Opening) -> Manner:
    """How all contexts speak, with one seed: an answer sounds like the one before.

    Raises UnknownVoice, InvalidRequest.
    """
    chosen = voices.choose(here.library, voice_id, "voice_id")
    fields = asked.fields()
    if fields["seed"] is None:
        fields["seed"] = random.randint(0, MAX_SEED)
    return Manner(chosen.task, {**chosen.fields, **fields})


class _Context:
    """One of them: its texts are one utterance."""

    def __init__(self, name: str, session: Session, asked: Opening, speed: float) -> None:
        self.name = name
        self.open = True
        """Whether it takes text."""
        self.over = False
        """Whether all of it has been heard."""
        self._session = session
        self._speed = speed
        self._whole = asked.auto_mode
        self._telling = Translation(asked, speed)
        self._flushed = False
        """Whether all its text is to be heard, even if it closes now."""

    async def obey(self, message: Message) -> None:
        """Raises InvalidRequest, TextTooLong."""
        if message.voice_settings and message.speed != self._speed:
            raise InvalidRequest(
                "The speed of a context is that of its first message.",
                param="voice_settings.speed",
            )
        # Without any text it is kept alive.
        await self._session.append(message.text)
        self._flushed = self._flushed and not message.text.strip()
        if message.flush or (self._whole and message.ends_sentence):
            await self._session.flush()
        self._flushed = self._flushed or message.flush

    async def close(self) -> None:
        """Take no more text.

        Somebody who closes in the middle of it, or for the second time, has been interrupted.
        """
        if not (self.open and self._flushed):
            await self._session.cancel()
        self.open = False
        await self._session.finish()

    async def tell(self, wire: Wire) -> None:
        """Everything, until nothing more is to be heard of it. Raises what has ended it."""
        try:
            async with aclosing(self._session.events()) as events:
                async for event in events:
                    if not isinstance(event, Idled):
                        await self._say(wire, *self._telling.told(event))
            self.open, self.over = False, True
            await self._say(wire, FINAL)
        finally:
            await self._session.close()

    async def _say(self, wire: Wire, *soundings: elevenlabs.Sounding) -> None:
        await wire.say(*(Sounding.of(sounding, self.name) for sounding in soundings))


class _Conversation:
    """One client, and the contexts of which it has not heard all."""

    def __init__(self, wire: Wire, asked: Opening, session: Callable[[], Session]) -> None:
        self._wire = wire
        self._asked = asked
        self._session = session
        self._contexts: dict[asyncio.Task[None], _Context] = {}
        self._stirred = asyncio.Event()
        """Something was said, or a context has ended."""
        self._closing = False

    async def hold(self) -> None:
        """Until the client closes the socket, has gone, or leaves it unused."""
        try:
            await converse(self._listen(), self._attend())
        finally:
            await stop(*self._contexts)

    async def _attend(self) -> None:
        """Wait for the ends of contexts. Raises what has ended one of them."""
        while self._contexts or not self._closing:
            self._stirred.clear()
            patience = None if self._contexts else self._asked.inactivity_timeout
            try:
                async with asyncio.timeout(patience):
                    await self._stirred.wait()
            except TimeoutError:
                return
            for task in [task for task in self._contexts if task.done()]:
                del self._contexts[task]
                task.result()

    async def _listen(self) -> Never:
        while True:
            message = await self._wire.receive(_MESSAGES)
            self._stirred.set()
            if not self._closing:
                await self._obey(message)

    async def _obey(self, message: Message) -> None:
        """Of a context that is not there, only text is heeded: it opens one."""
        if message.close_socket:
            self._closing = True
            for context in self._heard:
                if context.open:
                    await context.close()
            return
        context = self._named(message.context)
        if message.ends:
            if context:
                await context.close()
        elif context and context.open:
            await context.obey(message)
        elif message.text:
            await (await self._opened(message)).obey(message)

    @property
    def _heard(self) -> list[_Context]:
        """The contexts of which something is still to come."""
        return [context for context in self._contexts.values() if not context.over]

    def _named(self, name: str) -> _Context | None:
        """The open context of a name, or else one that is closed and still heard."""
        named = [context for context in self._heard if context.name == name]
        return max(named, key=lambda context: context.open, default=None)

    async def _opened(self, message: Message) -> _Context:
        """Raises TooManyContexts, InvalidRequest."""
        if len(self._heard) >= MOST:
            raise TooManyContexts(
                f"A socket may have {MOST} contexts that are open or still heard.",
                param="context_id",
            )
        session = await run_in_threadpool(self._session)
        context = _Context(message.context, session, self._asked, message.speed)
        task = asyncio.create_task(context.tell(self._wire))
        task.add_done_callback(lambda _: self._stirred.set())
        self._contexts[task] = context
        return context
