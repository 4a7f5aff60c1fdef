"""The worker's diary in Redis: what it measures every few seconds, and what each job took.

It is written in a thread of its own, and while Redis is away pages are lost, never a job's time.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

import redis

from shared import history
from shared.connection import Connection
from shared.errors import QueueUnavailable
from shared.history import End
from shared.jobs import EngineInfo, JobRecord
from shared.queue import JobQueue
from shared.readings import Reading
from shared.requests import contract
from shared.stores.recipe import Recipe
from worker.monitor import Monitor

_MINUTE = 60.0
_UNWRITTEN = 200
"""Ends of jobs that wait for Redis at most; the oldest are forgotten first."""
_READINGS = 60
"""Of a minute, at most: a Redis that is full takes none of them."""

log = logging.getLogger(__name__)


class Diary:
    """Notes a reading every few seconds, and ends of jobs as they come."""

    def __init__(
        self,
        connection: Connection,
        worker: str,
        queue: JobQueue,
        monitor: Monitor,
        engine: Callable[[], EngineInfo],
        *,
        every: float = history.EVERY,
    ) -> None:
        """`connection` and that of `queue` give up soon; `engine` says what would speak now."""
        self._redis = connection
        self._worker = worker
        self._queue = queue
        self._monitor = monitor
        self._engine = engine
        self._every = every
        self._minute: deque[Reading] = deque(maxlen=_READINGS)
        self._minute_ends = time.monotonic() + _MINUTE
        self._ends: deque[End] = deque(maxlen=_UNWRITTEN)
        self._wake = threading.Event()
        self._stopped = False
        self._silent = False
        self._thread = threading.Thread(target=self._run, name="diary", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and no more."""
        self._stopped = True
        self._wake.set()
        self._thread.join(timeout=3)

    def succeeded(self, recipe: Recipe, characters: int | None = None) -> End:
        """A job has come to its good end, and that many characters were spoken."""
        spoken = _spoken(recipe)
        return self._note(
            End(
                task=recipe.task,
                state="succeeded",
                engine=recipe.engine.name,
                preview=recipe.engine.preview,
                queued=max(0.0, recipe.timings.queued),
                first_audio=recipe.timings.first_audio if spoken else None,
                audio=recipe.duration_seconds,
                generation=recipe.timings.generation,
                real_time_factor=recipe.timings.real_time_factor if spoken else None,
                characters=characters,
            )
        )

    def ended(
        self,
        record: JobRecord,
        state: Literal["failed", "cancelled"],
        begun: float,
        code: str = "",
    ) -> End:
        """A job that was begun, Unix seconds, has come to another end; `code` is its error's."""
        engine = self._engine()
        return self._note(
            End(
                task=record.task,
                state=state,
                engine=engine.name,
                preview=engine.preview,
                queued=max(0.0, begun - record.created_at),
                code=code,
            )
        )

    def _note(self, end: End) -> End:
        self._ends.append(end)
        self._wake.set()
        return end

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped:
            self._wake.wait(max(0.0, due - time.monotonic()))
            self._wake.clear()
            measuring = time.monotonic() >= due
            if measuring:
                due = time.monotonic() + self._every
            self._write(measuring=measuring)
        self._write(measuring=False)  # what came while the last page was written

    def _write(self, *, measuring: bool) -> None:
        """What waits, and a reading if one is due."""
        try:
            self._write_ends()
            if measuring:
                self._measure()
            self._silent = False
        except (redis.RedisError, QueueUnavailable) as error:
            if not self._silent:
                log.warning("The diary is not written for now, which harms no job: %s", error)
            self._silent = True
        except Exception:  # a day without a diary is better than a worker that stumbles over it
            log.exception("The diary met a fault.")

    def _write_ends(self) -> None:
        """One that cannot be written for want of Redis waits on; any other fault loses it."""
        while self._ends:
            end = self._ends.popleft()
            try:
                history.note_end(self._redis, end)
            except (redis.RedisError, QueueUnavailable):
                self._ends.appendleft(end)
                raise

    def _measure(self) -> None:
        waiting = sum(self._queue.lengths().values())
        reading = Reading.of(self._monitor.gpu(), self._monitor.process(), waiting)
        self._minute.append(reading)
        history.note(self._redis, self._worker, reading)
        if len(self._minute) == 1:
            history.enter(self._redis, self._worker)
        if time.monotonic() >= self._minute_ends:
            minute = list(self._minute)
            self._minute.clear()
            self._minute_ends = time.monotonic() + _MINUTE
            history.note_minute(self._redis, self._worker, minute)


def _spoken(recipe: Recipe) -> bool:
    """Whether all that is heard was generated: what only the codec made, or was taken over from
    another job, says nothing of how fast the engine speaks."""
    taken_over = recipe.lines is not None and recipe.lines.taken_over > 0
    codec = contract(recipe.task).on_codec_alone
    return recipe.duration_seconds > 0 and not codec and not taken_over
