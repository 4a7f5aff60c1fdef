"""A task that is performed again on the same engine draws nothing anew."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.settings import Settings
from tests.worker.engine.speech import recording
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.qwen3.engine import Qwen3Engine

SPEAK = {"text": "Hi.\n\nYou.", "language": "english"}

pytestmark = pytest.mark.slow


def test_what_a_task_has_drawn_is_known_to_the_next(tmp_path: Path, tiny_settings: Settings):
    """To whoever reads a batch to the end of its last row, the engine's own end must not matter."""
    engine = Qwen3Engine(tiny_settings.model_copy(update={"codes_cache_mb": 1}))
    room = Rehearsal(tmp_path, Cache(engine, tiny_settings, lambda name, stage: None))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("custom_voice", SPEAK | {"speaker": "Ryan"}),
        ("voice_design", SPEAK | {"description": "A sailor.", "candidates": 2}),
        ("voice_clone", SPEAK | {"reference": room.send(recording())}),
    ]
    for hits, (task, request) in enumerate(asked, 1):
        first, second = (room.perform(task, request) for _ in range(2))
        assert engine.caches()["codes"].hits == hits
        assert np.array_equal(first.sound, second.sound)
        model: Any = next(reversed(room.cache._loaded.values())).model
        assert model.batches
