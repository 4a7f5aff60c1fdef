"""Loaded checkpoints: lazily, one at a time, the least recently used first to go."""

import shutil
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from shared.audio.codes import Tokens
from shared.errors import CheckpointMissing, EngineFailed, ModelTooLarge
from shared.readings import CacheStats, LoadedModel
from shared.settings import load
from tests.worker.engine.speech import recording
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.random_checkpoint import write
from worker.engine.stock.engine import StockEngine

NBYTES = 25_373_212
"""Of a tiny model in fp32, with the half of the codec that listens; a Base has twice as much."""


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


def test_others_make_room_before_anything_is_loaded(models: Path) -> None:
    told: list[str] = []
    cache = Cache(
        StockEngine("cpu", "fp32"),
        load(models_dir=models),
        lambda checkpoint, stage: told.append("loading"),
        lambda: told.append("room"),
    )
    cache.load("one", models / "one")
    cache.load("one", models / "one")
    assert (told[0], told.count("room")) == ("room", 1)


def test_least_recently_used_goes_first(make_cache: Callable[..., Cache], models: Path) -> None:
    cache = make_cache(max_loaded_models=2)
    for name in ("one", "two", "one", "designer"):
        cache.load(name, models / name)
    assert set(cache.describe()) == {"one", "designer"}


def test_kind_of_task_decides_the_checkpoint(make_cache: Callable[..., Cache]) -> None:
    assert make_cache().get("voice_design").checkpoint == "designer"


def test_missing_kind_is_an_error_that_says_what_to_pull(
    make_cache: Callable[..., Cache],
) -> None:
    with pytest.raises(CheckpointMissing) as missing:
        make_cache(model_size="1.7B").get("base")
    assert missing.value.next_step == "`qtts models pull 1.7B-Base` downloads it."


def test_a_size_that_is_asked_for_is_no_wish_but_a_must(make_cache: Callable[..., Cache]) -> None:
    cache = make_cache(model_size="1.7B")
    assert cache.get("custom_voice", "1.7B").checkpoint == "one"
    with pytest.raises(CheckpointMissing) as missing:
        cache.get("custom_voice", "0.6B")
    assert "0.6B-CustomVoice" in (missing.value.next_step or "")


def test_without_a_size_another_than_the_preferred_will_do(
    make_cache: Callable[..., Cache],
) -> None:
    assert make_cache(model_size="0.6B").get("custom_voice").checkpoint == "one"


def test_what_is_required_is_looked_for_and_not_loaded(make_cache: Callable[..., Cache]) -> None:
    cache = make_cache()
    cache.require("voice_design")
    with pytest.raises(CheckpointMissing):
        cache.require("base")
    with pytest.raises(CheckpointMissing):
        cache.require("custom_voice", "0.6B")
    assert cache.describe() == {}
    Cache(PreviewEngine(0), load(), print).require("base")


def test_the_preferred_size_is_taken_where_it_is_here(
    make_cache: Callable[..., Cache], models: Path
) -> None:
    write(models / "small", "tiny", "base", label="0b6")
    write(models / "large", "tiny", "base", label="1b7")
    assert make_cache(model_size="0.6B").get("base").checkpoint == "small"
    assert make_cache(model_size="1.7B").get("base").checkpoint == "large"
    for name in ("small", "large"):
        shutil.rmtree(models / name)


def test_a_size_that_was_never_released_is_no_must(make_cache: Callable[..., Cache]) -> None:
    assert make_cache().get("voice_design", "0.6B").checkpoint == "designer"


# --- what needs any model ---


def test_any_model_is_one_that_is_loaded(make_cache: Callable[..., Cache]) -> None:
    cache = make_cache()
    assert cache.get("voice_design") is cache.any()


def test_any_model_is_the_smallest_where_none_is_loaded(tmp_path: Path) -> None:
    write(tmp_path / "a", "tiny", "base")  # with a speaker encoder, which the other lacks
    write(tmp_path / "b", "tiny", "custom_voice")
    cache = Cache(StockEngine("cpu", "fp32"), load(models_dir=tmp_path), print)
    assert cache.any().checkpoint == "b"


