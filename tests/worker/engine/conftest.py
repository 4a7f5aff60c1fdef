"""Tiny random-weight checkpoints and the models loaded from them, each made once."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from shared.checkpoints.catalogue import Kind
from worker.engine.random_checkpoint import write
from worker.engine.stock import StockEngine, StockModel

Tiny = Callable[..., Path]
Loaded = Callable[..., StockModel]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The folder of a tiny checkpoint with the given arguments; tests only read it."""

    @cache
    def written(kind: Kind = "custom_voice", **arguments: object) -> Path:
        return write(tmp_path_factory.mktemp(kind), "tiny", kind, **arguments)  # type: ignore[arg-type]

    return written


@pytest.fixture
def spoilable(tiny: Tiny, tmp_path: Path) -> Path:
    """A tiny checkpoint that a test may spoil."""
    return shutil.copytree(tiny(), tmp_path / "checkpoint")


@pytest.fixture(scope="session")
def loaded(tiny: Tiny) -> Loaded:
    """A loaded tiny checkpoint, on the CPU, in the given precision."""

    @cache
    def model(
        kind: Kind = "custom_voice", precision: str = "auto", **arguments: object
    ) -> StockModel:
        engine = StockEngine("cpu", precision, attempts=3)  # type: ignore[arg-type]
        return engine.load("tiny", tiny(kind, **arguments), lambda _: None)

    return model
