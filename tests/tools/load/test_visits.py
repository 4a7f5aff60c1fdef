"""Every road of the crowd, gone once; what does not lead to speech is a fault."""

import httpx
import pytest

from tests.stack import Stack
from tools.load import crowd
from tools.load.__main__ import VISITS
from tools.load.visits import Door, WrongAnswer
from tools.load.watching import Look, growth

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.redis
@pytest.mark.parametrize("name", VISITS)
async def test_a_visit_comes_to_what_it_came_for(stack: Stack, name: str):
    async with httpx.AsyncClient(base_url=stack.urls[0], timeout=60, trust_env=False) as http:
        assert await VISITS[name](Door(stack.urls[0], http)) > 0


@pytest.mark.redis
async def test_what_goes_wrong_is_counted_by_its_kind(stack: Stack):
    async def fail(door: Door) -> float:
        raise WrongAnswer("There is no sound.")

    look = VISITS["lists and status"]
    outcomes = await crowd.send(stack.urls[0], {"bad": fail, "good": look}, 2, 0.5, seed=1)
    assert set(outcomes["bad"].faults) == {"WrongAnswer: There is no sound."}
    assert outcomes["good"].firsts
    assert not outcomes["good"].faults


def test_growth_leaves_out_the_warming_up():
    held = [50.0, 90, 100, 101, 100, 100, 100, 103]
    looks = [Look(float(at), megabytes, 1, 1) for at, megabytes in enumerate(held)]
    assert growth(looks) == 2
