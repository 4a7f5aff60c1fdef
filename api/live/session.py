"""One conversation: text goes in as it comes, sound comes out in its order.

Sentences are cut from the text as they end, and each becomes a job of its own, the next submitted
while one is heard: the GPU is never held by somebody who is still thinking, and between two
sentences of one client others are served.
"""

import asyncio
from collections.abc import AsyncGenerator

from api.admission import Sender
from api.deps import Context
from api.live.bell import Bell
from api.live.events import Event, Idled
from api.live.hearing import Hearing
from api.live.manner import Manner, Ways
from api.live.outbox import Outbox
from api.live.submitting import Submitting
from api.live.turns import Turns
from api.stopping import see_through, stop
from shared.errors import InvalidRequest, TextTooLong

_MOST_TURNS = 20_000
"""Sentences and ends of utterances that may wait."""
_BLOCK = 200
"""Characters that are looked at before others have a turn."""


class Session:
    """One client's text and sound; `close` it, whatever happens.

    The sounds of an utterance follow each other with the pauses of reading aloud between sentences.
    """

    def __init__(
        self, here: Context, sender: Sender, manner: Manner, idle_seconds: float | None = None
    ) -> None:
        """With `idle_seconds`, the session waits so long for text, not as long as the settings say.

        Raises InvalidRequest, and what presets and library say of names. It reads files: call it,
        and `change`, in a thread.
        """
        self._most = here.settings.live_max_characters
        self._idle_seconds = idle_seconds or here.settings.live_idle_seconds
        self._ways = Ways(here)
        self._bell = Bell()
        self._turns = Turns(self._bell, self._ways.of(manner))
        self._outbox = Outbox(self._bell)
        self._submitting = Submitting(here, sender, self._turns, self._bell)
        self._hearing = Hearing(here, self._turns, self._outbox, self._bell)
        self._tasks: list[asyncio.Task[None]] = []
        self._taken = 0
        self._touched = 0.0
        self._finishing = self._idled = False

    # --- what the client says ---

    def change(self, manner: Manner) -> None:
        """Speak so from the next sentence on. Raises InvalidRequest for what cannot be asked."""
        self._turns.change(self._ways.of(manner))

    async def append(self, text: str) -> None:
        """More text; what comes after the session has ended by itself is dropped, as `Idled` says.

        Raises TextTooLong when the session has had all it may, and InvalidRequest after `finish`.
        """
        self._touch()
        if self._idled:
            return
        if self._finishing:
            raise InvalidRequest("No text can follow the end of the text.", param="text")
        self._count(text)
        stops = self._turns.stops
        for start in range(0, len(text), _BLOCK):
            await self._room()
            if self._turns.stops > stops:
                return
            self._turns.feed(text[start : start + _BLOCK])
            self._touch()

    async def flush(self) -> None:
        """What has no end yet is spoken now; the utterance goes on."""
        self._touch()
        await self._room()
        self._turns.flush()

    async def commit(self) -> int:
        """What has no end yet is spoken now, and the utterance ends with it: its number."""
        self._touch()
        await self._room()
        return self._turns.commit()

    async def clear(self) -> None:
        """Forget the text of this utterance of which nothing has been submitted."""
        self._touch()
        self._turns.clear()

    async def cancel(self) -> int:
        """Stop what is spoken, and forget what waits; `Ended(cancelled=True)` follows.

        Returns how many utterances that concerns: 0 if nothing was to be heard any more.
        """
        self._touch()
        stopped = self._turns.unheard
        jobs = self._turns.break_off(stopped)
        self._outbox.forget(stopped)
        for utterance in stopped:
            self._outbox.end(utterance, cancelled=True)
        await self._hearing.let_go(jobs)
        return len(stopped)

    async def finish(self) -> None:
        """No more text comes: `commit`, and `events` ends after it."""
        self._touch()
        if not self._finishing:
            if self._turns.open.wanted:
                await self.commit()
            self._finishing = True
            self._bell.ring()

    # --- what the client hears ---

    async def events(self) -> AsyncGenerator[Event]:
        """Everything to be heard, in order; the reader's pace bounds what is kept."""
        self._touch()
        while await self._is_more():
            event = self._outbox.next()
            self._touch()
            yield event
        if self._idled:
            yield Idled(self._idle_seconds)

    async def close(self) -> None:
        """Let go: whatever has not been heard is cancelled, however often this is interrupted."""
        unheard = self._turns.unheard
        jobs = self._turns.break_off(unheard)
        self._outbox.forget(unheard)
        self._bell.close()
        await see_through(self._leave(jobs))

    async def _leave(self, jobs: list[str]) -> None:
        await self._hearing.let_go(jobs)
        if self._tasks:
            # A job that is being submitted now is cancelled when it is known.
            await asyncio.wait(self._tasks[:1])
        await stop(*self._tasks)

    async def _is_more(self) -> bool:
        """Whether there is another event, once that is known. Raises a fault of our own."""
        await self._bell.until(lambda: bool(self._outbox or self._fault) or self._silent)
        if fault := self._fault:
            raise fault
        return bool(self._outbox)

    @property
    def _silent(self) -> bool:
        """Whether nothing is to be heard any more."""
        return self._finishing and not self._turns

    @property
    def _fault(self) -> BaseException | None:
        """What has ended one of the works beside the client, which is never right."""
        ended = (task for task in self._tasks if task.done() and not task.cancelled())
        return next(filter(None, (task.exception() for task in ended)), None)

    # --- limits ---

    def _count(self, text: str) -> None:
        """Raises TextTooLong. All that waits is kept, so this is what bounds it."""
        self._taken += len(text)
        if self._taken > self._most:
            raise TextTooLong(
                f"A session may have {self._most:,} characters.",
                param="text",
                hint="Open another one; LIVE_MAX_CHARACTERS is the limit.",
            )

    async def _room(self) -> None:
        """Wait while far too much waits; and let others have a turn, as cutting takes a while.

        A client is read on all the same, however much it has said: otherwise nobody would hear that
        it cancels, nor answer its pings.
        """
        await asyncio.sleep(0)
        await self._bell.until(lambda: len(self._turns) < _MOST_TURNS)

    async def _watch(self) -> None:
        """Finish when nothing has come and nothing was to be heard for a while."""
        clock = asyncio.get_running_loop().time
        while not self._finishing:
            await self._bell.until(lambda: self._finishing or not (self._turns or self._outbox))
            left = self._touched + self._idle_seconds - clock()
            if left > 0:
                await asyncio.sleep(left)
            elif not self._finishing:
                self._idled = True
                await self.finish()

    def _touch(self) -> None:
        """The client is there; what runs beside it begins with that."""
        self._touched = asyncio.get_running_loop().time()
        if not self._tasks and not self._bell.closed:
            works = (self._submitting.run(), self._hearing.run(), self._watch())
            self._tasks = [asyncio.create_task(work) for work in works]
            for task in self._tasks:
                task.add_done_callback(lambda _: self._bell.ring())
        self._bell.ring()
