"""The stock engine: what it says of itself, what it loads, and what it refuses to load."""

import gc
import json
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest
from safetensors.torch import load_file, save_file

from shared.errors import CheckpointDamaged, CheckpointMissing, EngineUnavailable
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.speech import sound
from worker.engine.stock import StockEngine, StockModel


def load(folder: Path) -> StockModel:
    return StockEngine("cpu").load("tiny", folder, lambda _: None)


def resave(path: Path, without: str) -> None:
    tensors = load_file(path)
    del tensors[without]
    save_file(tensors, path, metadata={"format": "pt"})


def test_it_describes_itself():
    description = StockEngine("cpu").describe()
    assert description.version.startswith("qwen-tts 0.1.1 / torch ")
    assert description.fingerprint.startswith("stock/qwen-tts")
    assert (description.device, description.precision) == ("cpu", "fp32")
    assert not description.preview


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "cuda:x"])
def test_a_device_that_is_not_there_is_refused(device: str):
    with pytest.raises(EngineUnavailable, match=device):
        StockEngine(device)


def test_it_needs_a_folder():
    with pytest.raises(CheckpointMissing):
        StockEngine("cpu").load("tiny", None, lambda _: None)


def test_loading_says_what_it_is_doing(tiny: Tiny):
    stages: list[str] = []
    StockEngine("cpu").load("tiny", tiny(), stages.append)
    assert stages == ["reading the language model", "reading the codec", "moving to cpu"]


def test_what_loading_took_is_reported(tiny: Tiny):
    report = load(tiny()).report
    assert report.load_seconds > 0
    assert (report.batch, report.precision) == (1, "fp32")
    assert report.graphs.startswith("eager")


def test_loading_reaches_for_no_network(tiny: Tiny, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load(tiny()).speakers


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("model.safetensors", "talker.codec_head.weight"),
        ("speech_tokenizer/model.safetensors", "decoder.pre_conv.conv.weight"),
    ],
)
def test_a_tensor_that_is_not_there_is_named(spoilable: Path, name: str, tensor: str):
    resave(spoilable / name, without=tensor)
    with pytest.raises(CheckpointDamaged, match=tensor):
        load(spoilable)


def test_weights_that_do_not_fit_the_config_are_named(spoilable: Path):
    config = json.loads((spoilable / "config.json").read_text())
    config["talker_config"]["hidden_size"] = 128
    (spoilable / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointDamaged, match=r"model\.safetensors"):
        load(spoilable)


def test_a_config_as_transformers_saves_it_is_accepted(spoilable: Path):
    config = json.loads((spoilable / "config.json").read_text())
    config["speaker_encoder_config"] |= {"model_type": "", "mel_dim": 128}
    (spoilable / "config.json").write_text(json.dumps(config))
    assert sound(load(spoilable)).size


def test_unloading_gives_the_model_back(tiny: Tiny):
    def models() -> int:
        gc.collect()
        kind = "Qwen3TTSForConditionalGeneration"
        return sum(type(thing).__name__ == kind for thing in gc.get_objects())

    before = models()
    model = load(tiny())
    assert models() == before + 1
    model.unload()
    assert models() == before
