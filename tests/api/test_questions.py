"""Requests that wait for a worker's answer, and those that must not wait with them."""

from pathlib import Path

import anyio
import pytest
import redis
from anyio import to_thread

from api import questions
from api.app import open_context
from shared import keys
from shared.asking import Transcribe
from shared.errors import WorkerBusy, WorkerSilent
from shared.settings import load
from tests.announcing import announce

QUESTION = Transcribe(upload="0" * 64, language="auto")
MANY = 3 * questions.MOST_ASKED


async def ask_all(url: str, folder: Path) -> dict[str, int]:
    """Ask a worker that never answers; how often which error was raised."""
    here = open_context(load(redis_url=url, outputs_dir=folder, voices_dir=folder))
    raised = {"silent": 0, "busy": 0}

    async def ask() -> None:
        try:
            await questions.ask(here, QUESTION, patience=0.3)
        except WorkerSilent:
            raised["silent"] += 1
        except WorkerBusy:
            raised["busy"] += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(questions.MOST_ASKED):
            tasks.start_soon(ask)
        while here.asking.available_tokens:
            await anyio.sleep(0.001)
        assert to_thread.current_default_thread_limiter().borrowed_tokens == 0
        for _ in range(MANY - questions.MOST_ASKED):
            tasks.start_soon(ask)
    here.redis.close()
    return raised


@pytest.fixture
def silent_worker(redis_url: str) -> str:
    with redis.Redis.from_url(redis_url, protocol=2) as connection:
        announce(connection)
    return redis_url


def test_no_request_waits_for_those_that_ask(silent_worker: str, tmp_path: Path):
    raised = anyio.run(ask_all, silent_worker, tmp_path)
    assert raised == {"silent": questions.MOST_ASKED, "busy": MANY - questions.MOST_ASKED}
    with redis.Redis.from_url(silent_worker, protocol=2) as connection:
        assert not connection.exists(keys.QUESTIONS)
