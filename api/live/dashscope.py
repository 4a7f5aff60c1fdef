"""`/api-ws/v1/realtime`: DashScope's `qwen-tts-realtime`, spoken by a session of ours."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Never

from fastapi import APIRouter, Query, WebSocket
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.deps import Context, Here
from api.live.events import Began, Ended, Event, Idled, Said, Sound, Warned
from api.live.manner import Manner
from api.live.session import Session
from api.live.wire import Wire, converse, explained
from shared.dialects import dashscope
from shared.dialects.dashscope import Answer, Committed, Fault, ServerEvent, SessionEvent, Setup
from shared.errors import (
    BodyTooLarge,
    Conflict,
    InputTimeout,
    InvalidRequest,
    SpeechError,
)
from shared.requests.declared import explain

router = APIRouter(tags=["live"])

_EVENTS: TypeAdapter[dashscope.ClientEvent] = TypeAdapter(dashscope.ClientEvent)


@router.websocket("/api-ws/v1/realtime")
async def realtime(
    socket: WebSocket,
    here: Here,
    model: Annotated[str, Query(max_length=120)] = dashscope.MODEL,
) -> None:
    """A client of DashScope's realtime API; `model` is said back to it and decides nothing."""
    await socket.accept()
    wire = Wire(socket)
    async with explained(wire, lambda error, _: Fault.of(error)):
        setup = Setup()
        sender = Sender(socket.state.client)
        session = await run_in_threadpool(lambda: Session(here, sender, _manner(here, setup)))
        try:
            await _Conversation(here, wire, session, model).hold()
        finally:
            await session.close()


class Translation:
    """What a session tells, as events of the dialect."""

    def __init__(self) -> None:
        self.setup = Setup()
        self.committed = 0
        """The last utterance that the client has committed itself."""
        self._answer = Answer("")
        self._shaping = self.setup.shaping()
        self._begun = False

    def told(self, event: Event) -> Sequence[ServerEvent]:
        """The events that one of the session's stands for. Raises InputTimeout."""
        match event:
            case Began(utterance=utterance):
                return self._opening(utterance)
            case Sound(data=data):
                return self._sound(self._shaping.feed(data))
            case Ended():
                return self._ending(event)
            case Idled(seconds=seconds):
                raise InputTimeout(f"Nothing was said for {seconds:g} seconds.")
            case Said() | Warned():
                return ()

    def _opening(self, utterance: int) -> Sequence[ServerEvent]:
        self._answer = Answer(self.setup.voice)
        self._shaping = self.setup.shaping()
        self._begun = True
        announced = () if self._awaited(utterance) else (Committed(),)
        return *announced, *self._answer.opening()

    def _sound(self, data: bytes) -> Sequence[ServerEvent]:
        return (self._answer.sound(data),) if data else ()

    def _ending(self, ended: Ended) -> Sequence[ServerEvent]:
        """Of what was never heard a client is told the end only if it waits for it."""
        fault = (Fault.of(ended.error),) if ended.error else ()
        stopped = ended.cancelled or ended.error
        if not self._begun:
            if stopped or not self._awaited(ended.utterance):
                return fault
            return *self._opening(ended.utterance), *self._closing(ended, "completed")
        if stopped:
            return *fault, *self._closing(ended, "failed" if ended.error else "incomplete")
        return *self._sound(self._shaping.finish()), *self._closing(ended, "completed")

    def _closing(self, ended: Ended, status: dashscope.Status) -> Sequence[ServerEvent]:
        self._begun = False
        return self._answer.closing(status, ended.characters)

    def _awaited(self, utterance: int) -> bool:
        """Whether the client has committed it itself."""
        return self.setup.mode == "commit" or utterance <= self.committed


