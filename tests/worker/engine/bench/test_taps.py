"""Listening to methods from outside."""

import pytest
import torch

from worker.engine.bench.operations import Counter
from worker.engine.bench.taps import Call, tapped


class Bell:
    def ring(self, times: int, *, loud: bool = False) -> str:
        return ("DONG" if loud else "dong") * times


def test_every_call_is_told():
    heard: list[Call] = []
    bell = Bell()
    with tapped(Bell, "ring", heard.append):
        bell.ring(2, loud=True)

    (call,) = heard
    assert call.arguments == (bell, 2)
    assert call.named == {"loud": True}
    assert call.result == "DONGDONG"
    assert call.seconds >= 0


def test_it_waits_before_and_after_a_call():
    order: list[str] = []
    with tapped(Bell, "ring", lambda _: order.append("heard"), lambda: order.append("settled")):
        Bell().ring(1)

    assert order == ["settled", "settled", "heard"]


@pytest.mark.parametrize("owner", [Bell, Bell()], ids=["class", "object"])
def test_afterwards_nothing_is_left_of_it(owner: object):
    before = dict(vars(owner))
    with pytest.raises(KeyError), tapped(owner, "ring", lambda _: None):
        raise KeyError

    assert dict(vars(owner)) == before


def test_views_are_no_operations():
    counter, x = Counter(), torch.ones(4, 4)
    with counter.on():
        x.t().reshape(2, 8)[0].add(1)

    assert counter.operations == 2  # the reshape copies here


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_composite_operations_are_counted_by_their_parts(mode: type):
    counter, x = Counter(), torch.ones(2, 4)
    with mode(), counter.on():
        torch.nn.functional.rms_norm(x, (4,), x[0])

    assert counter.operations > 1
