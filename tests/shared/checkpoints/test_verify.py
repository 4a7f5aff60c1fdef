"""Every byte against the known hashes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.checkpoints.catalogue import Checkpoint, Pin
from shared.checkpoints.progress import Progress
from shared.checkpoints.verify import verify, verify_folder
from shared.errors import CheckpointMissing
from tests.shared.checkpoints.stub_hub import WEIGHTS, Files, sha256

Lay = Callable[[str, Files], Path]
Pull = Callable[..., Path]


def ignore(_: Progress) -> None:
    """A listener that does not care."""


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_downloaded_checkpoint_has_no_findings(
    fetch: Pull, models_dir: Path, checkpoint: Checkpoint
):
    fetch()
    assert verify(models_dir, checkpoint, ignore) == []


@pytest.mark.parametrize("path", [WEIGHTS, "merges.txt", f"speech_tokenizer/{WEIGHTS}"])
def test_one_flipped_bit_is_found(path: str, fetch: Pull, models_dir: Path, checkpoint: Checkpoint):
    flip(fetch() / path, -1)
    findings = verify(models_dir, checkpoint, ignore)
    assert [finding.file for finding in findings] == [path]


def test_a_missing_and_a_truncated_file_are_both_found(
    fetch: Pull, models_dir: Path, checkpoint: Checkpoint
):
    folder = fetch()
    (folder / "vocab.json").unlink()
    (folder / WEIGHTS).write_bytes(b"short")
    findings = {it.file: it.problem for it in verify(models_dir, checkpoint, ignore)}
    assert findings.keys() == {"vocab.json", WEIGHTS}
    assert findings["vocab.json"] == "is missing"


def test_a_copy_by_hand_is_held_against_the_pins(
    models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    pinned = replace(checkpoint, pins=(Pin(WEIGHTS, sha256(files[WEIGHTS])),))
    folder = lay(checkpoint.folder, files)
    assert verify(models_dir, pinned, ignore) == []
    flip(folder / WEIGHTS, -1)
    assert sha256(files[WEIGHTS]) in verify(models_dir, pinned, ignore)[0].problem


def test_a_local_checkpoint_is_verified_by_its_structure(files: Files, lay: Lay):
    folder = lay("mine", files)
    assert verify_folder(folder, None, ignore) == []
    (folder / "config.json").write_text("{")
    assert [it.file for it in verify_folder(folder, None, ignore)] == ["config.json"]


def test_an_absent_checkpoint_cannot_be_verified(models_dir: Path, checkpoint: Checkpoint):
    with pytest.raises(CheckpointMissing):
        verify(models_dir, checkpoint, ignore)


def test_progress_ends_at_the_whole(fetch: Pull, models_dir: Path, checkpoint: Checkpoint):
    fetch()
    seen: list[Progress] = []
    verify(models_dir, checkpoint, seen.append)
    assert seen[-1].done_bytes == seen[-1].total_bytes > 300_000


def test_a_record_with_hostile_paths_is_not_believed(
    fetch: Pull, models_dir: Path, checkpoint: Checkpoint
):
    folder = fetch()
    record = (folder / "sha256.json").read_text()
    (folder / "sha256.json").write_text(record.replace("merges.txt", "../../merges.txt"))
    assert verify(models_dir, checkpoint, ignore) == []
