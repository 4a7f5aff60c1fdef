"""The model's own faults are heard while it speaks, and speech is not taken for one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.audio.codes import FRAME_RATE, FRAME_SAMPLES
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.languages import CODES
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import FinishReason, Utterance
from worker.engine.qwen3.guards import Guard, Verdict, decide

SENTENCES: dict[str, str] = yaml.safe_load(
    (Path(__file__).parents[3] / "data/sentences.yaml").read_text(encoding="utf-8")
)
SECOND = SAMPLE_RATE
ENDLESS = 10_000


@dataclass(frozen=True)
class Take:
    """What a row makes."""

    codes: NDArray[np.int64]
    audio: Samples

    def __add__(self, other: "Take") -> "Take":
        return Take(
            np.concatenate([self.codes, other.codes]), np.concatenate([self.audio, other.audio])
        )

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, frames: slice) -> "Take":
        samples = self.audio.reshape(-1, FRAME_SAMPLES)[frames].ravel()
        return Take(self.codes[frames], samples)


def frames_in(seconds: float) -> int:
    return round(seconds * FRAME_RATE)


def drawn(frames: int, seed: int = 0) -> NDArray[np.int64]:
    """Codes without any order."""
    return np.random.default_rng(seed).integers(0, 2048, (frames, 16))


def cycle(period: int, seconds: float, seed: int = 1) -> NDArray[np.int64]:
    """Codes whose first codebook comes round; the others never do."""
    codes = drawn(frames_in(seconds), seed)
    codes[:, 0] = np.resize(drawn(period, seed + 1)[:, 0], len(codes))
    return codes


def voice(seconds: float, loudness: float = -23.0) -> Samples:
    """Syllables of a voice: harmonics of 120 Hz, five bursts a second; `loudness` in dBFS."""
    time = np.arange(frames_in(seconds) * FRAME_SAMPLES) / SAMPLE_RATE
    harmonics = sum(np.sin(2 * np.pi * 120 * n * time) / n for n in range(1, 20))
    burst = 0.02 + np.sin(np.pi * 5 * time) ** 2
    return at(loudness, harmonics * burst)


def room(seconds: float, loudness: float = -60.0) -> Samples:
    size = frames_in(seconds) * FRAME_SAMPLES
    return at(loudness, np.random.default_rng(5).standard_normal(size))


def at(loudness: float, signal: NDArray[np.float64]) -> Samples:
    return (signal / np.sqrt(np.mean(signal**2)) * 10 ** (loudness / 20)).astype(np.float32)


def speech(seconds: float, seed: int = 2, loudness: float = -23.0) -> Take:
    return Take(drawn(frames_in(seconds), seed), voice(seconds, loudness))


def pause(seconds: float, loudness: float = -60.0, seed: int = 3) -> Take:
    """Room tone; its codes differ from frame to frame."""
    return Take(drawn(frames_in(seconds), seed), room(seconds, loudness))


def digital_silence(seconds: float) -> Take:
    codes = np.full((frames_in(seconds), 16), 1995)
    return Take(codes, np.zeros(len(codes) * FRAME_SAMPLES, np.float32))


def looping(period: int, seconds: float) -> Take:
    codes = cycle(period, seconds)
    return Take(codes, voice(seconds))


def listen(
    take: Take, chunk: int = ENDLESS, expected: float = 4.0, max_frames: int = ENDLESS
) -> tuple[Guard, Verdict | None]:
    guard = Guard(max_frames, expected)
    verdict = None
    for start in range(0, len(take), chunk):
        piece = take[start : start + chunk]
        verdict = guard.hear(piece.codes, piece.audio)
    return guard, verdict


def verdict_on(take: Take, **how: Any) -> Verdict | None:
    return listen(take, **how)[1]


def reason_for(take: Take, **how: Any) -> FinishReason | None:
    verdict = verdict_on(take, **how)
    return verdict and verdict.reason


# --- silence --------------------------------------------------------------------------------


@pytest.mark.parametrize("tone", [-60.0, -75.0, -120.0])
def test_room_tone_without_end_is_silence(tone: float):
    assert reason_for(speech(3) + pause(8, tone)) == "silence"


def test_digital_silence_without_end_is_silence_and_no_loop():
    assert reason_for(speech(3) + digital_silence(8)) == "silence"


def test_silence_is_kept_as_far_as_a_natural_tail():
    verdict = verdict_on(speech(4) + pause(8))
    assert verdict
    assert 0.3 <= (verdict.keep - frames_in(4)) / FRAME_RATE <= 0.7


def test_room_tone_of_a_loud_voice_may_be_louder():
    assert reason_for(speech(3, loudness=-16) + pause(8, -48)) == "silence"


def test_a_soft_voice_is_no_silence():
    assert reason_for(speech(20, loudness=-45)) is None


def test_soft_speech_after_loud_speech_is_no_silence():
    assert reason_for(speech(5, loudness=-16) + speech(8, loudness=-40)) is None


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 2.0, 2.5])
def test_a_pause_within_speech_is_no_silence(seconds: float):
    assert reason_for(speech(2) + pause(seconds) + speech(2) + digital_silence(seconds)) is None


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
def test_leading_silence_is_normal(seconds: float):
    assert reason_for(pause(seconds) + speech(3)) is None


def test_a_take_in_which_nothing_is_said_is_silence():
    guard, verdict = listen(pause(8))
    assert verdict
    assert verdict.reason == "silence"
    assert not guard.spoken


def test_a_steady_offset_is_not_heard():
    take = pause(8)
    assert reason_for(Take(take.codes, take.audio + np.float32(0.1))) == "silence"


# --- loops ----------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [1, 2, 3, 7, 13, 25, 38, 50])
def test_speech_that_comes_round_is_a_loop(period: int):
    assert reason_for(speech(3) + looping(period, 30)) == "loop"


@pytest.mark.parametrize("period", [3, 13, 38])
def test_a_loop_with_some_other_codes_in_it_is_a_loop(period: int):
    take = speech(3) + looping(period, 60)
    spots = np.random.default_rng(7).random(len(take)) < 0.04
    take.codes[spots] = drawn(int(spots.sum()), 8)
    assert reason_for(take) == "loop"


def test_a_loop_is_kept_about_as_far_as_its_first_repetition():
    verdict = verdict_on(speech(3) + looping(30, 30))
    assert verdict
    assert frames_in(3) + 30 <= verdict.keep <= frames_in(3) + 2 * 30


def test_a_phrase_with_pauses_that_comes_round_is_a_loop():
    phrase = speech(1.2, seed=11)
    take = speech(3)
    for turn in range(12):
        take += phrase + pause(0.8, seed=20 + turn)
    assert reason_for(take) == "loop"


@pytest.mark.parametrize("seconds", [0.5, 1.5, 3.0])
def test_a_held_vowel_is_no_loop(seconds: float):
    time = np.arange(frames_in(seconds) * FRAME_SAMPLES) / SAMPLE_RATE
    held = Take(cycle(1, seconds), at(-20, np.sin(2 * np.pi * 220 * time)))
    assert reason_for(speech(2) + held + speech(2)) is None


def test_a_refrain_is_no_loop():
    line = speech(3, seed=11)
    assert reason_for(line + speech(1) + line + speech(1, seed=12) + line) is None


def test_a_line_said_three_times_at_once_is_no_loop():
    line = speech(4, seed=11)
    assert reason_for(line + line + line + speech(2)) is None


def test_words_said_again_otherwise_are_no_loop():
    take = looping(10, 30)
    spots = np.random.default_rng(7).random(len(take)) < 0.2
    take.codes[spots] = drawn(int(spots.sum()), 8)
    assert reason_for(take) is None


def test_noise_and_codes_of_random_weights_trip_nothing():
    for seed in range(20):
        codes = drawn(frames_in(30), seed)
        # Sampling from the 50 likeliest of a flat distribution.
        codes[:, 0] %= 50
        assert reason_for(Take(codes, room(30, -30))) is None


# --- bounds, and what may be handed out -----------------------------------------------------


def test_speech_past_the_bound_has_the_reason_length():
    verdict = verdict_on(speech(8), max_frames=60)
    assert verdict == Verdict("length", keep=60)


def test_speech_that_just_fills_the_bound_is_let_end():
    guard, verdict = listen(speech(4), max_frames=50)
    assert verdict is None
    assert guard.end() == "stop"
    assert guard.safe == 50


def test_a_bound_met_in_silence_has_the_reason_silence():
    assert reason_for(speech(3) + pause(1.2), max_frames=frames_in(4)) == "silence"


def test_the_bound_comes_from_the_utterance():
    utterance = Utterance("The lamp was lit.", "english", seed=1, max_seconds=5.5)
    assert Guard.of(utterance).max_frames == 68


def test_short_pauses_are_handed_out_at_once():
    guard, _ = listen(speech(2) + pause(0.6))
    assert guard.safe == frames_in(2) + frames_in(0.6)


def test_a_growing_silence_is_held_until_speech_goes_on():
    take = speech(2) + pause(2)
    held, _ = listen(take)
    assert held.safe < frames_in(3)
    released, _ = listen(take + speech(0.5))
    assert released.safe == frames_in(4.5)


def test_an_end_of_the_models_own_releases_all_frames():
    guard, _ = listen(speech(2) + pause(2))
    assert guard.end() == "stop"
    assert guard.safe == frames_in(4)


def test_a_verdict_stands_whatever_comes_after():
    take = speech(3) + pause(4)
    assert verdict_on(take + speech(5)) == verdict_on(take)
    guard, verdict = listen(take + speech(5))
    assert verdict
    assert guard.end() == verdict.reason
    assert guard.safe == verdict.keep


def test_an_end_before_anything_was_audible_is_silence():
    guard, _ = listen(pause(0.5))
    assert guard.end() == "silence"


TAKES = {
    "speech": speech(6),
    "pauses": pause(1) + speech(2) + pause(1.5) + speech(2) + pause(2),
    "silence": speech(3) + pause(6) + speech(1),
    "loop": speech(2) + looping(7, 12) + speech(1),
    "length": speech(20),
}


@given(name=st.sampled_from(sorted(TAKES)), cuts=st.lists(st.integers(1, 40), min_size=1))
@settings(deadline=None, max_examples=60)
def test_chunks_of_any_size_come_to_the_same_verdict(name: str, cuts: list[int]):
    take = TAKES[name]
    whole, expected = listen(take, max_frames=200)
    guard, verdict, start, safe = Guard(200, 4.0), None, 0, 0
    for number in range(len(take)):
        size = cuts[number % len(cuts)]
        piece = take[start : start + size]
        verdict = guard.hear(piece.codes, piece.audio)
        start += size
        assert safe <= guard.safe <= min(start, len(take))
        safe = guard.safe
    assert (verdict, guard.safe, guard.spoken) == (expected, whole.safe, whole.spoken)


@pytest.mark.parametrize("name", TAKES)
def test_a_frame_at_a_time_hands_out_no_more_than_is_kept(name: str):
    take = TAKES[name]
    guard, verdict = listen(take, chunk=1, max_frames=200)
    assert verdict == verdict_on(take, max_frames=200)
    assert verdict is None or guard.safe == verdict.keep


# --- what becomes of a take -----------------------------------------------------------------


def test_half_of_the_estimate_is_spoken():
    assert not listen(speech(1.8), expected=4)[0].spoken
    assert listen(speech(2.2), expected=4)[0].spoken


def test_pauses_are_not_spoken():
    assert not listen(speech(1.5) + pause(2.5), expected=4)[0].spoken


def test_a_loop_counts_once():
    guard, verdict = listen(speech(0.5) + looping(5, 20), expected=4)
    assert verdict
    assert not guard.spoken


@pytest.mark.parametrize("reason", get_args(FinishReason))
@pytest.mark.parametrize("heard", [0, 20])
def test_a_fault_before_half_of_the_text_is_tried_again(reason: FinishReason, heard: int):
    ended_well = reason in ("stop", "cancelled")
    assert decide(reason, spoken=False, heard=heard) == ("finish" if ended_well else "retry")


@pytest.mark.parametrize("heard", [0, 20])
def test_silence_after_the_text_is_a_clean_end(heard: int):
    assert decide("silence", spoken=True, heard=heard) == "finish"


@pytest.mark.parametrize("reason", ["loop", "length"])
def test_speech_that_ran_on_is_tried_again_unless_it_was_heard(reason: FinishReason):
    assert decide(reason, spoken=True, heard=0) == "retry"
    assert decide(reason, spoken=True, heard=20) == "finish"


# --- real speech ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def preview() -> PreviewModel:
    return PreviewEngine().load("preview", None, lambda _: None)


def said(model: PreviewModel, utterance: Utterance) -> Take:
    """Real speech; each frame's code is its loudest of 64 bands: fewer codes than the codec has."""
    audio = np.concatenate([f.audio for f in model.generate([utterance], lambda: None)])
    count = len(audio) // FRAME_SAMPLES
    audio = audio[: count * FRAME_SAMPLES]
    spectrum = np.abs(np.fft.rfft(audio.reshape(count, FRAME_SAMPLES)))[:, :320]
    codes = spectrum.reshape(count, 64, 5).sum(axis=2).argmax(axis=1)
    return Take(np.repeat(codes[:, None], 16, axis=1), audio)