class _Conversation:
    """One client; of what it does wrong, only wrong settings and far too much text end it."""

    def __init__(self, here: Context, wire: Wire, session: Session, model: str) -> None:
        self._here = here
        self._wire = wire
        self._session = session
        self._model = model
        self._id = dashscope.new_id("sess")
        self._telling = Translation()
        self._buffer = ""
        self._unspoken = False
        self._settled = True
        """Whether it is known what to speak, and how: no text is left out, and no voice stands in
        for one that there is not."""
        self._started = False
        self._finished = False

    async def hold(self) -> None:
        """Until the client has finished, or has gone."""
        await self._wire.say(self._state("session.created"))
        await converse(self._listen(), self._tell())

    async def _tell(self) -> None:
        async with aclosing(self._session.events()) as events:
            async for event in events:
                await self._wire.say(*self._telling.told(event))
        await self._wire.say(dashscope.Finished())

    async def _listen(self) -> Never:
        while True:
            try:
                await self._obey(await self._wire.receive(_EVENTS))
            except SpeechError as error:
                if isinstance(error, BodyTooLarge) or not self._settled:
                    raise
                await self._wire.say(Fault.of(error))

    async def _obey(self, event: dashscope.ClientEvent) -> None:
        if self._finished and not isinstance(event, dashscope.Cancel):
            raise Conflict("The session has been finished.")
        match event:
            case dashscope.Update(session=changes):
                await self._change(changes)
            case dashscope.Append(text=text):
                await self._append(text)
            case dashscope.Commit():
                await self._commit()
            case dashscope.Clear():
                await self._clear()
            case dashscope.Cancel():
                await self._cancel()
            case dashscope.Finish():
                await self._finish()

    async def _change(self, changes: object) -> None:
        if self._started:
            raise InvalidRequest(
                "The settings of a session are those from before its first text.",
                param="session",
                hint="Open another session.",
            )
        self._settled = False
        setup = _changed(self._telling.setup, changes)
        await run_in_threadpool(lambda: self._session.change(_manner(self._here, setup)))
        self._telling.setup = setup
        self._settled = True
        await self._wire.say(self._state("session.updated"))

    async def _append(self, text: str) -> None:
        self._started = True
        self._unspoken |= bool(text.strip())
        if self._telling.setup.mode == "server_commit":
            await self._speak(text)
            return
        if len(self._buffer) + len(text) > dashscope.LONGEST_TEXT:
            raise InvalidRequest(
                f"The text between two commits may have {dashscope.LONGEST_TEXT} characters.",
                param="text",
            )
        self._buffer += text
        # A sign of life: whoever writes slowly is not idle.
        await self._session.append("")

    async def _speak(self, text: str) -> None:
        self._settled = False
        await self._session.append(text)
        self._settled = True

    async def _commit(self) -> None:
        """In `commit` mode speech follows what is said here; otherwise it may have begun."""
        if not self._unspoken:
            raise InvalidRequest("There is no text to commit.", hint="Append some first.")
        self._unspoken = False
        if self._telling.setup.mode == "commit":
            await self._wire.say(Committed())
            text, self._buffer = self._buffer, ""
            await self._speak(text)
            await self._session.commit()
        else:
            self._telling.committed = await self._session.commit()
            await self._wire.say(Committed())

    async def _clear(self) -> None:
        self._buffer, self._unspoken = "", False
        await self._session.clear()
        await self._wire.say(dashscope.Cleared())

    async def _cancel(self) -> None:
        """Text that waits for its commit stays."""
        await self._session.cancel()
        self._unspoken = bool(self._buffer.strip())

    async def _finish(self) -> None:
        if self._buffer.strip():
            await self._commit()
        self._finished = True
        await self._session.finish()

    def _state(self, type: str) -> SessionEvent:
        return SessionEvent(type=type, session=self._telling.setup.view(self._id, self._model))


def _manner(here: Context, setup: Setup) -> Manner:
    """Raises UnknownVoice, UnknownLanguage."""
    chosen = dashscope.choose(here.library, setup.voice)
    return Manner(chosen.task, {**chosen.fields, **setup.fields()})


def _changed(setup: Setup, changes: object) -> Setup:
    """Raises InvalidRequest, whose `param` begins with `session`."""
    try:
        return setup.changed(changes)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise explain({**fault, "loc": ("session", *fault["loc"])}) from error
