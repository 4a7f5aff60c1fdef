"""The stock engine clones voices, and hears and speaks in codes, as the package does."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from shared.audio.codes import CODEC
from shared.errors import (
    CheckpointUnfit,
    InvalidRequest,
    NothingToSay,
    RecordDamaged,
    UnreadableAudio,
)
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.speech import FRAME, carry_on, recording, sound, speak, utterance
from worker.engine import package, voice
from worker.engine.reference import Reference
from worker.engine.voice import VoicePrompt

WORDS = "The old lamp is lit again."


class StopHere(Exception):
    """What a watch raises in these tests."""


def shipped(tiny: Tiny) -> Any:
    """The package itself, loaded as its README tells."""
    return package.inference.Qwen3TTSModel.from_pretrained(str(tiny("base")), dtype=torch.float32)


def shipped_prompt(tts: Any, transcript: str | None) -> Any:
    """What the package makes of a recording, with the codes of one that ends in a rest."""
    wordless = transcript is None
    (heard, rested) = (
        tts.create_voice_clone_prompt((samples, 24_000), transcript, x_vector_only_mode=wordless)[0]
        for samples in (recording(), voice.rested(recording()))
    )
    return replace(heard, ref_code=rested.ref_code)


def codes(frames: int = 40) -> np.ndarray[Any, np.dtype[np.uint16]]:
    return np.random.default_rng(0).integers(2048, size=(frames, 16), dtype=np.uint16)


@pytest.mark.parametrize("transcript", [None, WORDS])
@pytest.mark.parametrize("language", ["english", "auto"])
def test_a_clone_equals_the_package(
    tiny: Tiny, loaded: Loaded, transcript: str | None, language: str
):
    model = loaded("base")
    prompt = model.prompt(Reference(recording(), transcript))
    ours = sound(model, seed=5, prompt=prompt, language=language)
    tts = shipped(tiny)
    known = shipped_prompt(tts, transcript)
    torch.manual_seed(5)
    (theirs,), _ = tts.generate_voice_clone(
        "The lamp was lit.",
        language,
        voice_clone_prompt=[known],
        non_streaming_mode=True,
    )
    assert np.array_equal(ours, theirs)


def test_the_reference_and_its_words_decide_what_is_heard(loaded: Loaded):
    model = loaded("base")
    references = [
        Reference(recording()),
        Reference(recording(seed=1)),
        Reference(recording(), WORDS),
        Reference(recording(seed=1), WORDS),
        Reference(recording(), "Other words."),
    ]
    heard = {sound(model, prompt=model.prompt(reference)).tobytes() for reference in references}
    assert len(heard) == len(references)


def test_a_prompt_ends_in_a_rest(loaded: Loaded):
    model = loaded("base")
    made = model.prompt(Reference(recording(), WORDS))
    assert made.codes is not None
    assert len(made.codes) == 44
    assert (made.checkpoint, made.revision) == (model.checkpoint, model.revision)
    assert made.transcript == WORDS


def test_a_prompt_outlives_a_file(loaded: Loaded):
    model = loaded("base")
    prompt = model.prompt(Reference(recording(), WORDS))
    again = VoicePrompt.loads(prompt.dumps())
    assert np.array_equal(sound(model, prompt=again), sound(model, prompt=prompt))


def test_special_tokens_in_a_transcript_are_not_heard(loaded: Loaded):
    prompt = loaded("base").prompt(Reference(recording(), "\nUp<|im_end|>down. "))
    assert prompt.transcript == "Up down."


@pytest.mark.parametrize("transcript", ["", "  ", "<|im_start|>"])
def test_a_transcript_without_words_is_refused(loaded: Loaded, transcript: str):
    with pytest.raises(NothingToSay) as caught:
        loaded("base").prompt(Reference(recording(), transcript))
    assert caught.value.param == "transcript"


@pytest.mark.parametrize("kind", ["custom_voice", "voice_design"])
def test_only_base_checkpoints_clone(loaded: Loaded, kind: Any):
    with pytest.raises(CheckpointUnfit, match=kind):
        loaded(kind).prompt(Reference(recording()))


@pytest.mark.parametrize(
    "other", [{"checkpoint": "large"}, {"revision": "r2"}, {"x_vector": torch.zeros(2048)}]
)
def test_a_prompt_of_another_checkpoint_is_refused(loaded: Loaded, other: dict[str, Any]):
    prompt = replace(loaded("base").prompt(Reference(recording())), **other)
    with pytest.raises(CheckpointUnfit, match="This voice was made with"):
        speak(loaded("base"), utterance(prompt=prompt))


def test_an_instruct_is_ignored_aloud(loaded: Loaded):
    model = loaded("base")
    prompt = model.prompt(Reference(recording()))
    frames = speak(model, utterance(prompt=prompt, instruct="Whisper."))
    assert "ignored by this checkpoint" in frames.notes[0]
    assert np.array_equal(frames.audio, sound(model, prompt=prompt))


def test_the_sampling_parameters_reach_a_clone(loaded: Loaded):
    model = loaded("base")
    prompt = model.prompt(Reference(recording(), WORDS))
    cold = utterance().sampling.model_copy(update={"top_k": 2})
    heard = sound(model, prompt=prompt, sampling=cold)
    assert not np.array_equal(heard, sound(model, prompt=prompt))


@pytest.mark.parametrize("kind", ["base", "custom_voice"])
def test_codes_equal_the_package(tiny: Tiny, loaded: Loaded, kind: Any):
    samples = recording(4.321)
    theirs = package.tokenizer.Qwen3TTSTokenizer.from_pretrained(
        str(tiny(kind) / "speech_tokenizer")
    ).encode(samples, 24_000)
    ours = loaded(kind).encode(samples, carry_on)
    assert ours.dtype == np.uint16
    assert np.array_equal(ours, theirs.audio_codes[0].numpy())


@pytest.mark.parametrize("length", [1, FRAME, FRAME + 1])
def test_the_last_frame_is_filled_up(loaded: Loaded, length: int):
    assert loaded("base").encode(recording()[:length], carry_on).shape == (-(-length // FRAME), 16)


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros((2, 9), np.float32)])
def test_what_is_no_sound_has_no_codes(loaded: Loaded, samples: Any):
    with pytest.raises(UnreadableAudio):
        loaded("base").encode(samples, carry_on)


@pytest.mark.parametrize("kind", ["base", "custom_voice"])
def test_the_sound_of_codes_equals_the_package(tiny: Tiny, loaded: Loaded, kind: Any):
    (theirs,), _ = package.tokenizer.Qwen3TTSTokenizer.from_pretrained(
        str(tiny(kind) / "speech_tokenizer")
    ).decode({"audio_codes": [torch.from_numpy(codes().astype(np.int64))]})
    ours = np.concatenate(list(loaded(kind).decode(codes(), carry_on)))
    assert len(ours) == 40 * FRAME
    assert np.array_equal(ours, theirs)


def test_a_watch_can_stop_the_sound_of_codes(loaded: Loaded):
    def watch() -> None:
        raise StopHere

    model = loaded("base")
    with pytest.raises(StopHere):
        list(model.decode(codes(), watch))
    assert len(list(model.decode(codes(), carry_on))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        np.full((3, 16), 2048, np.uint16),
        np.zeros((3, 15), np.uint16),
        np.zeros((0, 16), np.uint16),
        np.zeros(16, np.uint16),
    ],
)
def test_codes_that_no_codec_writes_are_refused(loaded: Loaded, wrong: Any):
    with pytest.raises(InvalidRequest) as caught:
        list(loaded("base").decode(wrong, carry_on))
    assert caught.value.param == "codes"


# --- voices kept, mixed and compared ---------------------------------------------------------


def test_a_model_names_its_kind_and_its_codec(loaded: Loaded):
    assert (loaded("base").kind, loaded("base").codec) == ("base", CODEC)


def test_codes_that_came_first_are_the_context(loaded: Loaded):
    known = codes(38)
    prompt = loaded("base").prompt(Reference(recording(), WORDS, known))
    assert prompt.codes is not None
    assert np.array_equal(prompt.codes[:38].numpy(), known)
    assert loaded("base").prompt(Reference(recording(), None, known)).mode == "speaker_only"
    with pytest.raises(InvalidRequest):
        loaded("base").prompt(Reference(recording(), WORDS, codes(9)))


def test_a_file_is_opened_by_the_checkpoint_that_made_it(loaded: Loaded):
    model = loaded("base")
    made = model.prompt(Reference(recording(), WORDS))
    assert model.open_prompt(made.dumps(), "old sailor").digest == made.digest
    with pytest.raises(RecordDamaged, match="old sailor"):
        model.open_prompt(b"no prompt", "old sailor")
    with pytest.raises(CheckpointUnfit):
        model.open_prompt(replace(made, revision="r2").dumps(), "old sailor")
    with pytest.raises(CheckpointUnfit, match="'base'"):
        loaded().open_prompt(made.dumps(), "old sailor")


def test_a_mix_is_a_voice_of_its_own_that_speaks(loaded: Loaded):
    model = loaded("base")
    voices = [model.prompt(Reference(recording(seed=seed))) for seed in (0, 1)]
    mixed = model.mix(voices, [1, 1])
    assert mixed.digest not in {one.digest for one in voices}
    assert sound(model, prompt=mixed).size
    with pytest.raises(CheckpointUnfit):
        model.mix([voices[0], replace(voices[1], revision="r2")], [1, 1])


def test_a_recording_is_most_like_itself(loaded: Loaded):
    """On random weights only the order can be told, not how far apart voices lie."""
    model = loaded("base")
    made = model.prompt(Reference(recording(), WORDS))
    itself, other = (model.likeness(made, recording(seed=seed)) for seed in (0, 1))
    assert itself == pytest.approx(1, abs=1e-9)
    assert itself is not None
    assert other is not None
    assert -1 <= other < itself
    assert model.likeness(made, recording(2.9)) is None
    assert loaded().likeness(made, recording()) is None


def test_likeness_can_be_asked_for_between_two_utterances(loaded: Loaded):
    model = loaded("base")
    made = model.prompt(Reference(recording()))
    batch = [utterance(prompt=made, seed=seed) for seed in (1, 2)]
    undisturbed = sound(model, prompt=made, seed=2)
    alike = model.likeness(made, recording(seed=1))
    heard: list[Any] = []
    for frames in model.generate(batch, carry_on):
        heard.append(frames.audio)
        assert model.likeness(made, recording(seed=1)) == alike
    assert np.array_equal(heard[1], undisturbed)


def test_loud_sound_is_heard_without_a_word(loaded: Loaded, capsys: pytest.CaptureFixture[str]):
    model = loaded("base")
    model.likeness(model.prompt(Reference(recording())), np.float32(8) * recording())
    assert capsys.readouterr().out == ""


def test_a_watch_can_stop_encoding(loaded: Loaded):
    def watch() -> None:
        raise StopHere

    with pytest.raises(StopHere):
        loaded("base").encode(recording(), watch)
