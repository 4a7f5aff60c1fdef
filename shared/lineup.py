"""Who stands where in the queue, and how long it will take: estimates times the measured pace."""

import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared import keys, rq, status, turns
from shared.connection import Connection, answered
from shared.jobs import JobRecord, Progress
from shared.requests import CONTRACTS
from shared.states import JobState
from shared.status import WorkerStatus
from shared.turns import Waiting

_LIFE = 0.3
"""Seconds for which the places in the queue are taken as known."""
_UNKNOWN_PACE = 1.0
_PACE_WEIGHT = 0.2


@dataclass(frozen=True)
class Paces:
    """Wall seconds per second of audio of the engine in use, moving averages."""

    speech: float
    codec: float
    """Where nothing is generated, which is far faster."""

    def of(self, task: str) -> float:
        codec = task in CONTRACTS and CONTRACTS[task].on_codec_alone
        return self.codec if codec else self.speech


@dataclass(frozen=True)
class Sketch:
    """A job without its text."""

    task: str
    state: JobState
    estimate: float
    done: float
    worker: str = ""
    needs: str = ""
    overtaken_at: float | None = None

    def remaining(self, paces: Paces) -> float:
        """Seconds until it would be done if it ran now."""
        return self.estimate * (1 - self.done) * paces.of(self.task)


