"""Which card CUDA means, and what is read of it."""

import pytest

from shared.readings import GpuReading
from tests.worker.nvml import Card, Nvml, NVMLError
from worker import card

FOUR = [Card(f"GPU-{letter}{letter}{letter}-1") for letter in "abcd"]
MIXED = [Card("GPU-old", "NVIDIA GeForce GTX 1060"), Card("GPU-new", "NVIDIA GeForce RTX 4090")]
EVERYTHING = frozenset(
    {"utilization", "memory", "processes", "temperature", "power", "limit", "clock"}
)


def found(
    index: int, visible: str | None = None, cards: list[Card] = FOUR, name: str = "NVIDIA H200"
) -> str:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return card.find(Nvml(cards), index, name, environment).uuid


@pytest.mark.parametrize(
    ("index", "visible", "letter"),
    [
        (0, None, "a"),
        (2, None, "c"),
        (0, "3", "d"),
        (1, "3,1", "b"),
        (1, " 3 , 0 ", "a"),
        (0, "GPU-ccc-1", "c"),
        (1, "GPU-ccc-1,GPU-bbb-1", "b"),
        (0, "GPU-d", "d"),
        (1, "0,GPU-b", "b"),
    ],
)
def test_cuda_counts_the_visible_cards(index: int, visible: str | None, letter: str) -> None:
    assert found(index, visible) == f"GPU-{letter * 3}-1"


@pytest.mark.parametrize(
    ("index", "visible"),
    [(4, None), (0, ""), (0, "-1"), (1, "2"), (0, "9"), (1, "0,-1,1"), (0, "GPU-x"), (0, "none")],
)
def test_card_that_cuda_does_not_see_is_not_found(index: int, visible: str | None) -> None:
    with pytest.raises(LookupError):
        found(index, visible)


def test_slice_of_a_card_is_found_by_its_own_name() -> None:
    slices = [*FOUR, Card("MIG-5", "NVIDIA H200 MIG 1g.18gb")]
    assert found(0, "MIG-5", slices, "NVIDIA H200 MIG 1g.18gb") == "MIG-5"


def test_where_cards_differ_the_name_that_cuda_gives_decides() -> None:
    assert found(0, None, MIXED, "NVIDIA GeForce RTX 4090") == "GPU-new"


def test_unknown_name_leaves_the_number_to_decide() -> None:
    assert found(1, None, MIXED, "Something else") == "GPU-new"


def test_everything_that_the_card_tells_is_read() -> None:
    assert card.read(Nvml(FOUR), FOUR[0]) == GpuReading(
        name="NVIDIA H200",
        utilization=0.87,
        memory_bytes=3000,
        memory_total_bytes=8000,
        memory_own_bytes=2000,
        temperature=64,
        power=78.5,
        power_limit=80,
        clock=1770,
        memory_clock=6001,
    )


@pytest.mark.parametrize("silent", sorted(EVERYTHING))
def test_what_the_card_does_not_tell_is_none_and_the_rest_is_there(silent: str) -> None:
    quiet = Card("GPU-q", silent=frozenset({silent}))
    whole = card.read(Nvml(FOUR), FOUR[0]).model_dump()
    part = card.read(Nvml([quiet]), quiet).model_dump()
    missing = {name for name, value in part.items() if value is None}
    assert missing
    assert {name: whole[name] for name in part.keys() - missing} == {
        name: part[name] for name in part.keys() - missing
    }


def test_card_that_tells_nothing_still_has_its_name() -> None:
    mute = Card("GPU-q", silent=EVERYTHING)
    assert card.read(Nvml([mute]), mute) == GpuReading(name="NVIDIA H200")


def test_memory_of_this_process_is_unknown_where_it_is_not_listed() -> None:
    assert card.read(Nvml(FOUR, processes=[]), FOUR[0]).memory_own_bytes is None


def test_lost_card_is_an_error() -> None:
    with pytest.raises(NVMLError):
        card.read(Nvml(FOUR, fault=NVMLError("GPU is lost")), FOUR[0])
