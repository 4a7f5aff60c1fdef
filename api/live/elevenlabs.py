"""`stream-input`: ElevenLabs' WebSocket, spoken by a session of ours."""

import base64
from collections.abc import Sequence
from contextlib import aclosing
from typing import Never, TypeVar

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.deps import Context, Here
from api.live.events import Began, Ended, Event, Idled, Said, Sound, Warned
from api.live.manner import Manner
from api.live.session import Session
from api.live.wire import Wire, converse, explained
from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from shared.dialects import elevenlabs, voices
from shared.dialects.elevenlabs import Alignment, Leaving, Message, Opening, Sounding
from shared.errors import InputTimeout, InvalidRequest, SpeechError
from shared.requests.declared import explain
from shared.stores.recipe import Segment

router = APIRouter(prefix="/v1/text-to-speech", tags=["live"])

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)
_BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_BYTES

Asked = TypeVar("Asked", bound=Opening)


@router.websocket("/{voice_id}/stream-input")
async def stream_input(socket: WebSocket, voice_id: str, here: Here) -> None:
    """A client of `stream-input`."""
    await socket.accept()
    wire = Wire(socket)
    async with explained(wire, elevenlabs.Fault.of):
        asked = opened(Opening, dict(socket.query_params))
        session = await run_in_threadpool(
            _session, here, Sender(socket.state.client), voice_id, asked
        )
        try:
            await _Conversation(wire, session, asked).hold()
        finally:
            await session.close()


class Translation:
    """What a session tells, as messages of the dialect."""

    def __init__(self, asked: Opening, speed: float) -> None:
        self._speed = speed
        self._leaving = Leaving(asked.output_format, speed)
        self._synchronous = asked.sync_alignment
        self._held = bytearray()
        self._sentence = 0
        """Bytes that have been heard of the present sentence."""
        self._before = 0
        """Bytes that have been heard before it."""

    def told(self, event: Event) -> Sequence[Sounding]:
        """The messages that one of the session's events stands for. Raises what ended it."""
        match event:
            case Sound(data=data):
                self._sentence += len(data)
                return self._heard(self._leaving.feed(data))
            case Said(segments=segments):
                return self._timed(segments)
            case Ended(error=SpeechError() as error):
                raise error
            case Ended(characters=characters):
                return self._sounding(self._leaving.finish()) if characters else ()
            case Idled(seconds=seconds):
                raise InputTimeout(f"Nothing was said for {seconds:g} seconds.")
            case Began() | Warned():
                return ()

    def _heard(self, data: bytes) -> Sequence[Sounding]:
        if self._synchronous:
            self._held += data
            return ()
        return self._sounding(data)

    def _sounding(self, data: bytes) -> Sequence[Sounding]:
        return (Sounding(audio=_text(data)),) if data else ()

    def _timed(self, segments: Sequence[Segment]) -> Sequence[Sounding]:
        """When each character of a sentence is heard, from where the sentence begins."""
        start, length = self._before / _BYTES_PER_SECOND, self._sentence / _BYTES_PER_SECOND
        self._before += self._sentence
        self._sentence = 0
        pieces = elevenlabs.pieces(segments, start, self._speed)
        characters = [*elevenlabs.spread(pieces, length / self._speed)]
        alignment = Alignment.of(characters) if characters else None
        data = bytes(self._held)
        self._held.clear()
        return (Sounding(audio=_text(data), alignment=alignment, normalizedAlignment=alignment),)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _session(here: Context, sender: Sender, voice_id: str, asked: Opening) -> Session:
    """Raises UnknownVoice, InvalidRequest."""
    chosen = voices.choose(here.library, voice_id, "voice_id")
    manner = Manner(chosen.task, {**chosen.fields, **asked.fields()})
    return Session(here, sender, manner, asked.inactivity_timeout)


def opened(kind: type[Asked], query: dict[str, str]) -> Asked:
    """Raises InvalidRequest."""
    try:
        return kind.model_validate(query)
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error


class _Conversation:
    """One client: its texts are one utterance."""

    def __init__(self, wire: Wire, session: Session, asked: Opening) -> None:
        self._wire = wire
        self._session = session
        self._asked = asked
        self._speed: float | None = None
        """That of the first message; None before it."""
        self._telling = Translation(asked, 1.0)
        self._ended = False

    async def hold(self) -> None:
        """Until everything has been heard, or the client has gone."""
        await converse(self._listen(), self._tell())

    async def _tell(self) -> None:
        async with aclosing(self._session.events()) as events:
            async for event in events:
                await self._wire.say(*self._telling.told(event))
        await self._wire.say(elevenlabs.FINAL)

    async def _listen(self) -> Never:
        while True:
            message = await self._wire.receive(_MESSAGES)
            if not self._ended:
                await self._obey(message)

    async def _obey(self, message: Message) -> None:
        if self._speed is None:
            self._speed = message.speed
            self._telling = Translation(self._asked, message.speed)
        elif message.voice_settings and message.speed != self._speed:
            raise InvalidRequest(
                "The speed of a voice is that of the first message.", param="voice_settings.speed"
            )
        if message.text:
            await self._session.append(message.text)
        if message.flush:
            await self._session.flush()
        if message.ends:
            self._ended = True
            await self._session.finish()
