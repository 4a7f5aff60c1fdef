"""Fixtures for every test: a Redis, and the whole service as real processes."""

import gc
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.stack import Stack
from tools import redis_server

# Tests run side by side, and threads that wait for one another take ten times as long. It must be
# set before torch is imported; the processes that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Several hundred processes read the same modules, and pytest rewrites every assertion of every test
# in each of its own: what has been compiled is kept, also where containers say otherwise.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SLOW = (
    "tests/api/test_assembling.py",
    "tests/api/test_guards.py",
    "tests/api/test_lines.py",
    "tests/api/test_pipelines.py",
    "tests/api/test_planners.py",
    "tests/api/test_planning.py",
    "tests/api/test_sheets.py",
    "tests/api/test_stream.py",
    "tests/api/test_uploads.py",
    "tests/api/test_voices.py",
    "tests/deployment",
    "tests/docs",
    "tests/shared/assembly",
    "tests/shared/audio/test_clip.py",
    "tests/shared/audio/test_encode.py",
    "tests/shared/audio/test_file.py",
    "tests/shared/checkpoints",
    "tests/shared/client/test_library.py",
    "tests/shared/test_receiving.py",
    "tests/shared/voices/test_archive.py",
    "tests/test_features.py",
    "tests/test_imports.py",
    "tests/tools",
    "tests/ui",
    "tests/worker/engine/bench",
    "tests/worker/engine/preview/test_child.py",
    "tests/worker/engine/qwen3",
    "tests/worker/engine/stock",
    "tests/worker/engine/test_cache.py",
    "tests/worker/engine/test_expectation.py",
    "tests/worker/engine/test_measure.py",
    "tests/worker/engine/test_package.py",
    "tests/worker/engine/test_random_checkpoint.py",
    "tests/worker/engine/test_voice.py",
    "tests/worker/pipelines",
)
"""What loads a model, starts processes for every test, or takes seconds by its size: `make
test-quick` leaves it out."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out need not be imported, torch and the browser among it."""
    place = collection_path.relative_to(config.rootpath).as_posix()
    return True if "not slow" in config.option.markexpr and place.startswith(SLOW) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(config.rootpath).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    # Side by side, what takes long goes first, so that nobody is waited for at the end.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and whole libraries come and stay: nobody need look for rubbish in them,
    neither now nor in every collection of rubbish that follows."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests; most want `redis_url`."""
    with redis_server.serving(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server_url, protocol=2) as client:
        client.flushall()
    return redis_server_url


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service with the preview engine, shared by all tests that leave it as they find it."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Start a service of the test's own: `make_stack(apis=2, PREVIEW_PACE="1")`."""
    with ExitStack() as running:

        def start(apis: int = 1, **settings: str) -> Stack:
            folder = tmp_path / f"stack-{len(list(tmp_path.glob('stack-*')))}"
            folder.mkdir()
            return running.enter_context(Stack(folder, apis, **settings))

        yield start
