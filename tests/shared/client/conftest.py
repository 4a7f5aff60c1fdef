"""A service that hurries for nobody and does not let everybody in, for tests of both clients."""

from collections.abc import Iterator

import pytest

from tests.stack import Stack

KEY = "right"


@pytest.fixture(scope="session")
def strict_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("strict")
    with Stack(folder, PREVIEW_PACE="1", MAX_QUEUE="1", API_KEYS=KEY) as running:
        yield running


@pytest.fixture
def strict(strict_stack: Stack) -> Iterator[Stack]:
    """A service that speaks in real time, with room for one job, for those who have `KEY`; without
    jobs before and after the test."""
    yield strict_stack
    client = strict_stack.client(api_key=KEY)
    for job in client.jobs(active=True).items:
        client.cancel(job.id)
        client.wait(job.id)