@dataclass
class Hand:
    """A worker as it will be when it has done what is before a job."""

    name: str
    queues: Sequence[str]
    """Those that it serves, the most urgent first."""
    loaded: Collection[str]
    """What it serves without a swap, in the words of `JobRecord.needs`."""
    swaps: bool
    """False where there is nothing to load, and jobs are taken in their order."""
    seconds: float = 0.0
    """Until it is free."""
    jobs: int = 0
    """How many it will have done by then."""

    def do(self, needs: str, seconds: float) -> None:
        """One job more; what was loaded before is taken to have made room."""
        self.seconds += seconds
        self.jobs += 1
        if self.swaps and needs and needs not in self.loaded:
            self.loaded = (needs,)

    def next_lane(self, lanes: dict[str, list[Waiting]]) -> str | None:
        """The queue that it takes its next job from, None where all are empty."""
        return next((name for name in self.queues if lanes.get(name)), None)


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands."""

    ahead: int
    """Jobs that run or wait before it."""
    seconds: float
    """Until it is done, about."""


@dataclass(frozen=True)
class Load:
    """How many active jobs there are."""

    running: int = 0
    waiting: int = 0
    paused: int = 0
    seconds: float = 0.0
    """Until those that run or wait are done, about."""


class Lineup:
    """Places and times of the active jobs. Every method raises QueueUnavailable."""

    def __init__(self, connection: Connection, patience: float) -> None:
        """`patience`: seconds for which a job may be overtaken to save a swap."""
        self._redis = connection
        self._patience = patience
        self._places: dict[str, Place] = {}
        self._load = Load()
        self._looked_at = 0.0

    def place(self, record: JobRecord) -> Place:
        """Where a waiting job stands; looked up anew a few times a second at most."""
        if not self._fresh or record.id not in self._places:
            self._look()
        return self._places.get(record.id, Place(0, record.estimate))

    def load(self) -> Load:
        """How much there is to do; looked up as seldom as `place`."""
        if not self._fresh:
            self._look()
        return self._load

    @property
    def _fresh(self) -> bool:
        return time.monotonic() - self._looked_at < _LIFE

    def _look(self) -> None:
        self._places, self._load = self._line_up()
        self._looked_at = time.monotonic()

    def left(self, record: JobRecord) -> float:
        """Seconds until a running job is done."""
        done = record.progress.fraction if record.progress else 0.0
        return Sketch(record.task, record.state, record.estimate, done).remaining(self._paces())

    def drain(self) -> float:
        """Whole seconds until a place is likely to be free."""
        paces = self._paces()
        with answered():
            sketches = self._sketches().values()
        # How long a paused one will stay, nobody knows.
        lefts = (job.remaining(paces) for job in sketches if job.state is not JobState.PAUSED)
        return max(1.0, math.ceil(min(lefts, default=1.0)))

    def pace(self) -> float:
        """Wall seconds per second of speech of the engine in use, a moving average."""
        return self._paces().speech

    def learn(self, engine: str, real_time_factor: float, codec: bool = False) -> None:
        """Let the estimates follow what was measured, of the codec alone or of speech."""
        field = _of_codec(engine) if codec else engine
        with answered():
            known = self._redis.hget(keys.PACE, field)
            old = float(known) if known else real_time_factor
            pace = (1 - _PACE_WEIGHT) * old + _PACE_WEIGHT * real_time_factor
            self._redis.hset(keys.PACE, mapping={field: pace, "last": engine})

    def _paces(self) -> Paces:
        with answered():
            engine = (self._redis.hget(keys.PACE, "last") or b"").decode()
            learnt = self._redis.hmget(keys.PACE, engine, _of_codec(engine))
        return Paces(*(float(pace) if pace else _UNKNOWN_PACE for pace in learnt))

    def _line_up(self) -> tuple[dict[str, Place], Load]:
        paces = self._paces()
        with answered():
            sketches = self._sketches()
            hands = _hands(status.workers(self._redis))
            lanes = {
                name: list(_waiting(rq.queue(name, self._redis).ids(), sketches))
                for name in keys.QUEUES
            }
        for sketch in sketches.values():
            if sketch.state is JobState.RUNNING:
                hand = next((hand for hand in hands if hand.name == sketch.worker), _first(hands))
                hand.do(sketch.needs, sketch.remaining(paces))
        seconds = {job_id: sketch.remaining(paces) for job_id, sketch in sketches.items()}
        places = dict(line_up(lanes, hands, seconds, time.time(), self._patience))
        states = Counter(sketch.state for sketch in sketches.values())
        load = Load(
            running=states[JobState.RUNNING],
            waiting=states[JobState.QUEUED],
            paused=states[JobState.PAUSED],
            seconds=max((hand.seconds for hand in hands), default=0.0),
        )
        return places, load

    def _sketches(self) -> dict[str, Sketch]:
        """Of every active job, what its place and its time depend on, without its text."""
        ids = [job_id.decode() for job_id in self._redis.zrange(keys.ACTIVE, 0, -1)]
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hmget(keys.job(job_id), *_FIELDS)
            found = zip(ids, pipeline.execute(), strict=True)
        return {job_id: _sketch(*fields) for job_id, fields in found if all(fields[:2])}


def line_up(
    lanes: dict[str, list[Waiting]],
    hands: Sequence[Hand],
    seconds: Mapping[str, float],
    now: float,
    patience: float,
) -> Iterator[tuple[str, Place]]:
    """Take the jobs out of the queues as the workers will, whoever is free first.

    `seconds` says for each job how long it takes; loading is not counted.
    """
    while True:
        free = [hand for hand in hands if hand.next_lane(lanes)]
        if not free:
            return
        hand = _first(free)
        lane = hand.next_lane(lanes) or ""
        job = turns.take(lanes[lane], hand.loaded, now + hand.seconds, patience)
        ahead = sum(other.jobs for other in hands if lane in other.queues)
        hand.do(job.needs, seconds[job.id])
        yield job.id, Place(ahead, hand.seconds)


def _hands(alive: Sequence[WorkerStatus]) -> list[Hand]:
    """The live workers, and one that is still to come for the queues that nobody serves."""
    hands = [
        Hand(worker.name, worker.queues, worker.needs, swaps=not worker.engine.preview)
        for worker in alive
    ]
    unserved = status.unserved(alive)
    return [*hands, Hand("", unserved, (), swaps=False)] if unserved else hands


def _first(hands: Sequence[Hand]) -> Hand:
    """The one that is free first."""
    return min(hands, key=lambda hand: hand.seconds)


def _waiting(job_ids: Iterable[str], sketches: Mapping[str, Sketch]) -> Iterator[Waiting]:
    for job_id in job_ids:
        sketch = sketches.get(job_id)
        if sketch and sketch.state is JobState.QUEUED:
            yield Waiting(job_id, sketch.needs, sketch.overtaken_at)


def _of_codec(engine: str) -> str:
    """The field of the codec's pace beside that of speech."""
    return f"{engine} codec"


_FIELDS = ("task", "state", "estimate", "progress", "worker", "needs", "overtaken_at")


def _sketch(
    task: bytes,
    state: bytes,
    estimate: bytes | None,
    progress: bytes | None,
    worker: bytes | None,
    needs: bytes | None,
    overtaken_at: bytes | None,
) -> Sketch:
    return Sketch(
        task=task.decode(),
        state=JobState(state.decode()),
        estimate=float(estimate or 0),
        done=Progress.model_validate_json(progress).fraction if progress else 0.0,
        worker=(worker or b"").decode(),
        needs=(needs or b"").decode(),
        overtaken_at=float(overtaken_at) if overtaken_at else None,
    )
