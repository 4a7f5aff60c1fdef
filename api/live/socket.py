"""`/v1/live`: text in as it is written, sound out as it is spoken; our own protocol.

Text frames are JSON with a `type`; binary frames are audio alone.
"""

import asyncio
from contextlib import aclosing
from typing import Any, Never

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.deps import Context, Here
from api.live.events import Began, Ended, Event, Idled, Sound, Warned, placed
from api.live.events import Said as Sentence
from api.live.manner import Manner
from api.live.messages import Cancel, Commit, Finish, Flush, Said, Start, Text, read, read_start
from api.live.session import Session
from api.live.wire import Wire, converse, explained
from shared.audio.shaping import Shaping
from shared.client import live as told
from shared.client.live import LiveMessage
from shared.dialects.voices import choose
from shared.errors import InvalidRequest, SpeechError

router = APIRouter(tags=["live"])

_FIRST = 10.0
"""Seconds that a client may take over its first message."""
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@router.websocket("/v1/live")
async def live(socket: WebSocket, here: Here) -> None:
    """Speak a text while it is written."""
    offered: list[str] = socket.scope.get("subprotocols", [])
    await socket.accept(told.PROTOCOL if told.PROTOCOL in offered else None)
    wire = Wire(socket)
    async with explained(wire, lambda error, _: told.Failed(error=error.body()["error"])):
        start = await _start(wire)
        sender = Sender(socket.state.client)
        session = await run_in_threadpool(Session, here, sender, _manner(here, start))
        try:
            telling = _Telling(wire, start)
            await wire.say(telling.ready())
            await converse(_listen(wire, session), telling.tell(session))
        finally:
            await session.close()


async def _start(wire: Wire) -> Start:
    """The first message. Raises InvalidRequest when it is none, or does not come."""
    try:
        async with asyncio.timeout(_FIRST):
            return read_start(await wire.receive(_OBJECT))
    except TimeoutError as error:
        raise InvalidRequest(f"No start message came within {_FIRST:.0f} seconds.") from error


def _manner(here: Context, start: Start) -> Manner:
    """Raises UnknownVoice, and InvalidRequest where a voice and a task exclude each other."""
    if start.voice is None:
        return Manner(start.task or "custom_voice", start.request)
    chosen = choose(here.library, start.voice)
    if start.task not in (None, chosen.task):
        raise InvalidRequest(
            f"{start.voice!r} speaks by {chosen.task}, not by {start.task}.",
            param="task",
            hint="Leave `task` out.",
        )
    return Manner(chosen.task, {**start.request, **chosen.fields})


# --- what the client says ---------------------------------------------------------------------


async def _listen(wire: Wire, session: Session) -> Never:
    """Do what the client says; raises WebSocketDisconnect when it has gone."""
    expected = 0
    while True:
        said = read(await wire.receive(_OBJECT))
        if said.sequence not in (None, expected):
            raise InvalidRequest(
                f"Message {expected} was expected, and {said.sequence} came.", param="sequence"
            )
        utterance = await _obey(session, said)
        if said.sequence is not None:
            await wire.say(told.Acknowledged(sequence=expected, utterance=utterance))
            expected += 1


async def _obey(session: Session, said: Said) -> int | None:
    """Do one thing; the utterance that ends with it."""
    match said:
        case Text(text=text):
            await session.append(text)
        case Flush():
            await session.flush()
        case Commit():
            return await session.commit()
        case Cancel():
            await session.cancel()
        case Finish():
            await session.finish()
    return None


# --- what it hears ----------------------------------------------------------------------------


class _Telling:
    """A session's events as one client is told of them."""

    def __init__(self, wire: Wire, start: Start) -> None:
        self._wire = wire
        self._start = start
        self._shaping = self._new_shaping()

    def ready(self) -> told.Ready:
        shown = "pcm_s16le" if self._start.format == "pcm" else self._start.format
        return told.Ready(format=shown, sample_rate=self._start.sample_rate)

    async def tell(self, session: Session) -> None:
        """All events to the last."""
        reason = "finished"
        async with aclosing(session.events()) as events:
            async for event in events:
                if isinstance(event, Idled):
                    reason = "idle"
                await self._pass_on(event)
        await self._wire.say(told.Over(reason=reason))

    async def _pass_on(self, event: Event) -> None:
        match event:
            case Began(utterance=utterance, job=job, engine=engine):
                self._shaping = self._new_shaping()
                await self._wire.say(told.Begun(utterance=utterance, id=job, engine=engine))
            case Sound(data=data):
                await self._sound(self._shaping.feed(data))
            case Sentence():
                await self._wire.say(self._said(event))
            case Warned(utterance=utterance, message=message):
                await self._wire.say(told.Warned(utterance=utterance, message=message))
            case Ended():
                await self._end(event)
            case Idled():
                pass

    async def _sound(self, data: bytes) -> None:
        if data:
            await self._wire.sound(data)

    def _said(self, sentence: Sentence) -> LiveMessage:
        segments = [placed(segment, speed=self._start.speed) for segment in sentence.segments]
        return told.Said(
            utterance=sentence.utterance, id=sentence.job, text=sentence.text, segments=segments
        )

    async def _end(self, ended: Ended) -> None:
        """An utterance that was heard to its end is a file with an end."""
        state = "failed" if ended.error else "cancelled" if ended.cancelled else "succeeded"
        if state == "succeeded" and ended.characters:
            await self._sound(self._shaping.finish())
        if ended.error:
            await self._wire.say(_failed(ended.utterance, ended.error, ended.partial))
        await self._wire.say(
            told.Done(utterance=ended.utterance, state=state, characters=ended.characters)
        )

    def _new_shaping(self) -> Shaping:
        return Shaping(self._start.format, self._start.speed, self._start.sample_rate)


def _failed(utterance: int, error: SpeechError, partial: bool) -> told.Failed:
    return told.Failed(utterance=utterance, error=error.body()["error"], partial_audio=partial)
