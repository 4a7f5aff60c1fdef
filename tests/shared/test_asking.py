"""Questions and answers, through a real Redis."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from shared import asking, keys
from shared.asking import Asked, ReadPrompt, Transcribe
from shared.connection import Connection
from shared.errors import BodyTooLarge, EngineUnavailable, WorkerBusy, WorkerSilent
from tests.announcing import announce

QUESTION = Transcribe(upload="0" * 64, language="auto")


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def worker(connection: Connection) -> None:
    """Somebody who could answer."""
    announce(connection)


def answered_by(connection: Connection, act: Callable[[Asked], None]) -> Any:
    """What `ask` gives while somebody takes the question and does `act` with it."""
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(asking.ask, connection, QUESTION, 10)
        asked = asking.receive(connection, 10)
        assert asked is not None
        act(asked)
        return answer.result()


@pytest.mark.usefixtures("worker")
def test_an_answer_comes_back(connection: Connection):
    found = answered_by(
        connection, lambda asked: asking.reply(connection, asked, {"text": "Grüß Gott"})
    )

    assert found == {"text": "Grüß Gott"}


@pytest.mark.usefixtures("worker")
def test_a_refusal_comes_back_as_the_error_that_it_was(connection: Connection):
    error = EngineUnavailable("No transcriber is set up.", hint="Set one up.")

    with pytest.raises(EngineUnavailable, match="No transcriber") as caught:
        answered_by(connection, lambda asked: asking.refuse(connection, asked, error))
    assert caught.value.next_step == "Set one up."


def test_where_no_worker_runs_nobody_waits(connection: Connection):
    with pytest.raises(WorkerSilent, match="No worker runs"):
        asking.ask(connection, QUESTION, 60)
    assert not connection.exists(keys.QUESTIONS)


@pytest.mark.usefixtures("worker")
def test_a_question_that_nobody_takes_is_withdrawn(connection: Connection):
    with pytest.raises(WorkerSilent, match="answered within"):
        asking.ask(connection, QUESTION, 0.2)
    assert not connection.exists(keys.QUESTIONS)


@pytest.mark.usefixtures("worker")
def test_where_many_wait_already_nobody_waits_longer(connection: Connection):
    connection.rpush(keys.QUESTIONS, *["{}"] * asking.MOST_WAITING)
    with pytest.raises(WorkerBusy) as caught:
        asking.ask(connection, QUESTION, 60)
    assert caught.value.retry_after
    assert connection.llen(keys.QUESTIONS) == asking.MOST_WAITING


@pytest.mark.usefixtures("worker")
def test_a_question_is_no_larger_than_redis_should_hold(connection: Connection):
    with pytest.raises(BodyTooLarge):
        asking.ask(connection, ReadPrompt(file="A" * (9 << 20)), 60)
    assert not connection.exists(keys.QUESTIONS)


def test_a_worker_reads_the_question_that_was_asked(connection: Connection):
    question = ReadPrompt(file="AAAA", checkpoint="0.6B-Base")
    connection.rpush(keys.QUESTIONS, asking.Asked(id="1", question=question).model_dump_json())

    asked = asking.receive(connection, 1)

    assert asked is not None
    assert asked.question == question
