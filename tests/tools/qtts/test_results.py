"""What is said of a result besides its sound."""

from typing import Any

import pytest

from shared.stores.recipe import Candidate, Segment, VoiceFact
from tools.qtts.results import remarks

VOICE = VoiceFact(
    id="old_sailor",
    name="Old Sailor",
    kind="designed",
    mode="in_context",
    digest="0123456789abcdef",
)
CANDIDATES = [
    Candidate(
        number=number,
        seed=6 + number,
        file=f"candidate-{number}.wav",
        duration_seconds=3.21,
        text="Hello.",
        language="english",
        description="A calm alto.",
    ).model_dump()
    for number in (1, 2)
]


def segments(*similarities: float | None) -> list[dict[str, Any]]:
    return [
        Segment(start=number, end=number + 1, text="", similarity=similarity).model_dump()
        for number, similarity in enumerate(similarities)
    ]


def test_of_sound_alone_nothing_is_said():
    assert list(remarks("job", {"segments": segments(None), "voice": None, "candidates": []})) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Voice: Old Sailor, cloned in context; prompt 0123456789ab."),
        ({"emotion": "calm"}, "Voice: Old Sailor, calm, cloned in context; prompt 0123456789ab."),
        (
            {"name": "", "kind": "reference", "mode": "speaker_only"},
            "Voice: the reference that was sent, cloned by its sound alone; prompt 0123456789ab.",
        ),
    ],
)
def test_a_voice_is_told_with_how_it_was_cloned(changes: dict[str, Any], said: str):
    fact = VOICE.model_copy(update=changes).model_dump()

    assert list(remarks("job", {"voice": fact})) == [said]


def test_the_similarity_is_told_with_its_least():
    result = {"similarity": 0.812, "segments": segments(0.9, None, 0.7, 0.8)}

    assert list(remarks("job", result)) == [
        "Similarity to the reference: 0.81; the least is 0.70, at 2.0 s."
    ]


def test_the_similarity_of_one_sentence_has_no_least():
    result = {"similarity": 0.9, "segments": segments(0.9)}

    assert list(remarks("job", result)) == ["Similarity to the reference: 0.90."]


def test_candidates_are_listed_with_the_way_to_hear_and_keep_them():
    assert list(remarks("job", {"candidates": CANDIDATES})) == [
        "Candidate 1: candidate-1.wav, 3.2 s, seed 7",
        "Candidate 2: candidate-2.wav, 3.2 s, seed 8",
        "Hear them: qtts show job --files FOLDER",
        'Keep one: qtts voices lock job 2 "a name"',
    ]


def test_a_voice_that_was_kept_is_named():
    result = {"candidates": CANDIDATES, "locked_as": "old_sailor"}

    assert list(remarks("job", result))[-1] == "Kept in the library as old_sailor."


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((10, 10, 0, 0, 0, 0), "10 of 10 lines spoken."),
        (
            (10, 8, 2, 1, 3, 4),
            "8 of 10 lines spoken, 2 failed, 4 taken over, 3 spoken more than once, "
            "1 part of the document skipped.",
        ),
    ],
)
def test_the_lines_of_a_pipeline_are_counted(counts: tuple[int, ...], said: str):
    names = ("planned", "spoken", "failed", "skipped", "retaken", "taken_over")

    assert list(remarks("job", {"lines": dict(zip(names, counts, strict=True))})) == [
        said,
        "Look at them: qtts lines job",
    ]
