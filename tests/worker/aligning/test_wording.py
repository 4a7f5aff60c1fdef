"""The words of a job's segments, and what is said where they cannot be had."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from shared.audio import pcm
from shared.audio.pcm import Samples
from shared.errors import EngineFailed, EnginePoisoned, EngineUnavailable, SpeechError
from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.stores.recipe import Segment
from worker.aligning.aligner import LazyAligner
from worker.aligning.wording import UNRISKED, UNTIMED, Wording
from worker.engine.protocol import Aligner, WordTime
from worker.pulse import Cancelled, Pulse


class Broken:
    """An aligner that cannot do what it is asked."""

    def __init__(self, error: SpeechError) -> None:
        self.error = error
        self.asked = 0

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        self.asked += 1
        raise self.error


def wording(folder: Path, aligner: Aligner | None = None, **about: Any) -> Wording:
    """Of a job that has two seconds of sound."""
    growing = FolderOutputs(folder / "outputs").begin(str(uuid4()), 1)
    growing.append(MASTER, pcm.encode(np.zeros(2 * pcm.SAMPLE_RATE, np.float32)))
    return Wording(aligner or LazyAligner(Settings(models_dir=folder)), growing, Pulse(), **about)


def untold(words: Wording, *texts: str) -> list[Segment]:
    """Segments of a second each, of which the engine does not tell the words."""
    for text in texts:
        words.note(text, text, "english")
    return [Segment(start=at, end=at + 1, text=text) for at, text in enumerate(texts)]


def test_words_are_placed_in_the_whole_and_end_with_their_segment(tmp_path: Path):
    segments = [Segment(start=0, end=0.5, text="Yes."), Segment(start=1, end=2, text="Come in.")]
    words = wording(tmp_path)
    words.note("Yes.", "Yes.", "english")
    words.tell([WordTime(0, 3, 0.1, 0.4)])
    words.note("Come in.", "Come in.", "english")
    words.tell([WordTime(0, 4, 0.0, 0.3), WordTime(5, 7, 0.3, 1.2)])

    assert not list(words.find(segments))

    assert [
        [(it.text, it.start, it.end) for it in segment.words or ()] for segment in segments
    ] == [
        [("Yes.", 0.1, 0.4)],
        [("Come", 1.0, 1.3), ("in.", 1.3, 2.0)],
    ]


def test_without_an_aligner_a_warning_says_what_to_do(tmp_path: Path):
    words = wording(tmp_path)
    segments = untold(words, "Yes.")

    (warning,) = words.find(segments)

    assert warning.startswith(UNTIMED)
    assert "ALIGNER" in warning
    assert segments[0].words is None


def test_an_aligner_that_breaks_is_asked_no_more_and_costs_only_words(tmp_path: Path):
    aligner = Broken(EngineFailed("It broke."))
    words = wording(tmp_path, aligner)
    assert list(words.find(untold(words, "Yes.", "No."))) == [f"{UNTIMED} It broke."]
    assert (aligner.asked, words.poisoned) == (1, None)


def test_a_card_that_fails_is_noted_for_when_the_speech_is_safe(tmp_path: Path):
    error = EnginePoisoned("The GPU failed.")
    words = wording(tmp_path, Broken(error))
    assert [UNTIMED in warning for warning in words.find(untold(words, "Yes."))] == [True]
    assert words.poisoned is error


def test_the_last_attempt_risks_nothing_for_words_that_nobody_told(tmp_path: Path):
    aligner = Broken(EngineFailed("It broke."))
    words = wording(tmp_path, aligner, last=True)
    segments = untold(words, "Yes.", "No.")
    words.tell([WordTime(0, 2, 0.1, 0.4)])
    assert list(words.find(segments)) == [UNRISKED]
    assert aligner.asked == 0
    assert [bool(segment.words) for segment in segments] == [False, True]


def test_the_deadline_of_the_speech_passes_over_words_and_a_stop_does_not(tmp_path: Path):
    words = wording(tmp_path, Broken(EngineFailed("It broke.")))
    segments = untold(words, "Yes.")
    words.pulse.limit(-1)
    assert list(words.find(segments))
    words.pulse.cancel()
    with pytest.raises(Cancelled):
        list(words.find(segments))


def test_a_folder_without_an_aligner_is_named(tmp_path: Path):
    aligner = LazyAligner(Settings(models_dir=tmp_path, aligner="nowhere"))
    assert not aligner.ready
    with pytest.raises(EngineUnavailable, match="nowhere"):
        aligner.align(np.zeros(10, np.float32), "Yes.", "english")