def test_without_any_checkpoint_there_is_no_model(tmp_path: Path) -> None:
    cache = Cache(StockEngine("cpu", "fp32"), load(models_dir=tmp_path), print)
    with pytest.raises(CheckpointMissing):
        cache.any()


# --- what is served ---


def test_what_is_loaded_serves_what_it_says_it_is(
    make_cache: Callable[..., Cache], models: Path
) -> None:
    cache = make_cache(max_loaded_models=2)
    assert cache.needs() == ()
    for name in ("one", "designer"):
        cache.load(name, models / name)
    assert cache.needs() == ("custom_voice/1.7B", "voice_design/1.7B")


def test_what_stands_in_for_another_size_serves_that_too(make_cache: Callable[..., Cache]) -> None:
    cache = make_cache(model_size="0.6B")
    cache.get("custom_voice")
    assert cache.needs() == ("custom_voice/0.6B", "custom_voice/1.7B")


def test_what_was_unloaded_serves_nothing(make_cache: Callable[..., Cache]) -> None:
    cache = make_cache()
    cache.get("custom_voice")
    cache.unload_all()
    assert cache.needs() == ()


def test_the_preview_engine_serves_all_alike(tmp_path: Path) -> None:
    cache = Cache(PreviewEngine(0), load(models_dir=tmp_path), print)
    cache.get("custom_voice")
    assert cache.any().checkpoint == "preview"
    assert cache.needs() == ()


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


# --- the budget ---


class Accounted(Qwen3Engine):
    """The engine, with an account of the weights that are in memory, of whomever they are."""

    def __init__(self, **settings: Any) -> None:
        self.settings = load(device="cpu", max_loaded_models=3, **settings)
        super().__init__(self.settings)
        self.cache = Cache(self, self.settings, lambda checkpoint, stage: None)
        self.held: list[int] = []
        """Bytes, whenever somebody looked."""
        self.loads: list[str] = []
        self._models: list[tuple[str, weakref.ref[Qwen3Model]]] = []
        self._weights: list[tuple[str, weakref.ref[Any]]] = []

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> Qwen3Model:
        assert self.alive == set(self.cache.describe()), "what was evicted is gone"
        self.loads.append(checkpoint)
        model = super().load(checkpoint, folder, progress)
        self._models.append((checkpoint, weakref.ref(model)))
        parts = model._parts
        self._weights += [
            (checkpoint, weakref.ref(part)) for part in (parts.language_model, parts.decoder)
        ]
        self.look()
        return model

    @property
    def alive(self) -> set[str]:
        """The checkpoints of which there is anything in memory."""
        refs = [*self._models, *self._weights]
        return {checkpoint for checkpoint, ref in refs if ref() is not None}

    def look(self) -> None:
        models = [model for _, ref in self._models if (model := ref()) and "_parts" in vars(model)]
        self.held.append(sum(map(_held, models)))


def _held(model: Qwen3Model) -> int:
    """Bytes of all weights, parameters and buffers of a model at present."""
    parts, read = model._parts, vars(model)
    modules = [
        vars(read["_encoder"]).get("_model") if "_encoder" in read else None,
        read["_speaker"]._module if "_speaker" in read else None,
    ]
    tensors = (
        tensor for it in modules if it for tensor in (*it.parameters(), *it.buffers(recurse=True))
    )
    speaking = parts.language_model.nbytes + parts.folder.decoder_bytes()
    return speaking + sum(tensor.nbytes for tensor in tensors)


@pytest.fixture
def make_accounted(models: Path, tmp_path: Path) -> Callable[..., Accounted]:
    """An engine with room for so many of the tiny models."""

    def make(room: float, **settings: Any) -> Accounted:
        chosen = {"models_dir": models, "run_dir": tmp_path, **settings}
        return Accounted(vram_budget_gb=room * NBYTES / 1e9, **chosen)

    return make


