"""Voices on our own engine: made as the package makes them, opened, mixed and compared."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from shared.audio.codes import CODEC
from shared.errors import CheckpointUnfit, RecordDamaged
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.qwen3.hearing import (
    TOLERANCE,
    assert_sounds_equal,
    hear,
    lines,
    load,
)
from tests.worker.engine.speech import carry_on, recording
from worker.engine import package, voice
from worker.engine.preview.prompt import StandIn
from worker.engine.reference import Reference
from worker.engine.voice import VoicePrompt

WORDS = "The old lamp is lit again."


@pytest.fixture(scope="module")
def shipped(tiny: Tiny) -> Any:
    """The package itself, loaded as its README tells."""
    return package.inference.Qwen3TTSModel.from_pretrained(str(tiny("base")), dtype=torch.float32)


def cosine(one: Any, other: Any) -> float:
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


# --- parity with the package -----------------------------------------------------------------


@pytest.mark.parametrize("seconds", [3.0, 4.321])
def test_a_voice_in_context_equals_the_package_s(ours: Ours, shipped: Any, seconds: float):
    samples = recording(seconds)
    made = ours("base").prompt(Reference(samples, WORDS))
    (heard,) = shipped.create_voice_clone_prompt((samples, 24_000), WORDS)
    (rested,) = shipped.create_voice_clone_prompt((voice.rested(samples), 24_000), WORDS)
    assert made.codes is not None
    assert torch.equal(made.x_vector, heard.ref_spk_embedding)
    assert torch.equal(made.codes, rested.ref_code)
    assert made.transcript == heard.ref_text


@pytest.mark.parametrize("transcript", [None, WORDS])
@pytest.mark.parametrize("codes", [False, True])
def test_both_engines_keep_equal_voices(
    ours: Ours, loaded: Loaded, transcript: str | None, codes: bool
):
    """Either opens what the other has kept in the folder of a voice, and says nothing of it."""
    known = np.full((38, 16), 7, np.uint16) if codes else None
    reference = Reference(recording(), transcript, known)
    assert ours("base").prompt(reference).digest == loaded("base").prompt(reference).digest


def test_a_voice_by_its_sound_equals_the_package_s(ours: Ours, shipped: Any):
    made = ours("base").prompt(Reference(recording()))
    (heard,) = shipped.create_voice_clone_prompt((recording(), 24_000), x_vector_only_mode=True)
    assert torch.equal(made.x_vector, heard.ref_spk_embedding)
    assert made.codes is heard.ref_code is None


def test_sound_goes_through_the_codec_as_in_the_package(ours: Ours, shipped: Any):
    tokenizer = shipped.model.speech_tokenizer
    encoded = tokenizer.encode(recording(4.321), sr=24_000)
    (theirs,), _ = tokenizer.decode(encoded)
    codes = ours("base").encode(recording(4.321), carry_on)
    sound = np.concatenate(list(ours("base").decode(codes, carry_on)))
    assert np.array_equal(codes, encoded.audio_codes[0].numpy())
    assert np.abs(sound - theirs).max() <= TOLERANCE
    assert theirs.std() > 0.01


# --- prompts ---------------------------------------------------------------------------------


def test_a_model_names_its_kind_and_its_codec(ours: Ours):
    assert (ours("base").kind, ours().kind) == ("base", "custom_voice")
    assert ours().codec == CODEC


def test_codes_that_came_first_make_another_voice_of_the_same_sound(ours: Ours):
    model = ours("base")
    samples = recording(3.2)
    codes = np.random.default_rng(0).integers(2048, size=(40, 16), dtype=np.uint16)
    known = model.prompt(Reference(samples, WORDS, codes))
    heard = model.prompt(Reference(samples, WORDS))
    assert known.codes is not None
    assert np.array_equal(known.codes[:40].numpy(), codes)
    assert torch.equal(known.x_vector, heard.x_vector)
    assert known.digest != heard.digest
    first, second = (hear(model, lines(1, speaker=None, prompt=it)) for it in (known, heard))
    assert not np.array_equal(first[0].audio, second[0].audio)


@pytest.mark.parametrize("transcript", [None, WORDS])
def test_a_voice_from_its_file_speaks_alike(ours: Ours, transcript: str | None):
    model = ours("base")
    made = model.prompt(Reference(recording(), transcript))
    opened = model.open_prompt(made.dumps(), "old sailor")
    first, second = (hear(model, lines(2, speaker=None, prompt=it)) for it in (made, opened))
    assert_sounds_equal(second, first)


def test_a_damaged_file_is_called_by_its_name(ours: Ours):
    with pytest.raises(RecordDamaged, match="old sailor"):
        ours("base").open_prompt(b"no prompt", "old sailor")


@pytest.mark.parametrize(
    "other", [{"checkpoint": "large"}, {"revision": "r2"}, {"x_vector": torch.ones(2048)}]
)
def test_what_another_checkpoint_made_is_not_opened_mixed_or_compared(
    ours: Ours, other: dict[str, Any]
):
    model = ours("base")
    stranger = replace(model.prompt(Reference(recording())), **other)
    with pytest.raises(CheckpointUnfit, match="This voice was made with"):
        model.open_prompt(stranger.dumps(), "old sailor")
    with pytest.raises(CheckpointUnfit):
        model.mix([model.prompt(Reference(recording())), stranger], [1, 1])
    with pytest.raises(CheckpointUnfit):
        model.likeness(stranger, recording())


def test_a_stand_in_of_the_preview_engine_is_refused(ours: Ours):
    with pytest.raises(CheckpointUnfit, match="another engine"):
        hear(ours("base"), lines(1, speaker=None, prompt=StandIn("0f", "speaker_only")))


def test_only_base_opens_and_mixes_voices(ours: Ours):
    made = ours("base").prompt(Reference(recording()))
    for ask in (
        lambda: ours().open_prompt(made.dumps(), "old sailor"),
        lambda: ours().mix([made], [1]),
    ):
        with pytest.raises(CheckpointUnfit, match="'base'"):
            ask()


def test_a_mix_speaks_and_lies_between_its_voices(ours: Ours):
    model = ours("base")
    one, other = (model.prompt(Reference(recording(seed=seed))) for seed in (0, 1))
    mixed = model.mix([one, other], [1, 1])
    apart = cosine(one.x_vector, other.x_vector)
    assert cosine(mixed.x_vector, one.x_vector) > apart < cosine(mixed.x_vector, other.x_vector)
    assert mixed.digest == model.mix([one, other], [2, 2]).digest
    assert hear(model, lines(1, speaker=None, prompt=mixed))[0].audio.size


# --- likeness --------------------------------------------------------------------------------


def test_a_recording_is_most_like_itself(ours: Ours):
    """On random weights only the order can be told, not how far apart voices lie."""
    model = ours("base")
    made = model.prompt(Reference(recording(), WORDS))
    itself, other = (model.likeness(made, recording(seed=seed)) for seed in (0, 1))
    assert itself == pytest.approx(1, abs=1e-9)
    assert itself is not None
    assert other is not None
    assert -1 <= other < itself


def test_too_little_sound_is_like_nobody(ours: Ours):
    made = ours("base").prompt(Reference(recording()))
    assert ours("base").likeness(made, recording(2.99)) is None
    assert ours("base").likeness(made, np.zeros(0, np.float32)) is None


def test_other_checkpoints_cannot_hear(ours: Ours):
    made = ours("base").prompt(Reference(recording()))
    assert ours().likeness(made, recording()) is None


def test_likeness_voices_and_codes_can_be_asked_for_between_two_frames(ours: Ours):
    """A lock that generate held on to would stop this thread for ever."""
    model = ours("base")
    made = model.prompt(Reference(recording(), WORDS))
    batch = lines(3, speaker=None, prompt=made)
    undisturbed = hear(model, batch)
    alike = model.likeness(made, recording(seed=1))
    heard: list[list[Any]] = [[] for _ in batch]
    for frames in model.generate(batch, carry_on):
        heard[frames.row].append(frames.audio)
        assert model.likeness(made, recording(seed=1)) == alike
        assert model.prompt(Reference(recording(), WORDS)) is made
        list(model.decode(model.encode(recording(), carry_on)[:2], carry_on))
    for row, expected in zip(heard, undisturbed, strict=True):
        assert np.array_equal(np.concatenate(row), expected.audio)


def test_threads_that_compare_disturb_no_speech(tiny: Tiny):
    model = load(tiny("base"))
    made = model.prompt(Reference(recording()))
    batch = lines(2, speaker=None, prompt=made)
    undisturbed, alike = hear(model, batch), model.likeness(made, recording(seed=1))
    found: list[float | None] = []
    done = threading.Event()

    def compare() -> None:
        while not done.is_set():
            found.append(model.likeness(made, recording(seed=1)))

    thread = threading.Thread(target=compare)
    thread.start()
    try:
        disturbed = hear(model, batch)
    finally:
        done.set()
        thread.join()
    assert_sounds_equal(disturbed, undisturbed)
    assert set(found) == {alike}


def test_a_second_batch_waits_for_the_first(ours: Ours):
    model = ours("base")
    made = model.prompt(Reference(recording()))
    batch = lines(2, speaker=None, prompt=made)
    expected = hear(model, batch)
    first = model.generate(batch, carry_on)
    begun = [next(first)]
    second: list[Any] = []
    thread = threading.Thread(target=lambda: second.extend(hear(model, batch)))
    thread.start()
    rest = [*begun, *first]
    thread.join()
    audio = np.concatenate([frames.audio for frames in rest if frames.row == 0])
    assert np.array_equal(audio, expected[0].audio)
    assert_sounds_equal(second, expected)


def test_what_comes_from_a_checkpoint_is_its_prompt(ours: Ours):
    made: VoicePrompt = ours("base").prompt(Reference(recording()))
    assert (made.checkpoint, made.revision) == (ours("base").checkpoint, ours("base").revision)
