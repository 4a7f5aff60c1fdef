"""Loudness, measured by others: pyloudnorm, and FFmpeg's meter."""

import itertools
import math
import tracemalloc
from pathlib import Path

import av
import av.error
import av.filter
import numpy as np
import pyloudnorm
import pytest
import soxr

from shared.assembly.track import Track
from shared.audio import loudness, pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.requests.pipeline import Loudness


@pytest.fixture(scope="module")
def speech(voice: bytes) -> Samples:
    """Twelve seconds with pauses, quiet and loud parts, and a click."""
    sound = pcm.decode(voice)
    parts = (0.3 * sound, pcm.silence(0.6), sound, pcm.silence(0.4), 0.5 * sound, pcm.silence(1))
    joined = np.concatenate(parts).astype(np.float32)
    joined[100_000:100_003] = 0.9
    return joined


def pyln(samples: Samples) -> float:
    meter = pyloudnorm.Meter(SAMPLE_RATE, filter_class="DeMan")
    return float(meter.integrated_loudness(samples.astype(np.float64)))


def ffmpeg(samples: Samples) -> float:
    """Integrated loudness as FFmpeg's filter has it at the end."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SAMPLE_RATE, format="flt", layout="mono")
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    graph.push(frame)
    graph.push(None)
    last = ""
    while True:
        try:
            last = graph.pull().metadata.get("lavfi.r128.I", last)
        except (av.error.EOFError, av.error.BlockingIOError):
            return float(last)


def true_peak(samples: Samples) -> float:
    """dBTP, looked for eight times as finely."""
    return 20 * math.log10(float(np.abs(soxr.resample(samples, 1, 8, quality="VHQ")).max()))


def whole(track: Track) -> Samples:
    return np.concatenate(list(track.blocks()))


def mastered(path: Path, samples: Samples, preset: Loudness, channels: int = 1):
    with Track(path / "track", channels=channels) as track:
        track.append(samples)
        return loudness.master(track, preset), whole(track)


def test_loudness_is_what_other_meters_say(speech: Samples):
    measured = loudness.measure(np.array_split(speech, 7))
    assert measured == pytest.approx(pyln(speech), abs=0.1)
    assert measured == pytest.approx(ffmpeg(speech), abs=0.1)


def test_two_channels_count_together(speech: Samples):
    both = np.stack((speech, speech), axis=1)
    assert loudness.measure([both], channels=2) == pytest.approx(
        loudness.measure([speech]) + 10 * math.log10(2), abs=0.01
    )


@pytest.mark.parametrize("seconds", [0.01, 0.2, 0.39])
def test_a_short_clip_has_a_loudness(seconds: float):
    tone = np.sin(np.arange(round(seconds * SAMPLE_RATE)) * 2 * np.pi / 24).astype(np.float32)
    assert -6 < loudness.measure([tone]) < 1


@pytest.mark.parametrize(
    ("preset", "wanted"), [("podcast", -19.0), ("broadcast", -23.0), ("games", -23.0)]
)
@pytest.mark.parametrize("level", [0.1, 1.0])
def test_a_recording_comes_out_as_loud_as_the_preset_says(
    preset: Loudness, wanted: float, level: float, speech: Samples, tmp_path: Path
):
    outcome, sound = mastered(tmp_path, level * speech, preset)
    assert pyln(sound) == pytest.approx(wanted, abs=loudness.NEAR)
    assert outcome.loudness == pytest.approx(pyln(sound), abs=0.1)
    assert true_peak(sound) <= -1
    assert outcome.true_peak_db == pytest.approx(true_peak(sound), abs=0.5)
    assert len(sound) == len(speech)
    assert not outcome.note


def test_a_podcast_in_stereo_is_three_decibels_louder(speech: Samples, tmp_path: Path):
    _, sound = mastered(tmp_path, np.stack((speech, 0.5 * speech), axis=1), "podcast", 2)
    meter = pyloudnorm.Meter(SAMPLE_RATE, filter_class="DeMan")
    assert meter.integrated_loudness(sound.astype(float)) == pytest.approx(-16, abs=loudness.NEAR)


def test_an_audiobook_is_as_acx_wants_it(speech: Samples, tmp_path: Path):
    outcome, sound = mastered(tmp_path, 0.1 * speech, "audiobook")
    assert 10 * math.log10(float(np.square(sound).mean())) == pytest.approx(-20, abs=0.5)
    assert true_peak(sound) <= -3
    pause = sound[80_000:86_000]
    assert 10 * math.log10(float(np.square(pause).mean())) == pytest.approx(-70, abs=1)
    assert not outcome.note


def test_limiting_bends_no_wave(tmp_path: Path):
    """A tone that is turned down is still that tone: what is added lies far below it."""
    times = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    swelling = np.interp(times, [0, 1, 1.5, 2, 3], [0.05, 0.05, 1, 0.05, 0.05])
    tone = (swelling * np.sin(2 * np.pi * 200 * times)).astype(np.float32)
    _, sound = mastered(tmp_path, tone, "podcast")
    middle = sound[SAMPLE_RATE : 2 * SAMPLE_RATE]
    spectrum = np.square(np.abs(np.fft.rfft(middle * np.blackman(len(middle)))))
    near = spectrum[150:250].sum()
    assert 10 * math.log10((spectrum.sum() - near) / near) < -50


def test_off_changes_no_sample_and_says_what_is_cut_off(speech: Samples, tmp_path: Path):
    outcome, sound = mastered(tmp_path, 3 * speech, "off")
    assert np.array_equal(sound, 3 * speech)
    assert "peaks are cut off" in outcome.note


@pytest.mark.parametrize("preset", ["podcast", "audiobook"])
@pytest.mark.parametrize("length", [0, 24_000])
def test_silence_is_left_alone(preset: Loudness, length: int, tmp_path: Path):
    outcome, sound = (
        mastered(tmp_path, np.zeros(length, np.float32), preset)
        if length
        else (_empty(tmp_path, preset))
    )
    assert not sound.any()
    assert outcome.note.startswith("The recording is silent")


def _empty(path: Path, preset: Loudness):
    with Track(path / "empty") as track:
        return loudness.master(track, preset), np.zeros(0, np.float32)


def test_a_recording_that_cannot_be_as_loud_says_so(tmp_path: Path):
    clicks = np.zeros(10 * SAMPLE_RATE, np.float32)
    clicks[::12_000] = 0.5
    outcome, sound = mastered(tmp_path, clicks, "podcast")
    assert true_peak(sound) <= -1
    assert "instead of -19" in outcome.note


def test_equal_recordings_become_equal(speech: Samples, tmp_path: Path):
    first, second = (mastered(tmp_path, speech, "audiobook")[1] for _ in range(2))
    assert np.array_equal(first, second)


def test_one_gain_keeps_whisper_and_shout_apart(voice: bytes):
    clips = [0.05 * pcm.decode(voice), 0.4 * pcm.decode(voice)]
    gain = loudness.clip_gain([loudness.clip(clip) for clip in clips], -23)
    assert pyln(np.concatenate([gain * clip for clip in clips])) == pytest.approx(-23, abs=0.5)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_one_gain_lets_no_clip_pass_the_peak_at_any_rate(rate: int):
    """A wave of four samples, whose tops lie between them."""
    wave = 0.1 * np.sin(np.pi / 2 * np.arange(12_000) + np.pi / 4).astype(np.float32)
    wave *= np.hanning(len(wave)).astype(np.float32)
    gained = wave * np.float32(loudness.clip_gain([loudness.clip(wave)], 0))
    highest = np.abs(soxr.resample(gained, SAMPLE_RATE, rate)).max()
    assert highest <= 10 ** (-3 / 20) * 1.01
    assert rate == SAMPLE_RATE or highest > 0.65


@pytest.mark.parametrize("clips", [[], [np.zeros(100, np.float32)]])
def test_clips_of_silence_keep_their_level(clips: list[Samples]):
    assert loudness.clip_gain([loudness.clip(clip) for clip in clips], -23) == 1.0


def test_the_parts_of_a_recording_are_together_what_it_became(speech: Samples, tmp_path: Path):
    loud = 3 * speech
    with Track(tmp_path / "track") as track:
        track.append(loud)
        outcome = loudness.master(track, "podcast")
        became = whole(track)
    cuts = [0, 1_234, 70_001, len(loud)]
    parts = [outcome.part(start, loud[start:end]) for start, end in itertools.pairwise(cuts)]
    assert np.abs(np.concatenate(parts) - became).max() < 1e-5
    assert (loud * 10 ** (outcome.gain_db / 20) - became).max() > 0.01


def test_memory_hardly_grows_with_the_length(tmp_path: Path, speech: Samples):
    """An hour takes 360,000 steps of a few numbers, and no more of the sound than a minute does."""
    minute = np.tile(speech, 5)

    def most(minutes: int) -> int:
        with Track(tmp_path / "track") as track:
            for _ in range(minutes):
                track.append(minute)
            tracemalloc.start()
            loudness.master(track, "podcast")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak

    assert most(5) - most(2) < 1_000_000
