"""A checkpoint's folder is checked before anything is loaded from it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from shared.checkpoints.record import Record
from shared.errors import CheckpointDamaged, CheckpointMissing, CheckpointUnfit
from tests.worker.engine.conftest import Tiny
from worker.engine.manifest import read


def reconfigure(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_whole_checkpoint_is_described(tiny: Tiny):
    manifest = read("tiny", tiny())
    assert (manifest.kind, manifest.label) == ("custom_voice", "1b7")
    assert "uncle_fu" in manifest.speakers
    assert len(manifest.languages) == 10


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path):
    with pytest.raises(CheckpointMissing, match="'mine'"):
        read("mine", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "generation_config.json", "speech_tokenizer/config.json"]
)
def test_a_file_that_is_not_there_is_named(spoilable: Path, name: str):
    (spoilable / name).unlink()
    with pytest.raises(CheckpointMissing, match=name):
        read("tiny", spoilable)


@pytest.mark.parametrize("name", ["model.safetensors", "speech_tokenizer/model.safetensors"])
@pytest.mark.parametrize("left", [0, 4, 2_000, -1])
def test_truncated_weights_are_named(spoilable: Path, name: str, left: int):
    content = (spoilable / name).read_bytes()
    (spoilable / name).write_bytes(content[:left])
    with pytest.raises(CheckpointDamaged, match=name):
        read("tiny", spoilable)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_document_that_is_no_json_object_is_named(spoilable: Path, content: str):
    (spoilable / "tokenizer_config.json").write_text(content)
    with pytest.raises(CheckpointDamaged, match=r"tokenizer_config\.json"):
        read("tiny", spoilable)


def test_a_model_of_another_family_is_unfit(spoilable: Path):
    reconfigure(spoilable, model_type="llama")
    with pytest.raises(CheckpointUnfit, match="llama"):
        read("tiny", spoilable)


def test_a_25_hz_checkpoint_is_unfit(spoilable: Path):
    reconfigure(spoilable, tokenizer_type="qwen3_tts_tokenizer_25hz")
    with pytest.raises(CheckpointUnfit, match="25hz"):
        read("tiny", spoilable)


def test_an_unknown_type_is_unfit(spoilable: Path):
    reconfigure(spoilable, tts_model_type="singing")
    with pytest.raises(CheckpointUnfit, match="singing"):
        read("tiny", spoilable)


@pytest.mark.parametrize("field", ["talker_config", "tts_model_size"])
def test_a_config_without_a_field_that_is_needed_is_damaged(spoilable: Path, field: str):
    reconfigure(spoilable, **{field: None})
    with pytest.raises(CheckpointDamaged, match=field):
        read("tiny", spoilable)


def test_the_revision_is_that_of_the_download(spoilable: Path):
    Record(repository="Qwen/any", revision="abc123", files={}).write(spoilable)
    assert read("tiny", spoilable).revision == "abc123"


def test_the_revision_of_a_local_checkpoint_tells_its_weights(tiny: Tiny, tmp_path: Path):
    copy = shutil.copytree(tiny(), tmp_path / "copy")
    assert read("a", tiny()).revision == read("b", copy).revision
    assert read("a", tiny()).revision != read("a", tiny(seed=1)).revision
