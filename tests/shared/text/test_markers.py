"""Moods in brackets."""

import pytest

from shared.emotions import EMOTIONS
from shared.text.markers import mood_of
from shared.text.passages import read


def moods(text: str, language: str = "english") -> list[tuple[str, str | None]]:
    found = read(text, language)
    assert found.remarks == []
    return [(p.text, p.manner.emotion) for p in found.passages]


@pytest.mark.parametrize(
    ("words", "mood"),
    [
        ("excited", "excited"),
        ("Whispers", "whispering"),
        ("in a whisper", "whispering"),
        ("wütend", "angry"),
        ("兴奋", "excited"),
        ("Nobody did", None),
        ("beat", None),
    ],
)
def test_a_marker_names_a_mood_by_its_id_or_a_common_word(words: str, mood: str | None):
    assert mood_of(words) == mood
    assert mood is None or mood in EMOTIONS


def test_a_marker_holds_to_the_end_of_its_paragraph_or_the_next():
    assert moods("(excited) Yes! More.\n\nCalm. (sad) No. (neutral) So.") == [
        ("Yes! More.", "excited"),
        ("Calm.", None),
        ("No.", "sad"),
        ("So.", "neutral"),
    ]


def test_a_marker_alone_holds_for_the_paragraph_that_follows():
    assert moods("(sad)\n\nOne. Two.\n\nThree.") == [("One. Two.", "sad"), ("Three.", None)]


def test_chinese_brackets_hold_markers_too():
    assert moods("（兴奋）走吧！", "chinese") == [("走吧！", "excited")]


@pytest.mark.parametrize("text", ["Stop! (Nobody did.)", "He was (excited) to go.", "f(sad) = 1"])
def test_other_brackets_are_text(text: str):
    assert moods(text) == [(text, None)]
