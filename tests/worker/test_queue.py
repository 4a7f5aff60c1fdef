"""Each private hook of RQ that we override still exists and still does what we rely on."""

import inspect
from importlib.metadata import version

import pytest
import redis
from rq.exceptions import DequeueTimeout
from rq.queue import Queue
from rq.worker import SimpleWorker

from shared import keys, rq
from shared.connection import Connection
from worker.queue import QueueWorker, WorkerQueue


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def lanes() -> type[WorkerQueue]:
    return type("Lanes", (WorkerQueue,), {"inflight": keys.inflight("gpu-9")})


def lane_keys(connection: Connection) -> list[str]:
    return [rq.queue(name, connection).key for name in keys.QUEUES]


def test_rq_is_the_version_whose_hooks_we_know() -> None:
    assert version("rq").startswith("3.0.")


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (SimpleWorker, "register_birth", ["self"]),
        (SimpleWorker, "get_heartbeat_ttl", ["self", "job", "working_time"]),
        (SimpleWorker, "prepare_job_execution", ["self", "job", "remove_from_intermediate_queue"]),
        (SimpleWorker, "perform_job", ["self", "job", "queue", "execution"]),
        (SimpleWorker, "_finalize_failure", ["self", "job", "queue", "execution", "exc_info"]),
        (SimpleWorker, "kill_horse", ["self", "sig"]),
        (SimpleWorker, "_finalize_success", ["self", "job", "queue", "execution", "return_value"]),
        (SimpleWorker, "request_stop", ["self", "signum", "frame"]),
        (SimpleWorker, "set_shutdown_requested_date", ["self"]),
        (SimpleWorker, "run_maintenance_tasks", ["self"]),
        (SimpleWorker, "_set_ip_address", ["self", "connection"]),
        (Queue, "lpop", ["queue_keys", "timeout", "connection"]),
        (Queue, "lmove", ["connection", "queue_key", "timeout"]),
    ],
)
def test_hook_has_the_signature_we_override(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters
    assert list(inspect.signature(getattr(_ours(owner), name)).parameters) == parameters


def _ours(owner: type) -> type:
    return QueueWorker if owner is SimpleWorker else WorkerQueue


def test_interactive_is_taken_before_batch(
    connection: Connection, lanes: type[WorkerQueue]
) -> None:
    rq.queue(keys.BATCH, connection).put("later", "custom_voice")
    rq.queue(keys.INTERACTIVE, connection).put("sooner", "custom_voice")
    taken: list[bytes] = []
    for _ in range(2):
        found = lanes.lpop(lane_keys(connection), None, connection)
        assert found is not None
        taken.append(found[1])
        connection.delete(lanes.inflight)
    assert taken == [b"sooner", b"later"]


def test_taken_job_is_in_flight(connection: Connection, lanes: type[WorkerQueue]) -> None:
    rq.queue(keys.BATCH, connection).put("one", "custom_voice")
    lanes.lpop(lane_keys(connection), None, connection)
    assert connection.lrange(lanes.inflight, 0, -1) == [b"one"]


def test_what_is_loaded_is_told_and_taken_first(
    connection: Connection, lanes: type[WorkerQueue]
) -> None:
    class Loaded(lanes):
        patience = 60.0

        @classmethod
        def needs(cls) -> list[str]:
            return ["base/0.6B"]

    for name, needs in (("head", "custom_voice/0.6B"), ("fits", "base/0.6B")):
        connection.hset(keys.job(name), mapping={"state": "queued", "needs": needs})
        rq.queue(keys.INTERACTIVE, connection).put(name, "custom_voice")
    taken = Loaded.lpop(lane_keys(connection), None, connection)
    assert taken is not None
    assert taken[1] == b"fits"


def test_empty_queues_give_nothing_or_time_out(
    connection: Connection, lanes: type[WorkerQueue]
) -> None:
    assert lanes.lpop(lane_keys(connection), None, connection) is None
    with pytest.raises(DequeueTimeout):
        lanes.lpop(lane_keys(connection), 1, connection)


def test_id_that_rq_has_forgotten_is_dropped(
    connection: Connection, lanes: type[WorkerQueue]
) -> None:
    connection.rpush(lane_keys(connection)[0], "ghost")
    rq.queue(keys.BATCH, connection).put("real", "custom_voice")
    taken = lanes.lpop(lane_keys(connection), None, connection)
    assert taken is not None
    assert taken[1] == b"real"
    assert connection.lrange(lanes.inflight, 0, -1) == [b"real"]


def test_job_whose_taking_was_lost_on_the_way_is_taken_again(
    connection: Connection, lanes: type[WorkerQueue]
) -> None:
    """The server took it, the reply never came: it still lies in the in-flight list."""
    rq.queue(keys.BATCH, connection).put("lost", "custom_voice")
    lanes.lpop(lane_keys(connection), None, connection)
    rq.queue(keys.INTERACTIVE, connection).put("next", "custom_voice")
    again = lanes.lpop(lane_keys(connection), None, connection)
    assert again is not None
    assert again == (rq.queue(keys.BATCH, connection).key.encode(), b"lost")
