"""One conversation: text goes in as it comes, sound comes out in its order.

Sentences are cut from the text as they end, and each becomes a job of its own, the next submitted
while one is heard: the GPU is never held by somebody who is still thinking, and between two
sentences of one client others are served.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.deps import Context
from api.speaking import Heard, begin, hear
from api.stopping import stop
from shared import events, keys
from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from shared.errors import (
    AlreadyEnded,
    InvalidRequest,
    QueueFull,
    QueueUnavailable,
    SpeechError,
    TextTooLong,
    TooManyJobs,
    UnknownJob,
)
from shared.jobs import EngineInfo
from shared.requests import CONTRACTS, contract
from shared.requests.declared import MAX_SEED
from shared.requests.spoken import Spoken
from shared.stores.recipe import Segment
from shared.text.increments import Increments, Part

AHEAD = 2
"""Jobs that are in the queue beside the one that is heard: the wait is hidden, and no queue is
filled by one client."""
_MOST_TURNS = 20_000
"""Sentences and ends of utterances that may wait."""
_KEPT = 32
"""Events that are kept for a reader who is slow."""
_PATIENCE = 30.0
"""Seconds for which a sentence is submitted again while there is no room in the queue."""
_AGAIN = 0.5
"""Seconds between two tries, at most."""
_BLOCK = 200
"""Characters that are looked at before others have a turn."""
_SENTENCE = "Hello."
"""Stands for the text while a request is checked that has none yet."""
TASKS = tuple(
    name
    for name, kind in CONTRACTS.items()
    if issubclass(kind, Spoken) and kind.kind == "task" and not kind.new_voices()
)
"""What can be spoken sentence by sentence."""


@dataclass(frozen=True)
class Manner:
    """How a session speaks: a task and its request without the text."""

    task: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Began:
    """The first sound of an utterance (what was said between two commits) is about to come."""

    utterance: int
    """Counted from 1."""
    job: str
    """Id of its first job."""
    engine: EngineInfo


@dataclass(frozen=True)
class Sound:
    """A piece of sound, s16le at 24 kHz, mono."""

    utterance: int
    data: bytes


@dataclass(frozen=True)
class Said:
    """A sentence has been heard whole; its segments count seconds from the utterance's start."""

    utterance: int
    job: str
    text: str
    segments: list[Segment]


@dataclass(frozen=True)
class Warned:
    """Something the listener should know that stops nothing."""

    utterance: int
    message: str


@dataclass(frozen=True)
class Ended:
    """An utterance has been heard to its end, or was broken off."""

    utterance: int
    characters: int
    """Of the sentences that were heard whole, the blanks around them included."""
    cancelled: bool = False
    error: SpeechError | None = None
    """Why it stopped; the session goes on with the next."""
    partial: bool = False
    """True where it stopped in the middle of its sound."""


@dataclass(frozen=True)
class Idled:
    """Nothing came for so many seconds; what had come was spoken, and nothing follows."""

    seconds: float


Event = Began | Sound | Said | Warned | Ended | Idled


# --- what waits -------------------------------------------------------------------------------


@dataclass(eq=False)
class _Utterance:
    """What is said between two commits."""

    number: int
    wanted: bool = False
    """Whether any text has come for it."""
    begun: bool = False
    over: bool = False
    """Nothing of it is spoken any more."""
    characters: int = 0
    samples: int = 0


@dataclass(frozen=True)
class _Way:
    """How a sentence is spoken: a manner that was checked."""

    task: str
    fields: dict[str, Any]
    language: str


@dataclass(eq=False)
class _Turn:
    """A sentence on its way."""

    utterance: _Utterance
    part: Part
    way: _Way
    taken: bool = False
    """True as soon as it is being submitted."""
    job: str = ""
    error: SpeechError | None = None
    start: int = 0
    """Samples of its utterance before its own."""

    @property
    def ready(self) -> bool:
        return bool(self.job) or self.error is not None


