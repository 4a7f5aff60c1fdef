"""A worker's name is held by one process at a time."""

import subprocess
import sys
import threading

import pytest
import redis

from shared import keys
from shared.connection import Connection
from worker.lease import Lease


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


def test_free_name_is_claimed(connection: Connection) -> None:
    lease = Lease(connection, "gpu-0", 15)
    lease.claim()
    assert lease.renew()
    assert 0 < connection.pttl(keys.lease("gpu-0")) <= 15_000


def test_second_living_process_waits_for_the_first(connection: Connection) -> None:
    first, second = Lease(connection, "gpu-0", 60), Lease(connection, "gpu-0", 60)
    first.claim()
    claiming = threading.Thread(target=second.claim, daemon=True)
    claiming.start()
    claiming.join(0.5)
    assert claiming.is_alive()
    first.release()
    claiming.join(10)
    assert not claiming.is_alive()
    assert not first.renew()


def test_dead_holder_on_this_host_is_succeeded_at_once(connection: Connection) -> None:
    program = (
        "import redis, sys\n"
        "from worker.lease import Lease\n"
        "Lease(redis.Redis.from_url(sys.argv[1], protocol=2), 'gpu-0', 3600).claim()\n"
    )
    url = connection.connection_pool.connection_kwargs
    address = f"unix://{url['path']}" if "path" in url else f"redis://127.0.0.1:{url['port']}"
    subprocess.run([sys.executable, "-c", program, address], check=True, timeout=30)
    assert connection.exists(keys.lease("gpu-0"))
    heir = Lease(connection, "gpu-0", 15)
    heir.claim()
    assert heir.renew()


def test_holder_on_another_host_is_never_taken_for_dead(connection: Connection) -> None:
    connection.set(keys.lease("gpu-0"), "another-host 1 1.0 abc", px=60_000)
    assert not Lease(connection, "gpu-0", 15).renew()


def test_released_name_is_not_taken_from_a_successor(connection: Connection) -> None:
    first, second = Lease(connection, "gpu-0", 60), Lease(connection, "gpu-0", 60)
    first.claim()
    first.release()
    second.claim()
    first.release()
    assert second.renew()
