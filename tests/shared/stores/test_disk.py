import errno
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