@dataclass(eq=False)
class _Close:
    """The end of an utterance."""

    utterance: _Utterance
    ready: ClassVar[bool] = True
    taken: ClassVar[bool] = True


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
        self._here = here
        self._sender = replace(sender, priority=keys.INTERACTIVE)
        self._idle_seconds = idle_seconds or here.settings.live_idle_seconds
        self._drawn = random.randint(0, MAX_SEED)
        self._way = self._checked(manner)
        self._text = Increments(self._way.language)
        self._open = _Utterance(1)
        self._turns: deque[_Turn | _Close] = deque()
        self._outbox: deque[Event] = deque()
        self._hearing: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._bell = asyncio.Event()
        self._warnings: set[str] = set()
        """What has been said of one sentence holds for the next."""
        self._taken = 0
        self._stops = 0
        """How often something was broken off: text that is being cut meanwhile is dropped."""
        self._touched = 0.0
        self._finishing = self._closed = self._idled = False

    # --- what the client says ---

    def change(self, manner: Manner) -> None:
        """Speak so from the next sentence on. Raises InvalidRequest for what cannot be asked."""
        self._way = self._checked(manner)
        self._text.language = self._way.language

    async def append(self, text: str) -> None:
        """More text; what comes after the session has ended by itself is dropped, as `Idled` says.

        Raises TextTooLong when the session has had all it may, and InvalidRequest after `finish`.
        """
        self._begin()
        if self._idled:
            return
        if self._finishing:
            raise InvalidRequest("No text can follow the end of the text.", param="text")
        self._count(text)
        stops = self._stops
        for start in range(0, len(text), _BLOCK):
            await self._room()
            if self._stops > stops:
                return
            self._open.wanted = True
            self._add(self._text.feed(text[start : start + _BLOCK]))

    async def flush(self) -> None:
        """What has no end yet is spoken now; the utterance goes on."""
        self._begin()
        await self._room()
        self._add(self._text.flush())

    async def commit(self) -> int:
        """What has no end yet is spoken now, and the utterance ends with it: its number."""
        self._begin()
        await self._room()
        self._add(self._text.end())
        self._turns.append(_Close(self._open))
        self._ring()
        return self._next_utterance().number

    async def clear(self) -> None:
        """Forget the text of this utterance of which nothing has been submitted."""
        self._begin()
        self._stops += 1
        self._text.clear()
        self._keep(lambda it: it.taken or it.utterance is not self._open)

    async def cancel(self) -> int:
        """Stop what is spoken, and forget what waits; `Ended(cancelled=True)` follows.

        Returns how many utterances that concerns: 0 if nothing was to be heard any more.
        """
        self._begin()
        stopped = self._unheard()
        jobs = self._break_off(stopped)
        for utterance in stopped:
            self._end(utterance, cancelled=True)
        await self._let_go(jobs)
        return len(stopped)

    async def finish(self) -> None:
        """No more text comes: `commit`, and `events` ends after it."""
        self._begin()
        if not self._finishing:
            if self._open.wanted:
                await self.commit()
            self._finishing = True
            self._ring()

    # --- what the client hears ---

    async def events(self) -> AsyncGenerator[Event]:
        """Everything to be heard, in order; the reader's pace bounds what is kept."""
        self._begin()
        while await self._next_event():
            event = self._outbox.popleft()
            self._touch()
            yield event
        if self._idled:
            yield Idled(self._idle_seconds)

    async def close(self) -> None:
        """Let go: whatever has not been heard is cancelled, however often this is interrupted."""
        jobs = self._break_off(self._unheard())
        self._outbox.clear()
        self._closed = True
        self._ring()
        await asyncio.shield(self._leave(jobs))

    async def _leave(self, jobs: list[str]) -> None:
        await self._let_go(jobs)
        if self._tasks:
            # A job that is being submitted now is cancelled when it is known.
            await asyncio.wait(self._tasks[:1])
        await stop(*self._tasks)

    @property
    def _silent(self) -> bool:
        """Whether nothing is to be heard any more."""
        return self._closed or (self._finishing and not self._turns)

    @property
    def _busy(self) -> bool:
        return bool(self._turns or self._outbox)

    # --- from text to turns ---

    def _count(self, text: str) -> None:
        """Raises TextTooLong. All that waits is kept, so this is what bounds it."""
        most = self._here.settings.live_max_characters
        self._taken += len(text)
        if self._taken > most:
            raise TextTooLong(
                f"A session may have {most:,} characters.",
                param="text",
                hint="Open another one; LIVE_MAX_CHARACTERS is the limit.",
            )

    async def _room(self) -> None:
        """Wait while far too much waits; and let others have a turn, as cutting takes a while.

        A client is read on all the same, however much it has said: otherwise nobody would hear that
        it cancels, nor answer its pings.
        """
        await asyncio.sleep(0)
        await self._until(lambda: len(self._turns) < _MOST_TURNS)

    def _checked(self, manner: Manner) -> _Way:
        """A manner that can be spoken in. Raises InvalidRequest and what names may raise."""
        declared = contract(manner.task)
        if manner.task not in TASKS:
            raise InvalidRequest(
                f"{manner.task} cannot be spoken as the text comes. These can: {', '.join(TASKS)}.",
                param="task",
            )
        if "text" in manner.fields:
            raise InvalidRequest(
                "The text comes in messages of its own, not with the request.", param="text"
            )
        sample = {**manner.fields, "text": _SENTENCE}
        request = self._here.resolution.resolve(declared, sample).request
        assert isinstance(request, Spoken)
        if getattr(request, "candidates", 1) > 1:
            raise InvalidRequest(
                "Only one take can be heard while the text comes.", param="candidates"
            )
        seed = self._drawn if request.seed is None else request.seed
        return _Way(manner.task, {**manner.fields, "seed": seed}, request.language)

    def _add(self, parts: Iterable[Part]) -> None:
        self._turns += [_Turn(self._open, part, self._way) for part in parts]
        self._touch()

    def _next_utterance(self) -> _Utterance:
        """Let another utterance begin; the one before."""
        before, self._open = self._open, _Utterance(self._open.number + 1)
        return before

    # --- from turns to jobs ---

    async def _submit(self) -> None:
        """Submit sentence after sentence, a few ahead of what is heard."""
        while not self._closed:
            await self._until(lambda: self._to_submit is not None)
            if turn := self._to_submit:
                turn.taken = True
                await self._submit_one(turn)
                self._ring()

    @property
    def _to_submit(self) -> _Turn | None:
        turns = (turn for turn in self._turns if isinstance(turn, _Turn))
        return next((turn for turn in islice(turns, AHEAD + 1) if not turn.taken), None)

    async def _submit_one(self, turn: _Turn) -> None:
        """Submit a sentence; while there is no room, again and again for a while."""
        clock = asyncio.get_running_loop().time
        until = clock() + _PATIENCE
        fields = {**turn.way.fields, "text": turn.part.said}
        while not turn.utterance.over:
            try:
                job = (await begin(self._here, self._sender, turn.way.task, fields)).id
            except (QueueFull, TooManyJobs, QueueUnavailable) as error:
                if clock() > until:
                    turn.error = error
                    return
                await asyncio.sleep(min(error.retry_after or _AGAIN, _AGAIN))
            except SpeechError as error:
                turn.error = error
                return
            else:
                turn.job = job
                if turn.utterance.over:
                    await self._drop([job])
                return

    # --- from jobs to events ---

    async def _relay(self) -> None:
        """Hear the jobs one after the other."""
        while not self._closed:
            await self._until(lambda: bool(self._turns) and self._turns[0].ready)
            if not self._turns:
                continue
            turn = self._turns[0]
            if isinstance(turn, _Close):
                await self._close_utterance(turn)
                continue
            self._hearing = asyncio.create_task(self._hear(turn))
            await asyncio.wait({self._hearing})
            if not self._hearing.cancelled():
                self._hearing.result()
            if self._turns and self._turns[0] is turn:
                self._turns.popleft()
            self._ring()

    async def _close_utterance(self, turn: _Close) -> None:
        await self._until(lambda: turn.utterance.over or len(self._outbox) < _KEPT)
        if not turn.utterance.over:
            self._turns.popleft()
            self._end(turn.utterance)

    async def _hear(self, turn: _Turn) -> None:
        """One sentence, from its first message to its last."""
        try:
            if turn.error:
                raise turn.error
            async with aclosing(hear(self._here, turn.job)) as messages:
                async for message in messages:
                    await self._tell(turn, message)
        except SpeechError as error:
            if not turn.utterance.over:
                await self._fail(turn.utterance, error)

    async def _tell(self, turn: _Turn, message: Heard) -> None:
        utterance = turn.utterance
        match message:
            case events.Header(engine=engine):
                if not utterance.begun:
                    utterance.begun = True
                    await self._put(utterance, Began(utterance.number, turn.job, engine))
                await self._sound(utterance, _silence(turn.part.pause))
                turn.start = utterance.samples
            case bytes():
                await self._sound(utterance, message)
            case events.Notice(message=text) if text not in self._warnings:
                self._warnings.add(text)
                await self._put(utterance, Warned(utterance.number, text))
            case events.End(result=result):
                utterance.characters += turn.part.characters
                segments = _segments(result or {}, turn.start / SAMPLE_RATE)
                said = Said(utterance.number, turn.job, turn.part.text, segments)
                await self._put(utterance, said)
            case events.Waiting() | events.Notice():
                pass

    async def _sound(self, utterance: _Utterance, data: bytes) -> None:
        if data:
            utterance.samples += len(data) // SAMPLE_BYTES
            await self._put(utterance, Sound(utterance.number, data))

    async def _put(self, utterance: _Utterance, event: Event) -> None:
        """Let the reader have an event, once there is room; not of what was broken off."""
        await self._until(lambda: utterance.over or len(self._outbox) < _KEPT)
        if not utterance.over:
            self._outbox.append(event)
            self._ring()

    def _end(
        self, utterance: _Utterance, cancelled: bool = False, error: SpeechError | None = None
    ) -> None:
        partial = utterance.samples > 0 and (cancelled or error is not None)
        self._outbox.append(
            Ended(utterance.number, utterance.characters, cancelled, error, partial)
        )
        self._ring()

    async def _next_event(self) -> bool:
        """Whether there is another event, once that is known. Raises a fault of our own."""
        await self._until(lambda: bool(self._outbox) or self._silent)
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
        return bool(self._outbox)

    # --- breaking off ---

    def _unheard(self) -> list[_Utterance]:
        """The utterances of which something is still to come."""
        waiting = [turn.utterance for turn in self._turns]
        if self._open.wanted:
            waiting.append(self._open)
        return list(dict.fromkeys(waiting))

    def _break_off(self, utterances: list[_Utterance]) -> list[str]:
        """Forget all that is to come of utterances; the jobs that nobody will hear."""
        for utterance in utterances:
            utterance.over = True
        numbers = {utterance.number for utterance in utterances}
        dropped = [turn for turn in self._turns if turn.utterance.over]
        self._keep(lambda turn: not turn.utterance.over)
        self._outbox = deque(
            event
            for event in self._outbox
            if isinstance(event, Idled) or event.utterance not in numbers
        )
        if self._open.over:
            self._stops += 1
            self._text.restart()
            self._next_utterance()
        self._ring()
        return [turn.job for turn in dropped if isinstance(turn, _Turn) and turn.job]

    async def _fail(self, utterance: _Utterance, error: SpeechError) -> None:
        """Say that an utterance cannot be heard to its end; what it has told already stays."""
        told = self._outbox
        jobs = self._break_off([utterance])
        self._outbox = told
        self._end(utterance, error=error)
        await self._drop(jobs)

    async def _let_go(self, jobs: list[str]) -> None:
        """Cancel jobs, and hear none of them any more."""
        await self._drop(jobs)
        if self._hearing:
            await stop(self._hearing)

    async def _drop(self, jobs: list[str]) -> None:
        for job in jobs:
            with suppress(AlreadyEnded, UnknownJob, QueueUnavailable):
                await run_in_threadpool(self._here.queue.cancel, job)

    def _keep(self, wanted: Callable[[_Turn | _Close], bool]) -> None:
        self._turns = deque(turn for turn in self._turns if wanted(turn))
        self._ring()

    # --- waiting ---

    def _begin(self) -> None:
        """Start what runs beside the client, once."""
        self._touch()
        if not self._tasks and not self._closed:
            works = (self._submit(), self._relay(), self._watch())
            self._tasks = [asyncio.create_task(work) for work in works]
            for task in self._tasks:
                task.add_done_callback(lambda _: self._ring())

    async def _watch(self) -> None:
        """Finish when nothing has come and nothing was to be heard for a while."""
        clock = asyncio.get_running_loop().time
        while not self._finishing:
            await self._until(lambda: self._finishing or not self._busy)
            left = self._touched + self._idle_seconds - clock()
            if left > 0:
                await asyncio.sleep(left)
            elif not self._finishing:
                self._idled = True
                await self.finish()

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Come back when it is so, or the session is closed."""
        while not (self._closed or reached()):
            await self._bell.wait()

    def _ring(self) -> None:
        """Let all who wait look again."""
        self._bell.set()
        self._bell.clear()

    def _touch(self) -> None:
        self._touched = asyncio.get_running_loop().time()
        self._ring()


def _silence(seconds: float) -> bytes:
    return bytes(round(seconds * SAMPLE_RATE) * SAMPLE_BYTES)


def _segments(result: dict[str, Any], start: float) -> list[Segment]:
    """The segments of a sentence's job, so many seconds later."""
    found = [Segment.model_validate(segment) for segment in result.get("segments", ())]
    return [placed(segment, start) for segment in found]


def placed(segment: Segment, start: float = 0.0, speed: float = 1.0) -> Segment:
    """A segment of sound that is played at a speed and begins at `start`, in seconds."""

    def at(time: float) -> float:
        return start + time / speed

    words = segment.words and [
        word.model_copy(update={"start": at(word.start), "end": at(word.end)})
        for word in segment.words
    ]
    return segment.model_copy(
        update={"start": at(segment.start), "end": at(segment.end), "words": words}
    )
