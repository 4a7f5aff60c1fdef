"""What workers measured and what jobs took, kept in Redis: an hour in detail, a day in minutes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel

from shared import keys
from shared.connection import Connection
from shared.readings import Reading

Entry = TypeVar("Entry", bound=BaseModel)
Value = TypeVar("Value")

HOUR, DAY = 3_600, 86_400
EVERY = 5.0
"""Seconds between two readings of a worker."""
_DETAILED = round(HOUR / EVERY)
_MINUTES = DAY // 60
ENDS = 5_000
"""Jobs that are kept at most, and for a day at most."""
WORKERS = 50
"""Workers that are found at most, the latest: names may be others at each start."""
_FIELD = b"json"


class Minute(BaseModel):
    """The readings of a minute in two."""

    mean: Reading
    most: Reading


class End(BaseModel):
    """What a job took that a worker ended; nothing of what it said, or whose voice."""

    task: str
    state: Literal["succeeded", "failed", "cancelled"]
    engine: str
    preview: bool
    queued: float
    """Seconds from submission to the beginning of the last attempt."""
    first_audio: float | None = None
    """Seconds from that to the first sound; None, as the real-time factor, of a job that did not
    succeed, used the codec alone, or took lines over from another."""
    audio: float | None = None
    """Seconds."""
    generation: float | None = None
    """Seconds."""
    real_time_factor: float | None = None
    characters: int | None = None
    """Of the text that was spoken."""
    code: str = ""
    """Of the error of a job that failed."""


@dataclass(frozen=True)
class Sample:
    """What was measured at a moment, or over the minute before it."""

    at: float
    """Unix seconds, by the clock of Redis."""
    mean: Reading
    most: Reading


def clock(connection: Connection) -> float:
    """Unix seconds as Redis tells them: those who write and those who read may not agree."""
    seconds, microseconds = connection.time()
    return seconds + microseconds / 1e6


# --- writing: the clock is that of Redis, unless the caller says when ------------------------


def note(connection: Connection, worker: str, reading: Reading, at: float | None = None) -> None:
    """Keep a reading for an hour."""
    _append(connection, keys.readings(worker), reading, _DETAILED, HOUR, at)


def note_minute(
    connection: Connection, worker: str, readings: Sequence[Reading], at: float | None = None
) -> None:
    """Keep the readings of a minute, as one, for a day."""
    minute = Minute(mean=_each(readings, _mean), most=_each(readings, max))
    _append(connection, keys.minutes(worker), minute, _MINUTES, DAY, at)


def enter(connection: Connection, worker: str, at: float | None = None) -> None:
    """Let the readings of a worker be found for a day from now on."""
    now = clock(connection) if at is None else at
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.zadd(keys.MEASURED, {worker: now})
        pipeline.zremrangebyscore(keys.MEASURED, "-inf", now - DAY)
        pipeline.zremrangebyrank(keys.MEASURED, 0, -WORKERS - 1)
        pipeline.expire(keys.MEASURED, DAY)
        pipeline.execute()


def note_end(connection: Connection, end: End, at: float | None = None) -> None:
    """Keep what a job took."""
    _append(connection, keys.ENDED, end, ENDS, DAY, at)


# --- reading ---------------------------------------------------------------------------------


def workers(connection: Connection) -> list[str]:
    """Those that measured something within a day, by name."""
    return sorted(name.decode() for name in connection.zrange(keys.MEASURED, 0, -1))


def samples(connection: Connection, worker: str, since: float) -> list[Sample]:
    """What a worker measured, in time's order: minutes where `since` is over an hour ago, and
    single readings where there is no minute yet."""
    long: list[Sample] = []
    if since < clock(connection) - HOUR:
        minutes = _entries(connection, keys.minutes(worker), since, Minute)
        long = [Sample(at, minute.mean, minute.most) for at, minute in minutes]
    begin = long[-1].at if long else since
    short = _entries(connection, keys.readings(worker), begin, Reading)
    return [*long, *(Sample(at, reading, reading) for at, reading in short)]


def ends(connection: Connection, since: float) -> list[tuple[float, End]]:
    """The jobs that ended since then, with the moment of each."""
    return _entries(connection, keys.ENDED, since, End)


def _append(
    connection: Connection, key: str, entry: BaseModel, length: int, life: int, at: float | None
) -> None:
    moment = "*" if at is None else f"{at * 1000:.0f}-0"
    told = entry.model_dump_json(exclude_none=True)
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.xadd(key, {_FIELD: told}, moment, maxlen=length, approximate=False)
        pipeline.expire(key, life)
        pipeline.execute()


def _entries(
    connection: Connection, key: str, since: float, kind: type[Entry]
) -> list[tuple[float, Entry]]:
    found = connection.xrange(key, f"({since * 1000:.0f}")
    return [
        (int(moment.partition(b"-")[0]) / 1000, kind.model_validate_json(fields[_FIELD]))
        for moment, fields in found
    ]


def _each(readings: Sequence[Reading], one: Callable[[list[float]], float]) -> Reading:
    """Several readings as one, quantity by quantity."""
    columns = {
        name: [value for it in readings if (value := getattr(it, name)) is not None]
        for name in Reading.model_fields
    }
    return Reading(**{name: one(column) for name, column in columns.items() if column})


# --- stretches of time -----------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A span of time in equal stretches, which begin at multiples of their length.

    So a picture of it moves on by whole stretches.
    """

    begin: float
    step: float
    points: int

    @classmethod
    def until(cls, now: float, seconds: float, points: int) -> "Span":
        """The span that ends with the stretch of `now`; in fewer points where there would be
        stretches in which nobody measures."""
        least = 1.5 * (EVERY if seconds <= HOUR else 60.0)
        points = max(1, min(points, int(seconds / least)))
        step = seconds / points
        return cls((math.floor(now / step) + 1 - points) * step, step, points)

    def sorted(self, dated: Iterable[tuple[float, Value]]) -> list[list[Value]]:
        """Values by the stretch of their moment; those of no stretch are left out."""
        found: list[list[Value]] = [[] for _ in range(self.points)]
        for at, value in dated:
            place = math.floor((at - self.begin) / self.step)
            if 0 <= place < self.points:
                found[place].append(value)
        return found


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of them does not exceed, between two where it falls there."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def mean(values: Sequence[float]) -> float | None:
    """None of no values."""
    return _mean(values) if values else None
