"""What lies on disk, told without hashing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.checkpoints.catalogue import ALIGNER, CATALOGUE, Checkpoint
from shared.checkpoints.folder import entry, inspect, pick, scan
from shared.errors import UnknownModel
from tests.shared.checkpoints.stub_hub import WEIGHTS, Files, checkpoint_files

Lay = Callable[[str, Files], Path]


def test_nothing_is_absent(models_dir: Path, checkpoint: Checkpoint):
    assert inspect(models_dir, checkpoint).state == "absent"


def test_a_whole_checkpoint_is_present(
    models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    lay(checkpoint.folder, files)
    presence = inspect(models_dir, checkpoint)
    assert (presence.state, presence.missing, presence.damaged) == ("present", (), ())
    assert presence.nbytes == sum(map(len, files.values()))


@pytest.mark.parametrize("folder", ["0.6B-CustomVoice", "Qwen3-TTS-12Hz-0___6B-CustomVoice"])
def test_a_copy_by_hand_is_found_under_its_other_names(
    folder: str, models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    lay(folder, files)
    assert inspect(models_dir, checkpoint).state == "present"
    assert entry(models_dir, checkpoint.id).folder.name == folder


@pytest.mark.parametrize("path", ["generation_config.json", "vocab.json", WEIGHTS])
def test_a_missing_file_is_named(
    path: str, models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    del files[path]
    lay(checkpoint.folder, files)
    presence = inspect(models_dir, checkpoint)
    assert (presence.state, presence.missing) == ("partial", (path,))


def test_a_model_that_does_not_speak_has_files_of_its_own(models_dir: Path, files: Files, lay: Lay):
    aligner = replace(ALIGNER, pins=())
    lay(aligner.folder, {**dict.fromkeys(aligner.files, b"{}"), WEIGHTS: files[WEIGHTS]})
    assert inspect(models_dir, aligner).state == "present"
    (models_dir / aligner.folder / "vocab.json").unlink()
    assert inspect(models_dir, aligner).missing == ("vocab.json",)
    assert aligner.folder not in [it.id for it in scan(models_dir)]


@pytest.mark.parametrize("length", [0, 5, 8, 40, 100_000, -1])
def test_truncated_weights_are_damaged(
    length: int, models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    files[WEIGHTS] = files[WEIGHTS][:length]
    lay(checkpoint.folder, files)
    presence = inspect(models_dir, checkpoint)
    assert (presence.state, presence.damaged) == ("damaged", (WEIGHTS,))


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{", b'{"w": 1}', b'{"w": {"data_offsets": []}}', b"\xff", b"[" * 10_000],
)
def test_a_nonsense_header_is_damage(
    header: bytes, models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    files[WEIGHTS] = len(header).to_bytes(8, "little") + header
    lay(checkpoint.folder, files)
    assert inspect(models_dir, checkpoint).damaged == (WEIGHTS,)


def test_a_header_length_beyond_the_file_is_damage(
    models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    lay(checkpoint.folder, files | {WEIGHTS: b"\xff" * 8 + b"{}"})
    assert inspect(models_dir, checkpoint).damaged == (WEIGHTS,)


@pytest.mark.parametrize("config", [b"", b"{", b"[]", b'{"tts_model_type": ["x"]}'])
def test_a_broken_config_is_damage(
    config: bytes, models_dir: Path, checkpoint: Checkpoint, files: Files, lay: Lay
):
    lay(checkpoint.folder, files | {"config.json": config})
    assert inspect(models_dir, checkpoint).damaged == ("config.json",)


def test_a_checkpoint_of_another_type_under_a_released_name_is_damage(
    models_dir: Path, checkpoint: Checkpoint, lay: Lay
):
    lay(checkpoint.folder, checkpoint_files("base"))
    assert inspect(models_dir, checkpoint).damaged == ("config.json",)


def test_a_file_of_another_length_than_pinned_is_damage(models_dir: Path, files: Files, lay: Lay):
    lay(CATALOGUE[0].folder, files)
    assert inspect(models_dir, CATALOGUE[0]).damaged == (WEIGHTS,)


def test_sharded_weights_are_complete_with_all_shards(models_dir: Path, files: Files, lay: Lay):
    shards = {f"model-{n}-of-2.safetensors": files[WEIGHTS] for n in (1, 2)}
    index = {"weight_map": {f"tensor.{name}": name for name in shards}}
    del files[WEIGHTS]
    sharded = files | shards | {f"{WEIGHTS}.index.json": json.dumps(index).encode()}
    folder = lay("mine", sharded)
    assert entry(models_dir, "mine").presence.state == "present"
    (folder / "model-2-of-2.safetensors").unlink()
    assert entry(models_dir, "mine").presence.missing == ("model-2-of-2.safetensors",)


def test_the_scan_lists_the_released_checkpoints_and_then_local_ones(models_dir: Path, lay: Lay):
    lay("tiny", checkpoint_files("base", "1b7"))
    entries = scan(models_dir)
    assert [it.id for it in entries] == [*(it.id for it in CATALOGUE), "tiny"]
    assert (entries[-1].kind, entries[-1].size, entries[-1].revision) == ("base", "1.7B", "local")


@pytest.mark.parametrize("name", ["-rf", "a b", "tiny.partial", ".hidden", "naïve", "a" * 101])
def test_a_folder_whose_name_is_no_id_is_not_listed(name: str, models_dir: Path, lay: Lay):
    lay(name, checkpoint_files())
    assert len(scan(models_dir)) == len(CATALOGUE)


@pytest.mark.parametrize("kind", ["tokenizer", "", "CUSTOM_VOICE"])
def test_a_folder_of_something_else_is_not_listed(kind: str, models_dir: Path, lay: Lay):
    lay("other", checkpoint_files(kind))
    assert len(scan(models_dir)) == len(CATALOGUE)


def test_a_damaged_local_checkpoint_is_listed_as_damaged(models_dir: Path, files: Files, lay: Lay):
    files[WEIGHTS] = files[WEIGHTS][:1000]
    lay("tiny", files)
    assert entry(models_dir, "tiny").presence.state == "damaged"


@pytest.mark.parametrize("id", ["../tiny", "/etc", "nothing"])
def test_an_unknown_id_is_refused(id: str, models_dir: Path, lay: Lay):
    lay("tiny", checkpoint_files())
    with pytest.raises(UnknownModel, match="tiny"):
        entry(models_dir, id)


def test_a_models_folder_that_does_not_exist_has_only_absent_ones(models_dir: Path):
    assert {it.presence.state for it in scan(models_dir)} == {"absent"}


def test_the_pick_prefers_the_size_then_released_ones(models_dir: Path, lay: Lay):
    lay("local", checkpoint_files("base", "0b6"))
    assert _picked(models_dir) == "local"
    lay("Qwen3-TTS-12Hz-1.7B-Base", checkpoint_files("base", "1b7"))
    assert _picked(models_dir) == "1.7B-Base"
    lay("Qwen3-TTS-12Hz-0.6B-Base", checkpoint_files("base", "0b6"))
    assert _picked(models_dir) == "0.6B-Base"


def test_an_exact_pick_is_of_that_size_or_none(models_dir: Path, lay: Lay):
    lay("Qwen3-TTS-12Hz-1.7B-Base", checkpoint_files("base", "1b7"))
    assert pick(models_dir, "base", "0.6B", exact=True) is None
    assert pick(models_dir, "base", "1.7B", exact=True) is not None


def test_an_exact_pick_takes_what_there_is_where_that_size_was_never_released(
    models_dir: Path, lay: Lay
):
    lay("mine", checkpoint_files("voice_design", "1b7"))
    assert pick(models_dir, "voice_design", "0.6B", exact=True) is not None


def test_the_pick_passes_over_damaged_ones(models_dir: Path, lay: Lay):
    lay("local", checkpoint_files("base") | {WEIGHTS: b"short"})
    assert pick(models_dir, "base", "0.6B") is None


def _picked(models_dir: Path) -> str:
    found = pick(models_dir, "base", "0.6B")
    return found.id if found else ""