def ten_tasks(room: Rehearsal) -> list[tuple[str, dict[str, Any]]]:
    """Of all kinds, no two of one kind after each other."""
    spoken = {"text": "Hi.", "language": "english"}
    described = {**spoken, "description": "An old sailor."}
    codes = np.zeros((40, 16), np.uint16)
    speak = ("custom_voice", {**spoken, "speaker": "Ryan"})
    clone = ("voice_clone", {**spoken, "reference": room.send(recording())})
    decode = ("codec_decode", {"codes": room.send_tokens(Tokens(codes))})
    return [
        speak,
        ("codec_encode", {"audio": room.send(recording(), "audio")}),
        ("voice_design", described),
        clone,
        decode,
        speak,
        ("design_then_clone", {**described, "sample_text": "Hi there.", "lock_as": "Old Sailor"}),
        ("voice_design", described),
        ("voice_clone", {**spoken, "codes": room.send_tokens(Tokens(codes))}),
        ("codec_encode", {"audio": room.send(recording(), "audio")}),
    ]


def test_ten_tasks_that_alternate_stay_within_the_budget_and_come_to_an_end(
    make_accounted: Callable[..., Accounted], three_models: Path, tmp_path: Path
) -> None:
    """A Base model takes as much as two others, so that two models fit and three do not."""
    engine = make_accounted(room=3.2, models_dir=three_models, max_attempts_per_sentence=1)
    cache, room = engine.cache, Rehearsal(tmp_path, engine.cache)
    done: list[str] = []

    def perform() -> None:
        for task, request in ten_tasks(room):
            with cache.busy():
                for _ in room.playing(task, request, room.studio(str(uuid4()))):
                    engine.look()
            done.append(task)

    def meddle() -> None:
        for name in ("custom_voice", "voice_design", "base"):
            cache.load(name, three_models / name)
            cache.unload_idle()

    threads = [threading.Thread(target=work, daemon=True) for work in (perform, meddle)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(done) == 10
    assert not any(thread.is_alive() for thread in threads)
    assert max(engine.held) <= engine.settings.vram_budget_gb * 1e9
    assert max(engine.held) > 2.7 * NBYTES, "a Base was there with all that listens"
    assert len(engine.loads) > 3, "three do not fit, so some came back"
    assert engine.alive == set(cache.describe())
    assert len(engine.alive) == 2, "and two do"


def test_room_is_kept_for_what_is_read_on_demand(
    make_accounted: Callable[..., Accounted], three_models: Path
) -> None:
    """As they are loaded both would fit; with all that a Base may come to read they do not."""
    engine = make_accounted(room=2.8, models_dir=three_models)
    for name in ("base", "custom_voice") * 2:
        engine.cache.load(name, three_models / name)
    assert list(engine.cache.describe()) == ["custom_voice"]
    assert engine.held[-1] < NBYTES, "the other went before it came"


def test_what_cannot_fit_is_refused_before_it_is_loaded(
    make_accounted: Callable[..., Accounted],
) -> None:
    engine = make_accounted(room=0.5)
    with pytest.raises(ModelTooLarge, match="VRAM_BUDGET_GB"):
        engine.cache.get("voice_design")
    assert engine.loads == []


def test_what_turns_out_too_large_is_unloaded_and_refused_from_then_on(
    make_accounted: Callable[..., Accounted],
) -> None:
    """In bf16 the tiny model takes twice the least: much of it stays in fp32."""
    engine = make_accounted(room=0.7, precision="bf16")
    for _ in range(2):
        with pytest.raises(ModelTooLarge):
            engine.cache.get("voice_design")
    assert engine.loads == ["designer"]
    assert engine.cache.describe() == {}


def test_others_go_where_one_takes_more_than_was_expected(
    make_accounted: Callable[..., Accounted], models: Path
) -> None:
    engine = make_accounted(room=1.7, precision="bf16")
    for name in ("one", "designer"):
        engine.cache.load(name, models / name)
    assert engine.loads == ["one", "designer"]
    assert list(engine.cache.describe()) == ["designer"]


class Cramped(PreviewEngine):
    """An engine that has room to speak beside one model at most."""

    cache: Cache

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> PreviewModel:
        if len(self.cache.describe()) > 1:
            raise EngineFailed("There is no room left to speak in.")
        return super().load(checkpoint, folder, progress)


def test_others_go_where_there_is_no_room_left_to_speak_in(tmp_path: Path) -> None:
    engine = Cramped(0)
    engine.cache = Cache(engine, load(models_dir=tmp_path, max_loaded_models=4), print)
    for name in ("one", "two", "three"):
        engine.cache.load(name, None)
    assert list(engine.cache.describe()) == ["two", "three"]
