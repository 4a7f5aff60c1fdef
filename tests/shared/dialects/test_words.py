"""Word times in the header of an answer."""

import json

import pytest

from shared.dialects import words
from shared.errors import InvalidRequest
from shared.status import WorkerStatus
from shared.stores.recipe import Segment, Word
from tests.announcing import status


def result(*said: str) -> dict[str, object]:
    timed = [Word(start=n, end=n + 0.25, text=word) for n, word in enumerate(said)]
    segment = Segment(start=0, end=len(said), text=" ".join(said), words=timed or None)
    return {"segments": [segment.model_dump(mode="json")]}


def worker(*, knows: bool) -> WorkerStatus:
    return status(words=knows)


def test_words_are_told_in_milliseconds_and_in_ascii():
    told = words.headers(result("Grüße,", "你好"))[words.HEADER]
    assert told.isascii()
    assert json.loads(told) == [
        {"word": "Grüße,", "start_ms": 0, "end_ms": 250},
        {"word": "你好", "start_ms": 1000, "end_ms": 1250},
    ]


def test_words_are_timed_where_they_are_heard_at_another_speed():
    last = json.loads(words.headers(result("Come", "in."), speed=0.5)[words.HEADER])[-1]
    assert last == {"word": "in.", "start_ms": 2000, "end_ms": 2500}


def test_what_is_too_long_for_a_header_is_said_to_be_left_out():
    assert words.headers(result(*["word"] * 200)) == {words.OMITTED: "true"}


def test_without_times_there_is_no_header():
    assert words.headers(result()) == {}


def test_words_whose_texts_are_not_kept_are_not_told():
    assert words.headers(result("", "")) == {}


def test_who_insists_is_refused_where_nobody_can_tell():
    words.require([worker(knows=False), worker(knows=True)])
    words.require([])  # without a worker there is more to say than that
    with pytest.raises(InvalidRequest, match="when each word is heard"):
        words.require([worker(knows=False)])
