"""When words are heard, by the real events of espeak-ng."""

from itertools import pairwise
from typing import Any

import pytest

from shared.audio.pcm import SAMPLE_RATE
from worker.engine.protocol import Frames, WordTime

TEXT = "The lamp, they said, turned. O'Neil’s 42 cats — naïve ones — ran!"


def length(frames: list[Frames]) -> float:
    return sum(part.audio.size for part in frames) / SAMPLE_RATE


def shown(text: str, words: tuple[WordTime, ...]) -> list[str]:
    return [text[word.first : word.after].strip(" ,.—!") for word in words]


def test_each_word_has_its_place_and_its_time(perform: Any):
    frames = perform(TEXT)
    words = frames[-1].words

    assert not any(part.words for part in frames[:-1])
    assert " ".join(shown(TEXT, words)).split()[:5] == ["The", "lamp", "they", "said", "turned"]
    assert {"O'Neil’s", "cats", "naïve", "ran"} <= set(shown(TEXT, words))
    assert all(word.start < word.end <= length(frames) for word in words)
    assert all(earlier.end <= later.start for earlier, later in pairwise(words))
    assert all(earlier.after == later.first for earlier, later in pairwise(words))


def test_the_pause_after_a_clause_belongs_to_no_word(perform: Any):
    words = perform("The lamp, turned. Yes.")[-1].words
    gaps = [later.start - earlier.end for earlier, later in pairwise(words)]
    assert gaps[0] == pytest.approx(0, abs=1e-3)
    assert gaps[1] > 0.05
    assert gaps[2] > 0.1


def test_ideographs_are_words(perform: Any):
    text = "今天天气很好。"
    words = perform(text, "chinese")[-1].words
    assert [text[word.first] for word in words[:4]] == ["今", "天", "天", "气"]


def test_speech_that_is_cut_has_no_words_beyond_its_end(perform: Any):
    frames = perform("The lighthouse keeper counted ships. " * 20, max_seconds=0.5)
    assert frames[-1].finish_reason == "length"
    assert frames[-1].words[-1].end <= length(frames) + 1e-3
