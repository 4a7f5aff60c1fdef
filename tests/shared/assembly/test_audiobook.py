"""A book as an audiobook, read by a library that had no hand in writing it."""

from typing import Any

import pytest
from pymediainfo import MediaInfo

from shared.assembly.assembling import Assembled, assemble
from shared.plans.plan import Plan
from tests.shared.assembly.materials import DATA, materials, planned


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Assembled, list[Any]]:
    text = (DATA / "lighthouse.md").read_text()
    request, plan = planned("narration", text, format="m4b", author="Ann", deliver="whole")
    folder = tmp_path_factory.mktemp("book")
    assembled = assemble(materials(folder, request, plan))
    tracks = MediaInfo.parse(folder / "out" / "audio.m4b").tracks
    return plan, assembled, tracks


def track(tracks: list[Any], kind: str) -> Any:
    return next(it for it in tracks if it.track_type == kind)


def test_its_chapters_are_found_where_they_begin(book):
    plan, assembled, tracks = book
    menu = {
        key: value for key, value in track(tracks, "Menu").to_data().items() if key[0].isdigit()
    }
    starts = {chapter.number: [] for chapter in plan.chapters}
    for placed in assembled.placed:
        starts[plan.by_number[placed.number].chapter].append(placed.start)
    assert list(menu.values()) == [chapter.title for chapter in plan.chapters]
    assert seconds(list(menu)[1]) == pytest.approx(min(starts[2]), abs=0.002)


def test_it_says_what_it_is(book):
    _, assembled, tracks = book
    whole = track(tracks, "General")
    assert whole.title == "The Keeper of Hollow Point"
    assert whole.performer == "Ann"
    assert whole.comment == "AI-generated speech"
    assert whole.duration / 1000 == pytest.approx(assembled.samples / 24_000, abs=0.1)
    assert track(tracks, "Audio").format == "AAC"


def seconds(clock: str) -> float:
    """Of `00_01_02345`, as the menu has it."""
    hours, minutes, rest = clock.split("_")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest) / 1000
