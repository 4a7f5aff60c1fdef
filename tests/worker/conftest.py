"""Rooms to rehearse in: with the preview engine, and with tiny checkpoints of all three kinds."""

from pathlib import Path

import pytest

from shared.settings import Settings, load
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.preview.engine import PreviewEngine
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.random_checkpoint import write
from worker.engine.stock import StockEngine

KINDS = ("custom_voice", "voice_design", "base")


@pytest.fixture(scope="session")
def three_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints called by their kinds. Their speech never ends, so that it is as long as it may
    be: below three seconds there is neither a clone nor a likeness."""
    folder = tmp_path_factory.mktemp("three")
    for kind in KINDS:
        write(folder / kind, "tiny", kind, ends=False)
    return folder


@pytest.fixture(scope="session")
def tiny_settings(three_models: Path) -> Settings:
    """Room for all three, and one row at a time: a batch decides the last digits."""
    return load(device="cpu", models_dir=three_models, max_loaded_models=3, max_batch=1)


@pytest.fixture(scope="session")
def tiny_engine(tiny_settings: Settings) -> Qwen3Engine:
    return Qwen3Engine(tiny_settings)


@pytest.fixture(scope="session")
def tiny_cache(tiny_engine: Qwen3Engine, tiny_settings: Settings) -> Cache:
    return Cache(tiny_engine, tiny_settings, lambda name, stage: None)


@pytest.fixture
def tiny(tmp_path: Path, tiny_cache: Cache) -> Rehearsal:
    return Rehearsal(tmp_path, tiny_cache)


@pytest.fixture
def preview(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, Cache(PreviewEngine(), load(), lambda name, stage: None))


@pytest.fixture
def stock(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """With the engine that refuses speech which does not end, and checkpoints whose speech does."""
    folder = tmp_path_factory.mktemp("ending")
    for kind in ("voice_design", "base"):
        write(folder / kind, "tiny", kind)
    settings = load(device="cpu", models_dir=folder)
    return Rehearsal(
        tmp_path, Cache(StockEngine("cpu", "auto", 3), settings, lambda name, stage: None)
    )
