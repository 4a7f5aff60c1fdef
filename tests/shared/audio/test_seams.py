import numpy as np
import pytest

from shared.audio import pcm, seams
from shared.audio.pcm import SAMPLE_RATE, Samples


def speech(voice: bytes, level: float = 1.0) -> Samples:
    """A second that begins and ends abruptly, with sound at both of its ends."""
    return pcm.decode(voice)[6_000:30_000] * np.float32(level)


def around(sound: Samples, before: float, after: float) -> Samples:
    return np.concatenate((pcm.silence(before), sound, pcm.silence(after)))


def step(samples: Samples) -> float:
    return float(np.abs(np.diff(samples)).max())


def test_silence_goes_but_for_thirty_milliseconds(voice: bytes):
    burst = 0.3 * np.ones(SAMPLE_RATE, np.float32)
    trimmed = seams.trim(around(burst, 1.0, 2.0))
    assert len(trimmed) == SAMPLE_RATE + 2 * 720
    assert np.array_equal(trimmed[720:-720], burst)


def test_silence_within_stays(voice: bytes):
    line = np.concatenate((speech(voice), pcm.silence(1), speech(voice)))
    assert len(seams.trim(around(line, 0.5, 0.5))) > len(line)


def test_a_whisper_keeps_its_consonants(voice: bytes):
    quiet = around(speech(voice, 0.01), 0.5, 0.5)
    loud = around(speech(voice, 1.0), 0.5, 0.5)
    assert len(seams.trim(quiet)) > 0.85 * len(seams.trim(loud))


def test_no_step_at_a_joint_is_larger_than_inside_the_parts(voice: bytes):
    parts = [seams.dress(speech(voice)), seams.dress(speech(voice)[5_000:])]
    joined = np.concatenate((parts[0], parts[1], pcm.silence(0.1), parts[0]))
    places = np.cumsum([len(parts[0]), len(parts[1]), 2_400])
    inside = max(step(part[240:-240]) for part in parts)
    for place in places:
        assert step(joined[place - 240 : place + 240]) <= inside
        assert abs(joined[place] - joined[place - 1]) < 1e-3


def test_a_dressed_line_has_its_speed(voice: bytes):
    line = around(speech(voice), 0.5, 0.5)
    assert len(seams.dress(line, 1.5)) == round(len(seams.dress(line)) / 1.5)


@pytest.mark.parametrize("length", [0, 1, 100, 24_000])
def test_a_take_without_sound_becomes_a_moment_of_silence(length: int):
    dressed = seams.dress(np.zeros(length, np.float32))
    assert 0 < len(dressed) < 0.1 * SAMPLE_RATE
    assert not dressed.any()


def test_the_take_itself_is_left_as_it_is(voice: bytes):
    take = speech(voice)
    before = take.copy()
    seams.dress(take)
    assert np.array_equal(take, before)
