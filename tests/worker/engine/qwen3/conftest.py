"""Tiny checkpoints on our own decode loop."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from shared.checkpoints.catalogue import Kind
from shared.settings import Settings
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.oracle import Oracle
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.qwen3.language_model import Formats
from worker.engine.qwen3.linear import Format
from worker.engine.qwen3.loop import Limits
from worker.engine.qwen3.model import Qwen3Model

Ours = Callable[..., Qwen3Model]
Theirs = Callable[..., Oracle]


@pytest.fixture(scope="session")
def ours(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """A tiny checkpoint on our engine; `form` in place of the format that the settings give."""

    @cache
    def model(
        kind: Kind = "custom_voice",
        form: Format = "fp32",
        batch: int = 4,
        lag: int = 0,
        attempts: int = 1,
        settings: tuple[tuple[str, Any], ...] = (),
        **arguments: object,
    ) -> Qwen3Model:
        chosen = Settings(
            device="cpu",
            max_batch=batch,
            max_attempts_per_sentence=attempts,
            run_dir=tmp_path_factory.getbasetemp() / "run",
            **dict(settings),
        )
        loaded = Qwen3Engine(chosen).load("tiny", tiny(kind, **arguments), lambda _: None)
        loaded._parts = replace(loaded._parts, limits=Limits(batch, batch, lag))
        if form != "fp32":
            parts = loaded._parts
            with torch.inference_mode():
                weights = parts.folder.language_model(
                    parts.dimensions, Formats(form, form), lambda _: None
                )
            loaded._parts = replace(parts, language_model=weights)
        return loaded

    return model


@pytest.fixture(scope="session")
def theirs(tiny: Tiny) -> Theirs:
    """The package on the same checkpoint."""

    @cache
    def oracle(
        kind: Kind = "custom_voice", dtype: torch.dtype = torch.float64, **arguments: object
    ) -> Oracle:
        return Oracle(tiny(kind, **arguments), dtype)

    return oracle
