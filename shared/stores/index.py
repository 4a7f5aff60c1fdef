"""The outputs index: in memory, rebuilt from the runs' files, brought up to date at each use."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from pydantic import ValidationError

from shared.errors import RecordDamaged, UnknownOutput
from shared.jobs import moment
from shared.stores.listing import (
    Facet,
    Facets,
    Output,
    Page,
    Query,
    Thrown,
    TrashPage,
    Usage,
    cursor,
    order,
    output,
    place,
    written,
)
from shared.stores.outputs import Labels, Marks, OutputStore, Trashed
from shared.stores.recipe import Recipe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Indexed:
    """What is kept in memory of one run."""

    changed: float
    output: Output
    aged_from: float
    """When retention rules began to count: finished, or restored; Unix seconds."""
    words: str
    """What a search looks through, case-folded."""


class OutputIndex:
    """Answers questions about finished runs; safe to share between threads.

    Every method raises StoreUnavailable where the store does.
    """

    def __init__(self, store: OutputStore) -> None:
        self._store = store
        self._lock = Lock()
        self._runs: dict[str, Indexed] = {}
        self._damaged: dict[str, float] = {}
        """Runs that cannot be understood, as they were when it was logged."""

    def search(self, query: Query) -> Page:
        """The page of outputs that `query` asks for. Raises InvalidRequest for a bad cursor."""
        matches = _matcher(query)
        found = [indexed.output for indexed in self.runs() if matches(indexed)]
        descending = query.sort.startswith("-")
        found.sort(key=lambda item: order(item, query.sort), reverse=descending)
        rest = _after(found, query) if query.cursor else found
        items = rest[: query.limit]
        more = len(rest) > query.limit
        following = cursor(items[-1], query.sort) if more else None
        length = sum(item.duration_seconds for item in found)
        return Page(items=items, total=len(found), duration_seconds=length, next_cursor=following)

    def facets(self) -> Facets:
        """What there is to filter by."""
        found = [indexed.output for indexed in self.runs()]
        return Facets(
            tasks=_counted(item.task for item in found),
            voices=_counted(item.voice for item in found if item.voice),
            tags=_counted_tags(found),
            engines=_counted(item.engine.name for item in found),
        )

    def get(self, run: str) -> Output:
        """Raises UnknownOutput, or RecordDamaged if it is there and cannot be understood."""
        with self._lock:
            self._refresh()
            if run in self._runs:
                return self._runs[run].output
        self.recipe(run)
        self._store.labels(run)
        raise UnknownOutput("There is no such output.", param="id")

    def recipe(self, run: str) -> Recipe:
        """From what it was made. Raises UnknownOutput or RecordDamaged."""
        return _recipe(run, self._store.metadata(run))

    def runs(self) -> list[Indexed]:
        """Every finished run that can be understood, in no order."""
        with self._lock:
            self._refresh()
            return list(self._runs.values())

    def usage(self) -> Usage:
        """What the outputs and the trash take."""
        sizes = [indexed.output.bytes for indexed in self.runs()]
        trash = [item.bytes for item in self._store.trashed()]
        return Usage(
            outputs=len(sizes),
            bytes=sum(sizes),
            trash=len(trash),
            trash_bytes=sum(trash),
            free_bytes=self._store.free(),
        )

    def trash(self, limit: int) -> TrashPage:
        """What lies in the trash: the `limit` thrown away last."""
        found = sorted(self._store.trashed(), key=lambda item: item.since, reverse=True)
        return TrashPage(
            items=[thrown for item in found[:limit] if (thrown := self._thrown(item))],
            total=len(found),
            bytes=sum(item.bytes for item in found),
        )

    def _thrown(self, item: Trashed) -> Thrown | None:
        """None for what cannot be understood, or was restored a moment ago."""
        with suppress(UnknownOutput, RecordDamaged):
            metadata, labels = self._store.thrown(item.run)
            shown = output(_recipe(item.run, metadata), labels, item.bytes)
            return Thrown(**dict(shown), deleted_at=moment(item.since))
        return None

    def mark(self, run: str, changes: Marks) -> Output:
        """Lay the marks that are set in `changes` over those of the run."""
        with self._lock:
            labels = self._store.labels(run)
            self._store.label(run, labels.model_copy(update=changes.model_dump(exclude_unset=True)))
        return self.get(run)

    def restore(self, run: str) -> Output:
        """Take a run out of the trash; from now on it ages anew."""
        self.take_out(run)
        return self.get(run)

    def take_out(self, run: str) -> None:
        """The same, without looking at what came out: all runs are looked at for that."""
        with self._lock:
            self._store.restore(run)
            labels = self._store.labels(run)
            self._store.label(run, labels.model_copy(update={"restored_at": time.time()}))

    def _refresh(self) -> None:
        present = {entry.run: entry.changed for entry in self._store.entries()}
        for run in self._runs.keys() - present.keys():
            del self._runs[run]
        for run in self._damaged.keys() - present.keys():
            del self._damaged[run]
        for run, changed in present.items():
            if run not in self._runs or self._runs[run].changed != changed:
                self._read(run, changed)

    def _read(self, run: str, changed: float) -> None:
        if self._damaged.get(run) == changed:
            return
        self._runs.pop(run, None)
        self._damaged.pop(run, None)
        try:
            size = sum(self._store.files(run).values())
            self._runs[run] = _indexed(self.recipe(run), self._store.labels(run), size, changed)
        except UnknownOutput:
            return  # thrown away a moment ago
        except RecordDamaged as error:
            self._damaged[run] = changed
            log.warning("The output %s is left out: %s %s", run, error.message, error.next_step)


def _recipe(run: str, metadata: dict[str, Any]) -> Recipe:
    """Raises RecordDamaged."""
    try:
        recipe = Recipe.model_validate(metadata)
    except ValidationError as error:
        raise RecordDamaged(f"The metadata of {run} is not a recipe.") from error
    if recipe.id != run:
        raise RecordDamaged(f"The metadata of {run} belongs to another run.")
    return recipe


def _indexed(recipe: Recipe, labels: Labels, size: int, changed: float) -> Indexed:
    shown = output(recipe, labels, size)
    words = (written(recipe), shown.title, *shown.tags, shown.voice or "", shown.task)
    return Indexed(
        changed=changed,
        output=shown,
        aged_from=max(recipe.finished_at, labels.restored_at),
        words="\n".join(words).casefold(),
    )


def _after(ranked: list[Output], query: Query) -> list[Output]:
    """What follows the cursor of `query`."""
    seen = place(query.cursor or "", query.sort)
    if query.sort.startswith("-"):
        return [item for item in ranked if order(item, query.sort) < seen]
    return [item for item in ranked if order(item, query.sort) > seen]


def _matcher(query: Query) -> Callable[[Indexed], bool]:
    """All that `query` asks of a run, as one function."""
    words = query.q.casefold().split()
    tags = _folded(query.tag)
    exact = {
        field: value
        for field in ("task", "voice", "starred")
        if (value := getattr(query, field)) is not None
    }

    def matches(indexed: Indexed) -> bool:
        shown = indexed.output
        return (
            all(getattr(shown, field) == value for field, value in exact.items())
            and (query.engine is None or shown.engine.name == query.engine)
            and (query.since is None or shown.created_at >= query.since)
            and (query.until is None or shown.created_at < query.until)
            and tags <= _folded(shown.tags)
            and all(word in indexed.words for word in words)
        )

    return matches


def _counted(values: Iterable[str]) -> list[Facet]:
    counts = sorted(Counter(values).items(), key=lambda each: (-each[1], each[0].casefold()))
    return [Facet(value=value, outputs=count) for value, count in counts]


def _counted_tags(found: Iterable[Output]) -> list[Facet]:
    """Tags that differ in case alone are one, written as it is most often."""
    borne = Counter(tag for item in found for tag in item.tags)
    usual = {tag.casefold(): tag for tag, _ in reversed(borne.most_common())}
    return _counted(usual[tag.casefold()] for tag in borne.elements())


def _folded(tags: Iterable[str]) -> set[str]:
    return {tag.casefold() for tag in tags}
