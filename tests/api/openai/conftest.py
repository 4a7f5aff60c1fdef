"""The service as the real OpenAI package talks to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import openai
import pytest

from tests.stack import Stack

KEY = "sk-of-this-test"
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the service in real time is slow."""
    for item in items:
        if item.path.is_relative_to(_HERE) and "kept_stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def package() -> Iterator[Callable[..., openai.OpenAI]]:
    """Makes clients that try everything once: `package(stack, key)`."""
    with ExitStack() as opened:

        def client_of(stack: Stack, key: str = "none is asked for") -> openai.OpenAI:
            line = opened.enter_context(openai.DefaultHttpxClient(trust_env=False, timeout=60.0))
            return openai.OpenAI(
                base_url=f"{stack.url}/v1", api_key=key, max_retries=0, http_client=line
            )

        yield client_of


@pytest.fixture(scope="session")
def client(package: Callable[..., openai.OpenAI], stack: Stack) -> openai.OpenAI:
    """Of the shared service."""
    return package(stack)


@pytest.fixture(scope="session")
def kept_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with a key, in real time, that takes two jobs at once."""
    with Stack(
        tmp_path_factory.mktemp("kept"),
        API_KEYS=KEY,
        PUBLIC_LISTS="1",
        PREVIEW_PACE="1",
        MAX_QUEUE="2",
    ) as running:
        yield running


@pytest.fixture
def kept(kept_stack: Stack) -> Iterator[httpx.Client]:
    """Its routes, by its key; nothing waits or runs before and after the test."""
    http = kept_stack.http(headers={"Authorization": f"Bearer {KEY}"}, timeout=60.0)
    _idle(http)
    yield http
    _idle(http)


def _idle(http: httpx.Client) -> None:
    while jobs := http.get("/v1/jobs", params={"active": "true"}).json()["items"]:
        for job in jobs:
            http.delete(f"/v1/jobs/{job['id']}")
