"""Which outputs go by themselves: pure rules, and the sweep that follows them.

A starred output is touched by none of them, in the trash neither.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from shared.errors import UnknownOutput
from shared.settings import Settings
from shared.stores.index import OutputIndex
from shared.stores.outputs import OutputStore

_DAY = 86_400.0
_GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Kept:
    """What a rule needs to know of a run."""

    run: str
    since: float
    """When it was finished, restored or put into the trash; Unix seconds."""
    bytes: int
    starred: bool


@dataclass(frozen=True)
class Sweep:
    """What a sweep did."""

    trashed: tuple[str, ...]
    purged: tuple[str, ...]


def outdated(kept: Iterable[Kept], days: float, now: float) -> list[str]:
    """Runs older than `days`, starred ones excepted."""
    return [item.run for item in kept if not item.starred and now - item.since > days * _DAY]


def overflowing(kept: Iterable[Kept], room: float) -> list[str]:
    """The oldest runs that must go until the others fit into `room` bytes; starred ones stay."""
    oldest_first = sorted(kept, key=lambda item: item.since)
    excess = sum(item.bytes for item in oldest_first) - room
    going: list[str] = []
    for item in oldest_first:
        if excess <= 0:
            break
        if not item.starred:
            going.append(item.run)
            excess -= item.bytes
    return going


def sweep(store: OutputStore, index: OutputIndex, settings: Settings, now: float) -> Sweep:
    """Follow the rules that `settings` sets: first by age, then by size.

    The size limit counts the trash too and empties it first, since only what is purged makes room.
    """
    old = outdated(_outputs(index), settings.outputs_keep_days, now)
    trashed = [run for run in old if settings.outputs_keep_days and _trash(store, run)]
    forgotten = outdated(_trashed(store), settings.trash_keep_days, now)
    purged = [run for run in forgotten if _purge(store, run)]
    if settings.outputs_max_gb:
        purged += _make_room(store, index, settings.outputs_max_gb * _GIGABYTE)
    return Sweep(tuple(trashed), tuple(purged))


def _make_room(store: OutputStore, index: OutputIndex, limit: float) -> list[str]:
    outputs, trash = _outputs(index), _trashed(store)
    purged = [
        run
        for run in overflowing(trash, limit - sum(item.bytes for item in outputs))
        if _purge(store, run)
    ]
    left = sum(item.bytes for item in trash if item.run not in purged)
    for run in overflowing(outputs, limit - left):
        if _trash(store, run) and _purge(store, run):
            purged.append(run)
    return purged


def _outputs(index: OutputIndex) -> list[Kept]:
    return [
        Kept(entry.output.id, entry.aged_from, entry.output.bytes, entry.output.starred)
        for entry in index.runs()
    ]


def _trashed(store: OutputStore) -> list[Kept]:
    return [Kept(item.run, item.since, item.bytes, item.starred) for item in store.trashed()]


def _trash(store: OutputStore, run: str) -> bool:
    """False for a run that somebody starred or threw away in the meantime."""
    with suppress(UnknownOutput):
        if not store.labels(run).starred:
            store.trash(run)
            return True
    return False


def _purge(store: OutputStore, run: str) -> bool:
    """False for a run that somebody restored or purged in the meantime."""
    with suppress(UnknownOutput):
        store.purge(run)
        return True
    return False
