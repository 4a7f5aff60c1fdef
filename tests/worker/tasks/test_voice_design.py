"""Takes of a described voice: heard one after the other, and kept one by one."""

import numpy as np
import pytest

from shared.audio import clip, pcm
from shared.audio.pcm import SAMPLE_RATE
from shared.requests.declared import MAX_SEED
from tests.worker.rehearsal import Rehearsal
from worker.tasks.voice_design import BETWEEN, WANDERS

REQUEST = {
    "text": "Good evening.",
    "description": "An old sailor, hoarse and slow.",
    "language": "english",
}


def test_every_candidate_is_a_file_of_what_was_heard_of_it(preview: Rehearsal) -> None:
    heard = preview.perform("voice_design", REQUEST | {"candidates": 2})
    first, second = (heard.files[f"candidate-{number}.wav"] for number in (1, 2))
    pause = np.zeros(round(BETWEEN * SAMPLE_RATE), np.float32)
    expected = np.concatenate([clip.loads(first), pause, clip.loads(second)])
    assert pcm.encode(heard.sound) == pcm.encode(expected)
    assert heard.lines == ["Good evening."] * 2


def test_a_candidate_says_what_it_is(preview: Rehearsal) -> None:
    heard = preview.perform("voice_design", REQUEST | {"candidates": 2}, seed=MAX_SEED)
    first, second = heard.candidates
    assert (first.number, first.seed, first.file) == (1, MAX_SEED, "candidate-1.wav")
    assert (second.number, second.seed, second.file) == (2, 0, "candidate-2.wav")
    assert (second.text, second.language) == ("Good evening.", "english")
    assert second.description == REQUEST["description"]
    sound = clip.loads(heard.files[second.file])
    assert second.duration_seconds == len(sound) / SAMPLE_RATE


def test_the_last_progress_told_is_the_whole(preview: Rehearsal) -> None:
    preview.perform("voice_design", REQUEST | {"candidates": 2})
    assert preview.progress == sorted(preview.progress)
    assert preview.progress[-1] == pytest.approx(1.0)


def test_a_longer_text_is_warned_of(preview: Rehearsal) -> None:
    short = preview.perform("voice_design", REQUEST)
    long = preview.perform("voice_design", REQUEST | {"text": "One.\n\nTwo.", "candidates": 2})
    assert WANDERS not in short.remarks
    assert WANDERS in long.remarks
    assert long.lines == ["One.", "Two."] * 2


@pytest.mark.slow
def test_a_candidate_can_be_made_again_by_its_seed(tiny: Rehearsal) -> None:
    """But for the last digits, which a batch decides."""
    both = tiny.perform("voice_design", REQUEST | {"candidates": 2}, seed=7)
    again = tiny.perform("voice_design", REQUEST, seed=8)
    first, second = (clip.loads(both.files[f"candidate-{number}.wav"]) for number in (1, 2))
    assert np.allclose(second, clip.loads(again.files["candidate-1.wav"]), atol=1e-3)
    assert not np.allclose(first, second, atol=1e-3)


@pytest.mark.slow
def test_a_mood_is_heard(tiny: Rehearsal) -> None:
    plain = tiny.perform("voice_design", REQUEST)
    happy = tiny.perform("voice_design", REQUEST | {"emotion": "happy"})
    assert plain.files != happy.files
