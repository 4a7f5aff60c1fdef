"""A clean-up that a person asks for: which outputs go into the trash, and how they come back."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import Conflict, UnknownOutput
from shared.stores.index import Indexed, OutputIndex
from shared.stores.outputs import OutputStore, checked_run

MOST = 10_000
"""Outputs that go, or come back, at once."""
_DAY = 86_400.0

_Run = Annotated[str, AfterValidator(checked_run)]


class Rule(BaseModel):
    """Which outputs go; everything that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    older_than_days: float = Field(ge=0, le=36_500)
    """Since they were finished, or last restored."""
    keep_starred: bool = True
    """Leave starred outputs where they are."""
    task: str | None = None
    """Only outputs of this task or pipeline."""
    larger_than_bytes: int = Field(default=0, ge=0)
    """Only outputs whose files take more than this together."""
    preview: bool = True
    """Only tell what would go; send false to let it go."""


class Cleaned(BaseModel):
    """What went into the trash, or would."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outputs: int
    """How many."""
    bytes: int
    duration_seconds: float
    ids: list[str]
    """The oldest first, 10,000 at most: clean up again for the rest. `POST /v1/outputs/restore`
    brings them back."""
    left_alone: int
    """How many stay because a job that waits or runs needs them."""


class Named(BaseModel):
    """Which outputs."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    ids: list[_Run] = Field(min_length=1, max_length=MOST)
    """Of outputs in the trash."""


class Restored(BaseModel):
    """What came out of the trash."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outputs: int
    """How many are where they were; one that had been restored before counts too."""
    missing: list[str]
    """Ids of those that are neither there nor in the trash: they were deleted for good."""


class Emptied(BaseModel):
    """What was deleted for good."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outputs: int
    """How many."""
    bytes: int
    """What they took."""


def clean(
    store: OutputStore, index: OutputIndex, rule: Rule, now: float, used: Collection[str]
) -> Cleaned:
    """Follow `rule`, or only tell what it would do; what is `used` stays."""
    asked = [each for each in index.runs() if _goes(each, rule, now)]
    free = [each for each in asked if each.output.id not in used]
    oldest = sorted(free, key=lambda each: each.aged_from)[:MOST]
    gone = oldest if rule.preview else [each for each in oldest if _trash(store, each, rule)]
    return Cleaned(
        outputs=len(gone),
        bytes=sum(each.output.bytes for each in gone),
        duration_seconds=sum(each.output.duration_seconds for each in gone),
        ids=[each.output.id for each in gone],
        left_alone=len(asked) - len(free),
    )


def restore(index: OutputIndex, runs: Iterable[str]) -> Restored:
    """Take runs out of the trash; one that is there already counts as restored."""
    missing: list[str] = []
    count = 0
    for run in dict.fromkeys(runs):
        try:
            with suppress(Conflict):
                index.take_out(run)
            count += 1
        except UnknownOutput:
            missing.append(run)
    return Restored(outputs=count, missing=missing)


def empty(store: OutputStore) -> Emptied:
    """Delete everything in the trash for good, starred or not: a person asked for it."""
    count = size = 0
    for item in list(store.trashed()):
        with suppress(UnknownOutput):  # restored or purged a moment ago
            store.purge(item.run)
            count, size = count + 1, size + item.bytes
    return Emptied(outputs=count, bytes=size)


def _goes(each: Indexed, rule: Rule, now: float) -> bool:
    shown = each.output
    return (
        now - each.aged_from > rule.older_than_days * _DAY
        and not (rule.keep_starred and shown.starred)
        and (rule.task is None or shown.task == rule.task)
        and shown.bytes > rule.larger_than_bytes
    )


def _trash(store: OutputStore, each: Indexed, rule: Rule) -> bool:
    """False for a run that somebody starred or threw away in the meantime."""
    run = each.output.id
    with suppress(UnknownOutput):
        if not (rule.keep_starred and store.labels(run).starred):
            store.trash(run)
            return True
    return False
