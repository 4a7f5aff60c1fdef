"""In which order and company lines are spoken."""

from itertools import pairwise

from shared.plans.plan import Line
from shared.readings import ModelReport
from shared.requests.declared import CheckpointKind
from shared.requests.role import Role
from worker.schedule import WINDOW, Schedule

REPORT = ModelReport(load_seconds=0, load_peak_bytes=None, batch=8, precision="fp32", live_batch=2)


def lines(voices: str) -> list[Line]:
    """A line for each letter; a capital is a voice of the base checkpoint."""
    return [
        Line(
            number=number,
            text="Yes.",
            said="Yes.",
            role=Role(voice=voice),
            language="english",
            seed=1,
            seconds=number * 7 % 5,
        )
        for number, voice in enumerate(voices, 1)
    ]


def kind(line: Line) -> CheckpointKind:
    return "base" if (line.role.voice or "").isupper() else "custom_voice"


def groups(voices: str, live: bool) -> list[list[Line]]:
    """All groups, in the order in which they are handed out."""
    schedule, loaded, found = Schedule(lines(voices), kind), None, list[list[Line]]()
    while schedule:
        loaded = schedule.turn(live, loaded)
        found.append(schedule.group(loaded, live, REPORT))
    return found


def numbers(group: list[Line]) -> list[int]:
    return [line.number for line in group]


def test_whoever_listens_hears_the_first_line_first() -> None:
    found = groups("aaaBaaa", live=True)
    assert [numbers(group) for group in found] == [[1], [2, 3], [4], [5, 6], [7]]


def test_otherwise_checkpoints_are_swapped_once_in_a_window() -> None:
    voices = "aB" * WINDOW
    found = groups(voices, live=False)
    kinds = [kind(group[0]) for group in found]
    assert sum(one != other for one, other in pairwise(kinds)) == len(voices) // WINDOW
    assert sorted(number for group in found for number in numbers(group)) == [
        *range(1, len(voices) + 1)
    ]
    assert max(number for group in found[: WINDOW // 8] for number in numbers(group)) == WINDOW


def test_a_batch_has_one_voice_and_like_lengths() -> None:
    first, second, *_ = groups("ab" * 16, live=False)
    assert {line.role.voice for line in first + second} == {"a"}
    assert max(line.seconds for line in first) <= min(line.seconds for line in second)
