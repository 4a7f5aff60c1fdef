"""From jobs to what is heard, one after the other."""

import asyncio
from contextlib import aclosing
from typing import Any

from api.deps import Context
from api.live.bell import Bell
from api.live.events import Began, Said, Sound, Warned, placed
from api.live.outbox import Outbox
from api.live.turns import Close, Turn, Turns, Utterance
from api.speaking import Heard, drop, hear
from api.stopping import see_through, stop
from shared import events
from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from shared.errors import SpeechError
from shared.stores.recipe import Segment


class Hearing:
    """Hears the jobs of the turns, and tells of them."""

    def __init__(self, here: Context, turns: Turns, outbox: Outbox, bell: Bell) -> None:
        self._here = here
        self._turns = turns
        self._outbox = outbox
        self._bell = bell
        self._present: asyncio.Task[None] | None = None
        self._warnings: set[str] = set()
        """What has been said of one sentence holds for the next."""

    async def run(self) -> None:
        """Until the bell is closed."""
        while not self._bell.closed:
            await self._bell.until(self._is_due)
            turn = self._turns.first
            if isinstance(turn, Close):
                await self._end(turn)
            elif turn:
                # A task of its own, so that this sentence can be dropped and the next be heard.
                self._present = asyncio.create_task(self._hear(turn))
                await asyncio.wait({self._present})
                if not self._present.cancelled():
                    self._present.result()
                self._turns.leave(turn)

    async def let_go(self, jobs: list[str]) -> None:
        """Cancel jobs, and hear none of them any more."""
        await self._drop(jobs)
        if self._present:
            await stop(self._present)

    def _is_due(self) -> bool:
        return bool(self._turns.first and self._turns.first.ready)

    async def _end(self, turn: Close) -> None:
        if await self._outbox.room(turn.utterance):
            self._turns.leave(turn)
            self._outbox.end(turn.utterance)

    async def _hear(self, turn: Turn) -> None:
        """One sentence, from its first message to its last."""
        try:
            if turn.error:
                raise turn.error
            async with aclosing(hear(self._here, turn.job, anew=True)) as messages:
                async for message in messages:
                    await self._tell(turn, message)
        except SpeechError as error:
            if not turn.utterance.over:
                await self._fail(turn.utterance, error)

    async def _tell(self, turn: Turn, message: Heard) -> None:
        utterance = turn.utterance
        match message:
            case events.Header(engine=engine):
                if not utterance.begun:
                    utterance.begun = True
                    began = Began(utterance.number, turn.job, engine)
                    await self._outbox.put(utterance, began)
                await self._sound(utterance, _silence(turn.part.pause))
                turn.start = utterance.samples
            case events.Restart(reason=reason):
                # What was heard of it cannot be taken back: the sentence is said once more.
                turn.start = utterance.samples
                await self._warn(utterance, f"A sentence is said again. {reason}")
            case bytes():
                await self._sound(utterance, message)
            case events.Notice(message=text):
                await self._warn(utterance, text)
            case events.End(result=result):
                await self._outbox.put(utterance, _said(turn, result or {}))
            case events.Waiting():
                pass

    async def _sound(self, utterance: Utterance, data: bytes) -> None:
        if data:
            await self._outbox.put(utterance, Sound(utterance.number, data))

    async def _warn(self, utterance: Utterance, message: str) -> None:
        if message not in self._warnings:
            self._warnings.add(message)
            await self._outbox.put(utterance, Warned(utterance.number, message))

    async def _fail(self, utterance: Utterance, error: SpeechError) -> None:
        """Say that an utterance cannot be heard to its end; what it has told already stays."""
        jobs = self._turns.break_off([utterance])
        self._outbox.end(utterance, error=error)
        # Who is told may close the session at once, and this task with it.
        await see_through(self._drop(jobs))

    async def _drop(self, jobs: list[str]) -> None:
        for job in jobs:
            await drop(self._here, job)


def _silence(seconds: float) -> bytes:
    return bytes(round(seconds * SAMPLE_RATE) * SAMPLE_BYTES)


def _said(turn: Turn, result: dict[str, Any]) -> Said:
    """A sentence that was heard whole; of its job, the segments come later by what was before."""
    start = turn.start / SAMPLE_RATE
    found = [Segment.model_validate(segment) for segment in result.get("segments", ())]
    segments = [placed(segment, start) for segment in found]
    number, part = turn.utterance.number, turn.part
    return Said(number, turn.job, part.text, segments, part.characters)
