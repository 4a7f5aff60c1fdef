"""Tensors come from the file as they are, and a file that is damaged is named."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shared.errors import CheckpointDamaged
from tests.worker.engine.qwen3.hearing import load
from worker.engine.qwen3.weights import Weights


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tensors = {"a.one": torch.ones(2, 3, dtype=torch.bfloat16), "a.two": torch.arange(4.0)}
    save_file({**tensors, "b": torch.zeros(5)}, tmp_path / "some.safetensors")
    return tmp_path / "some.safetensors"


def test_a_tensor_comes_as_it_is(path: Path):
    with Weights(path, "tiny") as weights:
        assert weights.tensor("a.one").dtype == torch.bfloat16
        assert weights.tensor("a.two").tolist() == [0, 1, 2, 3]


def test_a_tensor_is_converted_when_asked(path: Path):
    with Weights(path, "tiny") as weights:
        assert weights.tensor("a.one", torch.float64).dtype == torch.float64


def test_names_and_elements_are_found_by_prefix(path: Path):
    with Weights(path, "tiny") as weights:
        assert list(weights.names("a.")) == ["a.one", "a.two"]
        assert weights.elements("a.") == 10
        assert weights.elements() == 15
        assert "b" in weights
        assert "c" not in weights


def test_a_tensor_that_is_not_there_is_named(path: Path):
    with (
        Weights(path, "tiny") as weights,
        pytest.raises(CheckpointDamaged, match=r"'tiny': 'some.safetensors' lacks .*'c'"),
    ):
        weights.tensor("c")


def test_a_tensor_of_another_shape_is_named(path: Path):
    with (
        Weights(path, "tiny") as weights,
        pytest.raises(CheckpointDamaged, match=r"'b' of shape \(5,\)"),
    ):
        weights.tensor("b", shape=(6,))


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_file_that_was_cut_off_is_named(path: Path, kept: int):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointDamaged, match=r"some\.safetensors"):
        Weights(path, "tiny")


def test_a_file_that_is_no_such_thing_is_named(path: Path):
    path.write_text("<html>404</html>")
    with pytest.raises(CheckpointDamaged, match=r"some\.safetensors"):
        Weights(path, "tiny")


@pytest.mark.parametrize("name", ["model.safetensors", "speech_tokenizer/model.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_checkpoint_whose_weights_were_cut_off_is_not_loaded(
    spoilable: Path, name: str, share: float
):
    path = spoilable / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointDamaged, match=r"model\.safetensors"):
        load(spoilable)
