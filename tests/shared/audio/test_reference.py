import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from shared.audio import clip, reference
from shared.audio.clip import Clip
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.reference import LONG, LONGEST, SHORTEST
from shared.errors import TranscriptMismatch, UnsuitableReference
from shared.requests.voice_clone import VoiceClone
from tests.shared.audio.sending import encoded
from worker.engine.preview import espeak

ROOT = Path(__file__).parents[3]
TEXT = (
    "The light on the point was lit at dusk, as it had been every evening since the harbour was "
    "built. The boats came home by it, and nobody aboard gave it a thought."
)


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Eight seconds of clean speech of one voice, near -20 dBFS."""
    request = {"text": TEXT, "voice": "en-us", "parameters": {"rate": 165}}
    sound = b"".join(part.sound for part in espeak.converse(espeak.locate(), request))
    samples = np.frombuffer(sound, "<i2").astype(np.float32) / 32_768
    return soxr.resample(samples, 22_050, SAMPLE_RATE)


def sent(samples: Samples, **facts: Any) -> Clip:
    fields: dict[str, Any] = {
        "rate": 48_000,
        "channels": 1,
        "codec": "flac",
        "bits": None,
        "differs": False,
    }
    return Clip(samples, **{**fields, **facts})


def lasting(speech: Samples, seconds: float) -> Samples:
    return np.resize(speech, round(seconds * SAMPLE_RATE))


def pause(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def at(speech: Samples, gain: float) -> Samples:
    """Louder by `gain` dB, as a recorder does it that has no more numbers."""
    return np.clip(speech * 10 ** (gain / 20), -1, 1)


def noise(speech: Samples, below: float) -> Samples:
    level = np.sqrt(np.square(speech).mean()) * 10 ** (-below / 20)
    return np.random.default_rng(3).normal(0, level, len(speech)).astype(np.float32)


def only_warning(heard: Clip) -> str:
    (warning,) = reference.check(heard)
    return warning


def refusal(heard: Clip) -> UnsuitableReference:
    with pytest.raises(UnsuitableReference) as caught:
        reference.check(heard)
    assert caught.value.param == "reference"
    assert caught.value.next_step
    return caught.value


# --- what is taken without a word ------------------------------------------------------------


def test_clean_speech_needs_no_warning(speech: Samples):
    assert 7.5 < len(speech) / SAMPLE_RATE < 10
    assert reference.check(sent(speech)) == ()


def test_what_is_loud_and_cut_off_is_measured(speech: Samples):
    clean = reference.measure(sent(speech))
    assert clean.level == pytest.approx(-20, abs=3)
    assert clean.level < clean.peak < 0
    assert clean.clipped == 0
    cut = reference.measure(sent(np.clip(speech * 8, -1, 1).astype(np.float32)))
    assert cut.peak == 0
    assert cut.clipped > reference.CLIPPED


def test_speech_turned_up_to_its_highest_peak_is_not_clipped(speech: Samples):
    assert reference.check(sent(speech / np.abs(speech).max())) == ()


def test_single_peaks_that_just_fit_are_not_clipped(speech: Samples):
    peaks = speech.copy()
    peaks[::400] = 1.0
    assert not any("clipped" in warning for warning in reference.check(sent(peaks)))


def test_the_bounds_themselves_are_taken(speech: Samples):
    assert reference.check(sent(lasting(speech, SHORTEST))) == ()
    assert reference.check(sent(lasting(speech, LONG))) == ()
    assert len(reference.check(sent(lasting(speech, LONGEST)))) == 1


@pytest.mark.parametrize(
    ("container", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("ipod", "aac")]
)
def test_a_lossy_codec_makes_no_warning(container: str, codec: str, speech: Samples):
    file = io.BytesIO(encoded(container, codec, np.stack([speech, speech])))
    assert reference.check(clip.decode(file, LONGEST, "reference")) == ()


def test_the_example_is_a_good_one():
    with (ROOT / VoiceClone.example_files["reference"]).open("rb") as file:
        heard = clip.decode(file, LONGEST, "reference")
    transcript, language = VoiceClone.example["transcript"], VoiceClone.example["language"]
    assert 6 < heard.seconds < 8
    assert reference.check(heard) == ()
    assert reference.require_fit(transcript, heard.seconds, language) == ()


# --- what is refused -------------------------------------------------------------------------


def test_too_little_of_a_voice_is_refused_with_its_length(speech: Samples):
    assert "2.9 seconds" in refusal(sent(lasting(speech, 2.9))).message


def test_too_much_of_a_voice_is_refused_with_its_length(speech: Samples):
    assert "60.5 seconds" in refusal(sent(lasting(speech, 60.5))).message


def test_silence_is_refused(speech: Samples):
    assert "silent" in refusal(sent(pause(5))).message
    assert "silent" in refusal(sent(noise(at(speech, -20), below=20))).message


def test_a_click_does_not_make_silence_a_voice():
    samples = pause(5)
    samples[50_000] = 0.5
    assert "silent" in refusal(sent(samples)).message


def test_channels_that_cancel_each_other_are_told_from_silence():
    assert "cancel" in refusal(sent(pause(5), channels=2, differs=True)).message


@pytest.mark.parametrize("rate", [8_000, 11_025])
def test_a_telephones_rate_is_refused(rate: int, speech: Samples):
    assert f"{rate} samples a second" in refusal(sent(speech, rate=rate)).message


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_alaw", "pcm_mulaw"])
def test_a_telephones_bits_are_refused(codec: str, speech: Samples):
    file = io.BytesIO(encoded("wav", codec, speech[None]))
    assert "8 bits" in refusal(clip.decode(file, LONGEST, "reference")).message


# --- what is warned of -----------------------------------------------------------------------


def test_a_long_recording(speech: Samples):
    assert "tend to hurry" in only_warning(sent(lasting(speech, 21)))


def test_a_dull_recording(speech: Samples):
    assert "16000 samples a second" in only_warning(sent(speech, rate=16_000))


def test_channels_that_differ(speech: Samples):
    assert "two channels" in only_warning(sent(speech, channels=2, differs=True))


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100])
def test_a_clipped_recording_with_its_share(rate: int, speech: Samples):
    loud = at(soxr.resample(speech, SAMPLE_RATE, rate), 8)
    file = io.BytesIO(encoded("wav", "pcm_s16le", loud[None], rate))
    warning = only_warning(clip.decode(file, LONGEST, "reference"))
    assert "clipped (0." in warning or "clipped (1." in warning


def test_a_quiet_recording_with_its_level(speech: Samples):
    assert "quiet (speech at -4" in only_warning(sent(at(speech, -20)))


def test_a_second_person_further_away(speech: Samples):
    assert "one distance" in only_warning(sent(np.concatenate([speech, at(speech, -14)])))


def test_mostly_silence(speech: Samples):
    padded = np.concatenate([pause(7), lasting(speech, 4), pause(7)])
    assert "about 4 seconds" in only_warning(sent(padded))


def test_too_little_speech_in_a_recording_that_is_long_enough(speech: Samples):
    padded = np.concatenate([lasting(speech, 2), pause(1.5)])
    assert "about 2 seconds" in only_warning(sent(padded))


def test_a_noisy_background_with_its_distance(speech: Samples):
    assert "only 10 dB below" in only_warning(sent(speech + noise(speech, below=10)))
    assert reference.check(sent(speech + noise(speech, below=25))) == ()


# --- whether the transcript fits -------------------------------------------------------------


@pytest.mark.parametrize("language", ["english", "auto"])
def test_the_words_of_the_recording_fit(language: str, speech: Samples):
    assert reference.require_fit(TEXT, len(speech) / SAMPLE_RATE, language) == ()


@pytest.mark.parametrize("pace", [0.5, 1.7])
def test_slow_and_fast_speakers_fit(pace: float):
    assert reference.require_fit("x" * 145, 10 / pace, "english") == ()


def test_what_nobody_can_say_in_the_time_is_refused():
    with pytest.raises(TranscriptMismatch, match=r"about 10 seconds.* lasts 3\.5") as caught:
        reference.require_fit("x" * 145, 3.5, "english")
    assert caught.value.param == "transcript"


def test_a_part_of_the_words_is_warned_of():
    (warning,) = reference.require_fit("The light on the point was lit.", 12.0, "english")
    assert "words missing" in warning


def test_the_language_decides_how_much_is_said():
    assert reference.require_fit("灯" * 40, 9.0, "chinese") == ()
    assert reference.require_fit("x" * 40, 9.0, "english")
