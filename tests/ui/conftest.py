"""The dashboard in front of the service, as a process of its own and inside the test."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, sync_playwright

from shared.client import Client
from shared.settings import ROOT, load
from tests.stack import Stack, clean_environment
from tests.ui.browsing import CHROMIUM, watched
from tools import ports
from tools.chromium import FLAGS
from tools.leash import leashed
from ui.app import create

START_SECONDS = 120.0
Built = TypeVar("Built")


def built(make: Callable[[], Built]) -> Built:
    """What `make` makes; where no event loop runs, gradio opens one and never closes it."""

    async def within_a_loop() -> Built:
        return make()

    return asyncio.run(within_a_loop())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))


@contextmanager
def dashboard(folder: Path, **settings: str) -> Generator[str]:
    """`python -m ui` with these settings; its address."""
    port = ports.any_free()
    with (folder / f"ui-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "ui"]),
            cwd=ROOT,
            env=clean_environment() | settings | {"GRADIO_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process, Path(log.name))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Come back when the dashboard answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError(f"The dashboard does not start.\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def address(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard in front of the service that all tests share."""
    with dashboard(tmp_path_factory.mktemp("ui"), API_URL=stack.url) as url:
        yield url


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that speaks at the pace of a person, so that there is time to interrupt it."""
    with Stack(tmp_path_factory.mktemp("slow"), PREVIEW_PACE="1") as running:
        yield running


@pytest.fixture(scope="module")
def slow_address(slow: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(tmp_path_factory.mktemp("ui"), API_URL=slow.url) as url:
        yield url


@pytest.fixture
def slow_client(slow: Stack) -> Iterator[Client]:
    """A client of it, after which nothing waits or runs."""
    client = slow.client()
    yield client
    for job in client.jobs(active=True).items:
        client.cancel(job.id)


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of the width that the test is given, whose console must stay free of errors."""
    with watched(browser, getattr(request, "param", 1440)) as page:
        yield page


@pytest.fixture
def make_dashboard(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a dashboard of the test's own: `make_dashboard(API_URL=…)`."""
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(dashboard(tmp_path, **settings))


@pytest.fixture(scope="module")
def inside() -> Iterator[Callable[..., TestClient]]:
    """The dashboard's application in this process: `inside(api_url=…)`, built once a module."""
    known: dict[str, TestClient] = {}
    with pytest.MonkeyPatch.context() as environment, ExitStack() as running:
        for name in set(os.environ) - set(clean_environment()):
            environment.delenv(name)

        def start(address: str = "http://127.0.0.1", **settings: Any) -> TestClient:
            key = repr((address, settings))
            if key not in known:
                app = built(lambda: create(load(**settings)))
                root = settings.get("gradio_root_path", "")
                client = TestClient(app, base_url=address, root_path=root)
                known[key] = running.enter_context(client)
            return known[key]

        yield start


@pytest.fixture
def slow_stack(make_stack: Callable[..., Stack]) -> Stack:
    """A service that speaks at the pace of a person, so that there is time to interrupt it."""
    return make_stack(PREVIEW_PACE="1")
