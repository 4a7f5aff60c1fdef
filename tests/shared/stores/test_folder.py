"""What is true of outputs in folders alone."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from shared.errors import StoreUnavailable, Superseded, UnknownOutput
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import LABELS, MASTER, METADATA
from tests.shared.stores.runs import make, new_id, wav

RUN = new_id()


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


def write_until_superseded(root: Path, runs: list[str]) -> None:
    """What a worker process does that loses one run after the other."""
    for run in runs:
        growing = FolderOutputs(root).begin(run, 1)
        with suppress(Superseded):
            while True:
                growing.append(MASTER, b"abc")


@contextmanager
def frozen(process: SpawnProcess) -> Generator[None]:
    """Meanwhile, `process` stands still wherever it happens to be."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def test_strangers_in_the_folder_are_no_runs(store: FolderOutputs, tmp_path: Path):
    run = make(store)
    (tmp_path / "README.md").write_text("about this folder")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / METADATA).write_text("{}")
    (tmp_path / new_id()).write_text("a file")
    (tmp_path / new_id()).mkdir()
    assert [entry.run for entry in store.entries()] == [run]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path):
    store = FolderOutputs(tmp_path / "deep" / "outputs")
    assert list(store.entries()) == []
    assert store.free() > 0


def test_the_check_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path):
    FolderOutputs(tmp_path / "deep" / "outputs").check()
    assert list((tmp_path / "deep" / "outputs").iterdir()) == []


def test_a_run_whose_metadata_is_gone_is_unknown(store: FolderOutputs, tmp_path: Path):
    run = make(store)
    (tmp_path / run / METADATA).unlink()
    assert list(store.entries()) == []
    with pytest.raises(UnknownOutput):
        store.files(run)


def test_hidden_and_foreign_files_of_a_run_are_not_named(store: FolderOutputs, tmp_path: Path):
    run = make(store)
    (tmp_path / run / ".DS_Store").touch()
    (tmp_path / run / "Thumbs.db").touch()
    (tmp_path / run / "folder.d").mkdir()
    assert set(store.files(run)) == {"audio.wav", METADATA}


def test_what_a_crash_left_half_deleted_goes_with_the_next(store: FolderOutputs, tmp_path: Path):
    leftover = tmp_path / ".doomed" / "leftover"
    leftover.mkdir(parents=True)
    (leftover / "audio.wav").touch()
    store.begin(new_id(), 1).discard()
    assert list((tmp_path / ".doomed").iterdir()) == []


def test_strangers_among_the_growing_are_no_runs(store: FolderOutputs, tmp_path: Path):
    store.begin(run := new_id(), 1).append(MASTER, b"abc")
    for name in ("notes", new_id(), f"{run}.x", f"{run}.07", f"{run}.-1", f"{run}.9.bak", "a.1"):
        (tmp_path / ".growing" / name).mkdir()
    (tmp_path / ".growing" / f"{run}.8").write_text("a file")
    assert store.growing() == [run]
    assert store.read(run, MASTER, 0, 10) == b"abc"
    assert store.begin(run, 2).read(MASTER, 0, 10) == b"abc"


def test_of_what_a_crash_left_the_highest_attempt_counts(store: FolderOutputs, tmp_path: Path):
    for attempt in (2, 10, 9):
        folder = tmp_path / ".growing" / f"{RUN}.{attempt}"
        folder.mkdir(parents=True)
        (folder / MASTER).write_text(str(attempt))
    assert store.read(RUN, MASTER, 0, 10) == b"10"
    assert store.growing() == [RUN]
    assert store.begin(RUN, 11).read(MASTER, 0, 10) == b"10"
    assert os.listdir(tmp_path / ".growing") == [f"{RUN}.11"]


def test_leftovers_of_earlier_attempts_go_when_the_last_is_begun_again(
    store: FolderOutputs, tmp_path: Path
):
    last = store.begin(RUN, 3)
    last.append(MASTER, b"abc")
    (tmp_path / ".growing" / f"{RUN}.2").mkdir()
    assert store.begin(RUN, 3).read(MASTER, 0, 10) == b"abc"
    assert os.listdir(tmp_path / ".growing") == [f"{RUN}.3"]


def test_a_finished_run_that_was_about_to_be_replaced_comes_back(
    store: FolderOutputs, tmp_path: Path
):
    run = make(store)
    growing = store.begin(run, 2)
    (tmp_path / run).rename(growing.stage() / ".former")  # and here the worker was frozen
    later = store.begin(run, 3)
    assert store.read(run, "audio.wav", 0, 1 << 20) == wav()
    assert os.listdir(later.stage()) == []


def test_discarding_takes_what_a_crash_left_of_every_attempt(store: FolderOutputs, tmp_path: Path):
    for attempt in (1, 2):
        (tmp_path / ".growing" / f"{RUN}.{attempt}").mkdir(parents=True)
    store.discard(RUN)
    assert os.listdir(tmp_path / ".growing") == []


def test_a_worker_that_was_frozen_spoils_nothing_when_it_wakes_up(
    store: FolderOutputs, tmp_path: Path
):
    runs = [new_id() for _ in range(30)]
    worker = get_context("spawn").Process(target=write_until_superseded, args=(tmp_path, runs))
    worker.start()
    left: dict[str, bytes] = {}
    for run in runs:
        while not store.size(run, MASTER):
            assert worker.is_alive()
        with frozen(worker):
            left[run] = store.begin(run, 2).read(MASTER, 0, 1 << 30)
    worker.join()
    assert worker.exitcode == 0
    assert {run: store.read(run, MASTER, 0, 1 << 30) for run in runs} == left


def test_damaged_labels_in_the_trash_count_as_starred(store: FolderOutputs, tmp_path: Path):
    run = make(store)
    (tmp_path / run / LABELS).write_text("{")
    store.trash(run)
    (item,) = store.trashed()
    assert item.starred


def test_the_time_in_the_trash_counts_from_when_it_was_put_there(
    store: FolderOutputs, tmp_path: Path
):
    run = make(store)
    os.utime(tmp_path / run, (0, 0))
    store.trash(run)
    (item,) = store.trashed()
    assert item.since > 1_000_000_000


def test_a_run_is_readable_for_other_users_of_the_volume(store: FolderOutputs, tmp_path: Path):
    mask = os.umask(0o022)
    try:
        run = make(store)
    finally:
        os.umask(mask)
    assert (tmp_path / run / METADATA).stat().st_mode & 0o044 == 0o044


def test_a_root_that_cannot_be_made_is_said_to_be_so():
    store = FolderOutputs(Path("/proc/nope"))
    with pytest.raises(StoreUnavailable, match="/proc/nope"):
        store.begin(new_id(), 1)
    with pytest.raises(StoreUnavailable, match="/proc/nope"):
        store.check()
