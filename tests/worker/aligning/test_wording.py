"""The words of a job's segments, and what is said where they cannot be had."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from shared.audio import pcm
from shared.errors import EngineUnavailable
from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.stores.recipe import Segment
from worker.aligning.aligner import LazyAligner
from worker.aligning.wording import UNTIMED, Wording
from worker.engine.protocol import WordTime
from worker.pulse import Pulse


def wording(folder: Path, aligner: str = "") -> Wording:
    """Of a job that has two seconds of sound."""
    growing = FolderOutputs(folder / "outputs").begin(str(uuid4()), 1)
    growing.append(MASTER, pcm.encode(np.zeros(2 * pcm.SAMPLE_RATE, np.float32)))
    settings = Settings(models_dir=folder / "models", aligner=aligner)
    return Wording(LazyAligner(settings), growing, Pulse())


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
    segments = [Segment(start=0, end=1, text="Yes.")]
    words = wording(tmp_path)
    words.note("Yes.", "Yes.", "english")

    (warning,) = words.find(segments)

    assert warning.startswith(UNTIMED)
    assert "ALIGNER" in warning
    assert segments[0].words is None


def test_a_folder_without_an_aligner_is_named(tmp_path: Path):
    aligner = LazyAligner(Settings(models_dir=tmp_path, aligner="nowhere"))
    assert not aligner.ready
    with pytest.raises(EngineUnavailable, match="nowhere"):
        aligner.align(np.zeros(10, np.float32), "Yes.", "english")
