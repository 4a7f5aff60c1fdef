"""What the engine says of itself, what it loads, and what it refuses to load."""

import gc
import json
import socket
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from shared.checkpoints.catalogue import Kind
from shared.errors import CheckpointDamaged, CheckpointMissing, EngineUnavailable
from shared.settings import Settings
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.hearing import assert_sounds_equal, hear, lines, load
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.qwen3.language_model import LanguageModel


def engine(**settings: Any) -> Qwen3Engine:
    chosen: dict[str, Any] = {"device": "cpu", **settings}
    return Qwen3Engine(Settings(**chosen))


def test_it_describes_itself():
    description = engine().describe()
    assert description.name == "qwen3"
    assert description.version.startswith("qwen-tts 0.1.1 / torch ")
    assert (description.device, description.precision) == ("cpu", "fp32")
    assert not description.preview


def test_other_formats_are_another_engine():
    fingerprints = {
        engine(**settings).describe().fingerprint
        for settings in ({}, {"precision": "bf16"}, {"quantization": "int8"})
    }
    assert len(fingerprints) == 3


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "cuda:x"])
def test_a_device_that_is_not_there_is_refused(device: str):
    with pytest.raises(EngineUnavailable, match=device):
        engine(device=device)


def test_it_needs_a_folder():
    with pytest.raises(CheckpointMissing):
        engine().load("tiny", None, lambda _: None)


def test_loading_says_what_it_is_doing(tiny: Tiny):
    stages: list[str] = []
    engine(run_dir=tiny().parent / "run").load("tiny", tiny(), stages.append)
    assert stages[:4] == [
        "reading the talker",
        "reading the embeddings",
        "reading the code predictor",
        "reading the codec",
    ]


@pytest.mark.parametrize("kind", ["custom_voice", "voice_design", "base"])
@pytest.mark.parametrize("label", ["0b6", "1b7"])
def test_every_kind_and_size_is_loaded(tiny: Tiny, kind: Kind, label: str):
    model = load(tiny(kind, label=label))
    assert model.checkpoint == "tiny"
    assert model.nbytes > 10**5
    assert ("ryan" in model.speakers) == (kind == "custom_voice")


def test_what_loading_took_is_reported(tiny: Tiny):
    report = load(tiny(), max_batch=3).report
    assert report.load_seconds > 0
    assert report.load_peak_bytes
    assert (report.batch, report.precision) == (3, "fp32")


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
        ("model.safetensors", "talker.code_predictor.lm_head.3.weight"),
        ("model.safetensors", "talker.model.text_embedding.weight"),
        ("speech_tokenizer/model.safetensors", "decoder.pre_conv.conv.weight"),
    ],
)
def test_a_tensor_that_is_not_there_is_named(spoilable: Path, name: str, tensor: str):
    tensors = load_file(spoilable / name)
    del tensors[tensor]
    save_file(tensors, spoilable / name, {"format": "pt"})
    with pytest.raises(CheckpointDamaged, match=tensor):
        load(spoilable)


@pytest.mark.parametrize(
    ("part", "name", "size"),
    [
        ("talker_config", "hidden_size", 128),
        ("talker_config", "num_hidden_layers", 40),
        ("talker_config", "text_vocab_size", 151936),
    ],
)
def test_weights_that_do_not_fit_the_config_are_named(
    spoilable: Path, part: str, name: str, size: int
):
    config = json.loads((spoilable / "config.json").read_text())
    config[part][name] = size
    (spoilable / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointDamaged, match=r"model\.safetensors"):
        load(spoilable)


def test_the_place_of_the_text_table_is_not_heard(tiny: Tiny):
    there, here = load(tiny(), text_table="cpu"), load(tiny(), text_table="device")
    for one, other in zip(codes(there, lines(3)), codes(here, lines(3)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_are_set_for_the_process(tiny: Tiny):
    before = torch.get_num_threads()
    try:
        model = load(tiny(), threads=2)
        assert torch.get_num_threads() == 2
        first = hear(model, lines(1, max_seconds=0.8))
        assert_sounds_equal(hear(model, lines(1, max_seconds=0.8)), first)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("settings", [{"precision": "bf16"}, {"quantization": "int8"}], ids=str)
def test_narrow_formats_say_the_same_each_time(tiny: Tiny, settings: dict[str, Any]):
    first = hear(load(tiny(), **settings), lines(3))
    assert_sounds_equal(hear(load(tiny(), **settings), lines(3)), first)
    assert all(row.reason == "stop" for row in first)


def test_unloading_gives_the_model_back(tiny: Tiny):
    def models() -> int:
        gc.collect()
        return sum(type(thing) is LanguageModel for thing in gc.get_objects())

    before = models()
    model = load(tiny())
    hear(model, lines(2))
    assert models() == before + 1
    model.unload()
    assert models() == before
