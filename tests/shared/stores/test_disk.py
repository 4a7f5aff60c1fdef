import errno
import os
from pathlib import Path

import pytest

from shared.errors import StoreUnavailable, UnknownFile
from shared.stores import disk


def test_a_full_disk_is_called_full():
    with (
        pytest.raises(StoreUnavailable, match="no space is left"),
        disk.explained(Path("/there"), UnknownFile("gone")),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_read_only_disk_is_called_read_only():
    with (
        pytest.raises(StoreUnavailable, match="/there refuses: Read-only file system"),
        disk.explained(Path("/there"), UnknownFile("gone")),
    ):
        raise OSError(errno.EROFS, "Read-only file system")


def test_a_missing_path_is_what_the_caller_calls_it():
    with (
        pytest.raises(UnknownFile, match="gone"),
        disk.explained(Path("/there"), UnknownFile("gone")),
    ):
        raise FileNotFoundError


def test_a_file_that_cannot_be_replaced_leaves_no_fragment(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        disk.write(tmp_path / "taken", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_touching_changes_the_modification_time_every_time(tmp_path: Path):
    seen = {tmp_path.stat().st_mtime_ns}
    for _ in range(5):
        disk.touch(tmp_path)
        seen.add(tmp_path.stat().st_mtime_ns)
    assert len(seen) == 6


def test_a_folder_is_not_moved_onto_another(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    with pytest.raises(FileExistsError):
        disk.admit(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "one" / "file").exists()


def test_what_was_there_stays_if_there_is_nothing_to_supersede_it(tmp_path: Path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    with pytest.raises(FileNotFoundError):
        disk.supersede(tmp_path / "gone", tmp_path / "there", tmp_path / "doomed")
    assert (tmp_path / "there" / "file").exists()


def test_what_is_superseded_is_deleted(tmp_path: Path):
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").touch()
    disk.supersede(tmp_path / "new", tmp_path / "old", tmp_path / "doomed")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["new.txt"]
    assert list((tmp_path / "doomed").iterdir()) == []


def test_a_renewed_file_is_out_of_reach_for_who_had_it_open(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    with (tmp_path / "file").open("ab") as file:
        disk.renew(tmp_path / "file")
        file.write(b"def")
    assert (tmp_path / "file").read_bytes() == b"abc"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_was_settled_elsewhere_is_not_settled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    (before / "old").write_bytes(b"old")
    disk.link_all(before, after, lambda _: True)
    (after / "new").write_bytes(b"new")
    settled: list[int] = []
    monkeypatch.setattr("os.fsync", lambda handle: settled.append(os.fstat(handle).st_ino))
    disk.settle(after)
    assert settled == [(after / "new").stat().st_ino]
