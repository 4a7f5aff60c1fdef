"""Loaded checkpoints: lazily, one at a time, the least recently used first to go."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.errors import CheckpointMissing
from shared.readings import LoadedModel
from shared.settings import load
from worker.engine.cache import Cache
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import CacheStats
from worker.engine.random_checkpoint import write
from worker.engine.stock.engine import StockEngine


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write(folder / "one", "tiny", "custom_voice")
    write(folder / "two", "tiny", "custom_voice", seed=1)
    write(folder / "designer", "tiny", "voice_design")
    return folder


@pytest.fixture
def make_cache(models: Path) -> Callable[..., Cache]:
    def make(**settings: Any) -> Cache:
        return Cache(
            StockEngine("cpu", "fp32"),
            load(models_dir=models, **settings),
            lambda checkpoint, stage: None,
        )

    return make


def test_nothing_is_loaded_before_it_is_needed(make_cache: Callable[..., Cache]) -> None:
    assert make_cache().describe() == {}


def test_model_is_loaded_once(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache()
    assert cache.load("one", models / "one") is cache.load("one", models / "one")
    assert cache.describe()["one"].nbytes > 0


def test_second_model_makes_the_first_go(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache()
    cache.load("one", models / "one")
    cache.load("two", models / "two")
    assert list(cache.describe()) == ["two"]


def test_least_recently_used_goes_first(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache(max_loaded_models=2)
    for name in ("one", "two", "one", "designer"):
        cache.load(name, models / name)
    assert set(cache.describe()) == {"one", "designer"}


def test_kind_of_task_decides_the_checkpoint(make_cache: Callable[..., Cache]) -> None:
    assert make_cache().get("voice_design").checkpoint == "designer"


def test_missing_kind_is_an_error(make_cache: Callable[..., Cache]) -> None:
    with pytest.raises(CheckpointMissing):
        make_cache().get("base")


def test_idle_model_is_unloaded(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache(idle_unload_seconds=1e-6)
    cache.load("one", models / "one")
    cache.unload_idle()
    assert cache.describe() == {}


def test_used_model_stays(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache(idle_unload_seconds=1000.0)
    cache.load("one", models / "one")
    cache.unload_idle()
    assert "one" in cache.describe()


def test_unloading_what_is_not_loaded_is_said(make_cache: Callable[..., Cache]) -> None:
    assert make_cache().unload("one") is False


class Rememberer(PreviewEngine):
    """The preview engine with something to forget."""

    def __init__(self) -> None:
        super().__init__(0)
        self.held = CacheStats(2, 200, 1000, 3, 1)

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> PreviewModel:
        return RememberingModel(super().load(checkpoint, folder, progress).library, 0)

    def caches(self) -> Mapping[str, CacheStats]:
        return {"prompts": self.held, "codes": self.held}

    def clear_caches(self) -> None:
        self.held = CacheStats(0, 0, 1000, 3, 1)


class RememberingModel(PreviewModel):
    """A model with something to forget."""

    held = CacheStats(1, 100, 500, 0, 4)

    def caches(self) -> Mapping[str, CacheStats]:
        return {"prompts": self.held}

    def clear_caches(self) -> None:
        self.held = CacheStats(0, 0, 500, 0, 4)


@pytest.fixture
def remembering(tmp_path: Path) -> Cache:
    cache = Cache(Rememberer(), load(models_dir=tmp_path), lambda checkpoint, stage: None)
    cache.get("custom_voice")
    return cache


def test_what_engine_and_models_remember_is_added_up(remembering: Cache) -> None:
    assert remembering.stats() == {
        "prompts": CacheStats(3, 300, 1500, 3, 5),
        "codes": CacheStats(2, 200, 1000, 3, 1),
    }


def test_caches_are_emptied_and_models_stay(remembering: Cache) -> None:
    remembering.clear_caches()
    assert {name: stats.entries for name, stats in remembering.stats().items()} == {
        "prompts": 0,
        "codes": 0,
    }
    assert list(remembering.describe()) == ["preview"]


def test_caches_are_not_emptied_under_a_running_job(remembering: Cache) -> None:
    clearing = threading.Thread(target=remembering.clear_caches)
    with remembering.busy():
        clearing.start()
        clearing.join(0.2)
        assert remembering.stats()["codes"].entries == 2
    clearing.join()
    assert remembering.stats()["codes"].entries == 0


def test_unloading_all_leaves_none(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache(max_loaded_models=2)
    for name in ("one", "two"):
        cache.load(name, models / name)
    cache.unload_all()
    assert cache.describe() == {}


def test_loaded_model_is_described_with_what_loading_took(
    make_cache: Callable[..., Cache], models: Path
) -> None:
    cache = make_cache()
    model = cache.load("one", models / "one")
    assert cache.describe() == {"one": LoadedModel(model.nbytes, model.report)}


def test_preview_engine_needs_no_checkpoint(tmp_path: Path) -> None:
    cache = Cache(PreviewEngine(0), load(models_dir=tmp_path), lambda checkpoint, stage: None)
    assert cache.get("custom_voice").checkpoint == "preview"
