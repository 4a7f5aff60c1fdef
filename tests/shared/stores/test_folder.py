"""What is true of outputs in folders alone."""

import os
from pathlib import Path

import pytest

from shared.errors import UnknownOutput
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import LABELS, METADATA
from tests.shared.stores.runs import make, new_id


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


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
    store.begin(run := new_id())
    store.discard(run)
    assert list((tmp_path / ".doomed").iterdir()) == []


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
