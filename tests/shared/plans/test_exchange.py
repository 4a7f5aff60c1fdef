"""Plans as they go out and come back: canonical, and refused with the place that is wrong."""

import json
from typing import Any

import pytest

from shared.errors import InvalidRequest, NothingToSay
from shared.plans import exchange
from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Plan
from shared.requests.role import Role

RYAN = Role(voice="ryan", speed=2.0)


def line(number: int, **changes: Any) -> Line:
    given = {"text": "One.", "said": "One.", "language": "english", "seed": 1, "seconds": 3.0}
    return Line.model_validate({"number": number, "role": RYAN, **given, **changes})


PLAN = Plan(
    task="narration",
    language="english",
    lines=[line(1), line(2, pause_after=0.5)],
    warnings=[f"Odd {number}." for number in range(30)],
)


def changed(**changes: Any) -> bytes:
    """The plan, whose second line has these changes."""
    plan = json.loads(exchange.dumps(PLAN))
    plan["lines"][1] |= changes
    return json.dumps(plan).encode()


def test_what_was_answered_comes_back_as_the_same_plan():
    data = exchange.dumps(PLAN)
    answer = exchange.view(data, "f" * 64, PLAN.seconds)
    assert exchange.loads(data) == exchange.loads(data)
    assert exchange.dumps(exchange.loads(answer)) == data
    view = PlanView.model_validate_json(answer)
    assert (view.id, view.estimate, view.lines) == ("f" * 64, 3.5, PLAN.lines)


def test_what_is_known_of_a_plan_without_reading_it():
    facts = exchange.facts(PLAN)
    assert (facts.seconds, facts.task, facts.voices) == (3.5, "narration", ["ryan"])
    assert facts.warnings == [*PLAN.warnings[:20], "… and 10 more."]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"said": ""}, "lines.1.said"),
        ({"text": "x" * 5_000}, "lines.1.text"),
        ({"sound": 1}, "lines.1.sound"),
        ({"number": 1}, "lines.1.number"),
        ({"language": "auto"}, "lines.1.language"),
        ({"role": {}}, "lines.1.role"),
        ({"role": {"voice": "ryan", "speed": 9}}, "lines.1.role.speed"),
        ({"role": {"voice": "ryan", "emotion": "hungry"}}, "lines.1"),
        ({"role": {"voice": "ryan", "description": "An old man."}}, "lines.1"),
        ({"seconds": float("inf")}, "lines.1.seconds"),
        ({"pause_after": -1}, "lines.1.pause_after"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_damaged_line_is_named(changes: dict[str, Any], place: str):
    with pytest.raises(InvalidRequest) as error:
        exchange.loads(changed(**changes))
    assert f"{place}: " in error.value.message or f"'{place}'" in error.value.message


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"[]", b"5", b"null", b'{"lines": 5}', b"[" * 100_000]
)
def test_what_is_no_plan_is_refused(data: bytes):
    with pytest.raises(InvalidRequest):
        exchange.loads(data)


def test_a_language_that_nobody_speaks_is_refused():
    with pytest.raises(InvalidRequest, match="language: "):
        exchange.loads(exchange.dumps(PLAN.model_copy(update={"language": "klingon"})))


def test_a_plan_without_lines_says_nothing():
    with pytest.raises(NothingToSay):
        exchange.loads(exchange.dumps(PLAN.model_copy(update={"lines": []})))
