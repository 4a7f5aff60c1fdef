"""The measurements count what they should on a real service; how fast it is, is not tested."""

import pytest

from tests.stack import Stack
from tools.bench import overhead, relay
from tools.bench.service import Service


def test_the_overhead_is_the_service_less_the_median_of_the_engine(stack: Stack):
    measured = overhead.measure(Service(stack.url, stack.redis_url), jobs=3)

    assert len(measured.engine) == len(measured.added) == 3
    assert measured.added == [value - measured.engine[1] for value in measured.service]
    assert all(
        0 < less < more for less, more in zip(measured.service, measured.connected, strict=True)
    )


@pytest.mark.slow
def test_the_relay_is_measured_for_every_listener_and_chunk(make_stack):
    stack = make_stack(PREVIEW_PACE="0.2")

    one, three = (relay.measure(Service(stack.url, stack.redis_url), count) for count in (1, 3))

    assert len(one) > 20
    assert len(three) % 3 == 0
    assert len(three) > 2 * len(one)
