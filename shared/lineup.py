"""Who stands where in the queue, and how long it will take: estimates times the measured pace."""

import math
import time
from dataclasses import dataclass

from shared import keys, rq, status
from shared.connection import Connection, answered
from shared.jobs import JobRecord, Progress
from shared.states import JobState

_LIFE = 0.3
"""Seconds for which the places in the queue are taken as known."""
_UNKNOWN_PACE = 1.0
_PACE_WEIGHT = 0.2


@dataclass(frozen=True)
class Sketch:
    """A job without its text."""

    state: JobState
    estimate: float
    done: float

    def remaining(self, pace: float) -> float:
        """Seconds until it would be done if it ran now."""
        return self.estimate * (1 - self.done) * pace


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands."""

    ahead: int
    """Jobs that run or wait before it."""
    seconds: float
    """Until it is done, about."""


class Lineup:
    """Places and times of the active jobs. Every method raises QueueUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection
        self._places: dict[str, Place] = {}
        self._looked_at = 0.0

    def place(self, record: JobRecord) -> Place:
        """Where a waiting job stands; looked up anew a few times a second at most."""
        fresh = time.monotonic() - self._looked_at < _LIFE
        if not fresh or record.id not in self._places:
            self._places = self._line_up()
            self._looked_at = time.monotonic()
        return self._places.get(record.id, Place(0, record.estimate))

    def left(self, record: JobRecord) -> float:
        """Seconds until a running job is done."""
        done = record.progress.fraction if record.progress else 0.0
        return Sketch(record.state, record.estimate, done).remaining(self.pace())

    def drain(self) -> float:
        """Whole seconds until a place is likely to be free."""
        pace = self.pace()
        with answered():
            sketches = self._sketches().values()
        return max(1.0, math.ceil(min((job.remaining(pace) for job in sketches), default=1.0)))

    def pace(self) -> float:
        """Wall seconds per second of audio of the engine in use, a moving average."""
        with answered():
            engine = self._redis.hget(keys.PACE, "last")
            learnt = self._redis.hget(keys.PACE, engine) if engine else None
        return float(learnt) if learnt else _UNKNOWN_PACE

    def learn(self, engine: str, real_time_factor: float) -> None:
        """Let the estimates follow what was measured."""
        with answered():
            known = self._redis.hget(keys.PACE, engine)
            old = float(known) if known else real_time_factor
            pace = (1 - _PACE_WEIGHT) * old + _PACE_WEIGHT * real_time_factor
            self._redis.hset(keys.PACE, mapping={engine: pace, "last": engine})

    def _line_up(self) -> dict[str, Place]:
        pace = self.pace()
        with answered():
            sketches = self._sketches()
            workers = max(1, len(status.workers(self._redis)))
            waiting = [rq.queue(name, self._redis).ids() for name in keys.QUEUES]
        running = [sketch for sketch in sketches.values() if sketch.state is JobState.RUNNING]
        ahead, seconds = len(running), sum(sketch.remaining(pace) for sketch in running)
        places: dict[str, Place] = {}
        for job_id in (job_id for lane in waiting for job_id in lane):
            sketch = sketches.get(job_id)
            if sketch is None or sketch.state is not JobState.QUEUED:
                continue
            seconds += sketch.remaining(pace)
            places[job_id] = Place(ahead, seconds / workers)
            ahead += 1
        return places

    def _sketches(self) -> dict[str, Sketch]:
        """Of every active job, what its place and its time depend on, without its text."""
        ids = [job_id.decode() for job_id in self._redis.zrange(keys.ACTIVE, 0, -1)]
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hmget(keys.job(job_id), "state", "estimate", "progress")
            found = zip(ids, pipeline.execute(), strict=True)
        return {job_id: _sketch(*fields) for job_id, fields in found if fields[0]}


def _sketch(state: bytes, estimate: bytes | None, progress: bytes | None) -> Sketch:
    done = Progress.model_validate_json(progress).fraction if progress else 0.0
    return Sketch(JobState(state.decode()), float(estimate or 0), done)
