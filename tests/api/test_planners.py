"""The process that makes plans: what goes wrong in it is said, and the next plan is made."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.planners import MOST_WAITING, Planners
from shared.errors import InvalidRequest, PlannersBusy, PlanningFailed, ServiceStopping
from shared.settings import ROOT

PARENT = """
import sys
from api.planners import Planners
from tests.api.test_planners import number

if __name__ == "__main__":
    print(Planners().run(number), flush=True)
    sys.stdin.read()
"""


# --- work for the child ---


def number() -> int:
    return os.getpid()


def niceness() -> int:
    return os.nice(0)


def hang() -> None:
    while True:
        time.sleep(1)


def eat() -> None:
    held: list[bytearray] = []
    while True:
        held.append(bytearray(64 << 20))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise InvalidRequest("Line 3 is odd.", param="source", hint="Mend it.", retry_after=2)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


@pytest.fixture(scope="module")
def planners() -> Iterator[Planners]:
    made = Planners(seconds=4, memory=256 << 20)
    yield made
    made.close()


def test_one_child_makes_all_plans_and_gives_way(planners: Planners):
    child = planners.run(number)
    assert child != os.getpid()
    assert planners.run(number) == child
    assert planners.run(niceness) > os.nice(0)


def test_a_refusal_comes_back_as_it_was_said(planners: Planners):
    with pytest.raises(InvalidRequest) as error:
        planners.run(refuse)
    said = error.value
    assert (said.message, said.param, said.next_step, said.retry_after, said.status) == (
        *("Line 3 is odd.", "source", "Mend it.", 2),
        422,
    )


@pytest.mark.parametrize(
    ("work", "why"),
    [(hang, "longer than 4 seconds"), (eat, "more memory"), (die, "broke down")],
    ids=["hangs", "eats", "dies"],
)
def test_what_takes_too_much_is_ended_and_the_next_plan_is_made(
    planners: Planners, work: Callable[[], Any], why: str
):
    before = planners.run(number)
    with pytest.raises(PlanningFailed, match=why) as error:
        planners.run(work)
    assert error.value.next_step
    assert not alive(before)
    assert planners.run(number) != before


def test_a_child_that_died_meanwhile_is_no_fault_of_the_next_plan(planners: Planners):
    child = planners.run(number)
    os.kill(child, signal.SIGKILL)
    until_dead(child)
    time.sleep(0.05)  # until the pool has noticed
    assert planners.run(number) != child


def test_no_more_than_a_few_wait(planners: Planners, tmp_path: Path):
    gate, refused = tmp_path / "gate", threading.Event()
    told: list[float | None] = []

    def work() -> None:
        try:
            planners.run(wait_for, gate)
        except PlannersBusy as error:
            told.append(error.retry_after)
            refused.set()

    threads = [threading.Thread(target=work) for _ in range(MOST_WAITING + 2)]
    for thread in threads:
        thread.start()
    assert refused.wait(10)
    gate.touch()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    assert told[0]


def test_closing_ends_the_child_and_what_it_is_at():
    planners = Planners()
    child = planners.run(number)
    told: list[Exception] = []

    def work() -> None:
        try:
            planners.run(hang)
        except ServiceStopping as error:
            told.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    planners.close()
    thread.join()
    assert told
    assert not alive(child)
    with pytest.raises(ServiceStopping):
        planners.run(number)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_child_ends_with_its_parent(tmp_path: Path, how: int):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        os.killpg(parent.pid, how) if how == signal.SIGINT else parent.send_signal(how)
        parent.wait(10)
    until_dead(child)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until_dead(process: int) -> None:
    until = time.monotonic() + 10
    while alive(process):
        assert time.monotonic() < until
        time.sleep(0.01)
