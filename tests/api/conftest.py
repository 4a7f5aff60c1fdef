"""Services that the tests of the routes share."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a service of its own, or hears one in real time, is slow."""
    for item in items:
        needs = set(getattr(item, "fixturenames", ()))
        if item.path.is_relative_to(_HERE) and needs & {"make_stack", "paced"}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def http(stack: Stack) -> httpx.Client:
    """The shared service, as fast as it can speak."""
    return stack.http()


@pytest.fixture(scope="session")
def paced_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that speaks in real time, so that a test can step in."""
    with Stack(tmp_path_factory.mktemp("paced"), apis=2, PREVIEW_PACE="1") as running:
        yield running


@pytest.fixture
def paced(paced_stack: Stack) -> Iterator[Stack]:
    """That service, without jobs before and after the test."""
    yield paced_stack
    http = paced_stack.http()
    while active := [
        job
        for state in ("queued", "running")
        for job in http.get("/v1/jobs", params={"state": state, "limit": 200}).json()["items"]
    ]:
        for job in active:
            http.delete(f"/v1/jobs/{job['id']}")
        time.sleep(0.02)
