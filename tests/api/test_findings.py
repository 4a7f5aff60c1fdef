"""What the API itself sees amiss."""

import pytest

from api import findings
from api.findings import GIGABYTE
from shared.status import WorkerStatus
from shared.stores.listing import Usage
from shared.version import __version__
from tests.announcing import status


def worker(**told: object) -> WorkerStatus:
    return status(**{"version": __version__, **told})


def disk(free: int) -> Usage:
    return Usage(outputs=0, bytes=0, trash=0, trash_bytes=0, free_bytes=free)


ROOM = disk(100 * GIGABYTE)


def test_a_service_in_order_has_no_findings():
    assert not list(findings.look([worker()], {"codec": 0}, ROOM))


@pytest.mark.parametrize(
    ("workers", "waiting", "outputs", "subject", "verdict"),
    [
        ([], {}, ROOM, "worker", "bad"),
        ([worker(queues=["interactive", "batch"])], {"codec": 2}, ROOM, "queue", "bad"),
        ([worker()], {}, disk(GIGABYTE), "disk", "note"),
        ([worker()], {}, disk(GIGABYTE // 10), "disk", "bad"),
        ([worker(), worker(version="0.0.1")], {}, ROOM, "version", "note"),
    ],
)
def test_what_is_amiss_comes_with_advice(
    workers: list[WorkerStatus],
    waiting: dict[str, int],
    outputs: Usage,
    subject: str,
    verdict: str,
):
    (finding,) = findings.look(workers, waiting, outputs)
    assert (finding.subject, finding.verdict) == (subject, verdict)
    assert finding.advice


def test_a_queue_that_nobody_serves_is_no_trouble_while_nothing_waits_there():
    assert not list(findings.look([worker(queues=["batch"])], {"codec": 0}, ROOM))
