"""A finished run is changed in one step, or not at all."""

import threading
from pathlib import Path

import pytest

from shared.errors import UnknownFile, UnknownOutput
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA, Labels, OutputStore
from tests.shared.stores.runs import make, new_id


def test_what_is_added_is_seen_at_the_end_and_the_rest_stays(store: OutputStore):
    run = make(store)
    before = store.files(run)
    with store.amend(run) as folder:
        (folder / "notes.txt").write_text("more")
        assert store.files(run) == before
    assert store.files(run) == {**before, "notes.txt": 4}


def test_a_change_that_breaks_off_changes_nothing(store: OutputStore):
    run = make(store)
    before = store.files(run)
    with pytest.raises(FileNotFoundError), store.amend(run) as folder:
        (folder / "audio.wav").rename(folder / "nowhere" / "audio.wav")
    assert store.files(run) == before
    with store.amend(run):
        pass
    assert store.files(run) == before


def test_a_run_does_not_lose_its_metadata(store: OutputStore):
    run = make(store)
    with pytest.raises(UnknownFile), store.amend(run) as folder:
        (folder / METADATA).unlink()
    assert store.finished(run)


def test_labels_that_are_written_meanwhile_stay(store: OutputStore):
    run = make(store)
    with store.amend(run):
        store.label(run, Labels(starred=True))
    assert store.labels(run).starred


def test_a_run_that_changed_places_when_all_broke_off_is_there_again(tmp_path: Path):
    """Between the two renames neither the former run nor the amended one is in its place."""
    store = FolderOutputs(tmp_path)
    runs = [make(store) for _ in range(3)]
    for run in runs[:2]:
        (tmp_path / ".amending" / run).mkdir(parents=True)
        (tmp_path / run).rename(tmp_path / ".amending" / run / ".former")
    assert store.read(runs[0], "audio.wav", 0, 4) == b"RIFF"
    with store.amend(runs[2]):
        pass
    assert all(store.finished(run) for run in runs)


def test_a_run_is_there_while_it_is_amended(store: OutputStore):
    """It changes places between two looks, and in the midst of one."""
    run = make(store)
    done = threading.Event()

    def amend() -> None:
        for _ in range(30):
            with store.amend(run):
                pass
        done.set()

    thread = threading.Thread(target=amend)
    thread.start()
    while not done.is_set():
        assert store.read(run, "audio.wav", 0, 4) == b"RIFF"
        assert store.metadata(run)["id"] == run
        store.label(run, Labels(starred=True))
    thread.join()
    assert store.labels(run).starred


def test_an_amended_run_shows_that_it_has_changed(store: OutputStore):
    run = make(store)
    (before,) = store.entries()
    with store.amend(run):
        pass
    (after,) = store.entries()
    assert after.changed != before.changed


def test_what_is_not_there_cannot_be_amended(store: OutputStore):
    with pytest.raises(UnknownOutput), store.amend(new_id()):
        pass


def test_what_is_thrown_away_meanwhile_stays_so(store: OutputStore):
    run = make(store)
    with pytest.raises(UnknownOutput), store.amend(run):
        store.trash(run)
    assert not store.finished(run)
