import time
from pathlib import Path
from typing import Any

import pytest

from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from shared.stores.index import OutputIndex
from shared.stores.outputs import Labels
from shared.stores.retention import Kept, Sweep, outdated, overflowing, sweep
from tests.shared.stores.runs import MADE, make

DAY = 86_400.0
GIGABYTE = 1_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


@pytest.fixture
def index(store: FolderOutputs) -> OutputIndex:
    return OutputIndex(store)


def kept(run: str, since: float = 0, size: int = 10, starred: bool = False) -> Kept:
    return Kept(run, since, size, starred)


def settings(**changes: Any) -> Settings:
    rules: dict[str, Any] = {"outputs_keep_days": 0, "outputs_max_gb": 0, "trash_keep_days": 7}
    return Settings(**(rules | changes))


def aged(store: FolderOutputs, days: float, **changes: Any) -> str:
    return make(store, finished_at=MADE - days * DAY, **changes)


def present(store: FolderOutputs) -> set[str]:
    return {entry.run for entry in store.entries()}


def thrown(store: FolderOutputs) -> set[str]:
    return {item.run for item in store.trashed()}


# --- rules ---


def test_only_what_is_older_than_the_limit_is_outdated():
    runs = [kept("old", since=0), kept("edge", since=1), kept("new", since=DAY)]
    assert outdated(runs, days=1, now=DAY + 1) == ["old"]


def test_what_is_starred_is_never_outdated():
    assert outdated([kept("old", starred=True)], days=1, now=100 * DAY) == []


def test_the_oldest_go_until_the_rest_fits():
    runs = [kept("c", since=3), kept("a", since=1), kept("b", since=2)]
    assert overflowing(runs, room=30) == []
    assert overflowing(runs, room=29) == ["a"]
    assert overflowing(runs, room=10) == ["a", "b"]
    assert overflowing(runs, room=-1) == ["a", "b", "c"]


def test_what_is_starred_never_overflows_but_takes_its_room():
    runs = [kept("star", since=1, starred=True), kept("b", since=2), kept("c", since=3)]
    assert overflowing(runs, room=20) == ["b"]
    assert overflowing(runs, room=0) == ["b", "c"]


# --- the sweep ---


def test_without_rules_nothing_goes(store: FolderOutputs, index: OutputIndex):
    run = aged(store, days=10_000)
    assert sweep(store, index, settings(), now=MADE) == Sweep((), ())
    assert present(store) == {run}


def test_an_old_output_goes_to_the_trash(store: FolderOutputs, index: OutputIndex):
    old, new = aged(store, days=31), aged(store, days=29)
    done = sweep(store, index, settings(outputs_keep_days=30), now=MADE)
    assert done == Sweep((old,), ())
    assert (present(store), thrown(store)) == ({new}, {old})


def test_a_starred_output_outlives_every_rule(store: FolderOutputs, index: OutputIndex):
    run = aged(store, days=31)
    store.label(run, Labels(starred=True))
    rules = settings(outputs_keep_days=30, outputs_max_gb=1e-9, trash_keep_days=0)
    assert sweep(store, index, rules, now=MADE) == Sweep((), ())
    assert present(store) == {run}


def test_a_restored_output_ages_anew(store: FolderOutputs, index: OutputIndex):
    run = aged(store, days=31)
    rules = settings(outputs_keep_days=30)
    sweep(store, index, rules, now=MADE)
    index.restore(run)
    assert sweep(store, index, rules, now=time.time()) == Sweep((), ())
    assert sweep(store, index, rules, now=time.time() + 31 * DAY).trashed == (run,)


def test_the_trash_is_emptied_after_its_time(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    store.trash(run)
    assert sweep(store, index, settings(), now=time.time() + 6 * DAY) == Sweep((), ())
    assert sweep(store, index, settings(), now=time.time() + 8 * DAY) == Sweep((), (run,))
    assert thrown(store) == set()


def test_a_starred_output_stays_in_the_trash(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    store.label(run, Labels(starred=True))
    store.trash(run)
    rules = settings(outputs_max_gb=1e-9)
    assert sweep(store, index, rules, now=time.time() + 8 * DAY) == Sweep((), ())
    assert thrown(store) == {run}


def test_too_much_is_cut_down_from_the_oldest(store: FolderOutputs, index: OutputIndex):
    runs = [aged(store, days=days) for days in (3, 2, 1)]
    limit = index.get(runs[1]).bytes + index.get(runs[2]).bytes
    done = sweep(store, index, settings(outputs_max_gb=limit / GIGABYTE), now=MADE)
    assert done == Sweep((), (runs[0],))
    assert (present(store), thrown(store)) == (set(runs[1:]), set())


def test_the_trash_makes_room_before_any_output(store: FolderOutputs, index: OutputIndex):
    runs = [aged(store, days=days) for days in (3, 2, 1)]
    limit = index.get(runs[0]).bytes + index.get(runs[1]).bytes
    store.trash(runs[2])
    done = sweep(store, index, settings(outputs_max_gb=limit / GIGABYTE), now=MADE)
    assert done == Sweep((), (runs[2],))
    assert present(store) == set(runs[:2])