@pytest.mark.parametrize("instruct", [None, "Whisper, slowly."])
@pytest.mark.parametrize("language", CODES)
def test_speech_in_every_language_trips_nothing(
    language: str, instruct: str | None, preview: PreviewModel
):
    text = " ".join([SENTENCES[language]] * 3)
    utterance = Utterance(text, language, 1, "ryan", instruct=instruct, max_seconds=120)
    take = said(preview, utterance)
    guard = Guard.of(utterance)
    assert guard.hear(take.codes, take.audio) is None
    assert guard.spoken
    assert guard.end() == "stop"


@pytest.mark.parametrize("text", ["No! " * 12, "Ha ha ha ha ha! " * 3, "Nooooooo, wait... wait."])
def test_exclamations_trip_nothing(text: str, preview: PreviewModel):
    take = said(preview, Utterance(text, "english", 1, "ryan", max_seconds=120))
    assert reason_for(take) is None


@pytest.mark.parametrize("language", CODES)
def test_real_speech_without_an_end_is_cut_in_the_silence_after_it(
    language: str, preview: PreviewModel
):
    utterance = Utterance(SENTENCES[language], language, 1, "ryan", max_seconds=120)
    take = said(preview, utterance)
    guard = Guard.of(utterance)
    runaway = take + pause(20)
    verdict = guard.hear(runaway.codes, runaway.audio)
    assert verdict
    assert len(take) - frames_in(0.5) <= verdict.keep <= len(take) + frames_in(0.7)
    assert decide(verdict.reason, spoken=guard.spoken, heard=verdict.keep) == "finish"
