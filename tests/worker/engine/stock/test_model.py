"""A stock model speaks as the package does, the same each time, and stops when told to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from shared.audio.codes import FRAME_RATE
from shared.errors import (
    CheckpointUnfit,
    EngineFailed,
    NothingToSay,
    RunawaySpeech,
    UnknownLanguage,
    UnknownSpeaker,
)
from shared.requests.sampling import Sampling
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.speech import FRAME, carry_on, sound, speak, utterance
from worker.engine import package
from worker.engine.seed import derived_seed
from worker.engine.stock import StockEngine


class StopHere(Exception):
    """What a watch raises in these tests."""


def as_shipped(folder: Any, call: str, seed: int, **arguments: Any) -> np.ndarray[Any, Any]:
    """What the package itself says, loaded as its README tells."""
    tts = package.inference.Qwen3TTSModel.from_pretrained(str(folder), dtype=torch.float32)
    torch.manual_seed(seed)
    (audio,), _ = getattr(tts, call)(**arguments)
    return audio


def test_custom_voice_equals_the_package(tiny: Tiny, loaded: Loaded):
    ours = sound(loaded(), seed=5, instruct="Whisper.")
    theirs = as_shipped(
        *(tiny(), "generate_custom_voice", 5),
        text="The lamp was lit.",
        speaker="ryan",
        language="english",
        instruct="Whisper.",
    )
    assert np.array_equal(ours, theirs)


def test_a_row_tells_its_tokens_and_those_of_its_directions(loaded: Loaded):
    plain, directed = (speak(loaded(), utterance(instruct=it)) for it in (None, "Whisper."))
    assert 0 < plain.tokens < directed.tokens


def test_voice_design_equals_the_package(tiny: Tiny, loaded: Loaded):
    ours = sound(loaded("voice_design"), seed=5, speaker=None, description="An old sailor.")
    theirs = as_shipped(
        *(tiny("voice_design"), "generate_voice_design", 5),
        text="The lamp was lit.",
        language="english",
        instruct="An old sailor.",
    )
    assert np.array_equal(ours, theirs)


def test_the_sampling_parameters_reach_the_package(tiny: Tiny, loaded: Loaded):
    sampling = Sampling(temperature=1.3, top_k=20, top_p=0.9, subtalker_temperature=0.5)
    theirs = as_shipped(
        *(tiny(), "generate_custom_voice", 1),
        text="The lamp was lit.",
        speaker="ryan",
        language="english",
        **sampling.model_dump(),
    )
    assert np.array_equal(sound(loaded(), sampling=sampling), theirs)
    assert not np.array_equal(sound(loaded()), theirs)


def test_an_utterance_sounds_the_same_whatever_was_said_before(loaded: Loaded):
    alone = sound(loaded(), seed=3)
    torch.manual_seed(99)
    first = loaded().generate([utterance("Other words."), utterance(seed=3)], carry_on)
    second = loaded().generate([utterance(seed=3), utterance("Other words.")], carry_on)
    interleaved = [next(first), next(second), next(first), next(second)]
    assert np.array_equal(interleaved[1].audio, alone)
    assert np.array_equal(interleaved[2].audio, alone)


def test_speaking_leaves_the_global_generator_alone(loaded: Loaded):
    before = torch.get_rng_state()
    sound(loaded())
    assert torch.equal(before, torch.get_rng_state())


def test_the_rows_of_a_batch_come_in_order_each_ended(loaded: Loaded):
    batch = [
        utterance("One."),
        utterance("Two.", speaker="vivian"),
        utterance("三。", language="auto"),
    ]
    frames = list(loaded().generate(batch, carry_on))
    assert [(piece.row, piece.finish_reason) for piece in frames] == [
        (0, "stop"),
        (1, "stop"),
        (2, "stop"),
    ]
    assert all(piece.audio.dtype == np.float32 for piece in frames)


def test_it_is_watched_at_every_frame(loaded: Loaded):
    calls: list[None] = []
    (frames,) = loaded().generate([utterance()], lambda: calls.append(None))
    assert len(calls) > len(frames.audio) / FRAME


@pytest.mark.parametrize("call", [1, 4, 12])
def test_what_a_watch_raises_passes_and_leaves_the_model_usable(loaded: Loaded, call: int):
    calls: list[None] = []

    def watch() -> None:
        calls.append(None)
        if len(calls) == call:
            raise StopHere

    undisturbed = sound(loaded(), seed=7)
    with pytest.raises(StopHere):
        list(loaded().generate([utterance(seed=8)], watch))
    assert len(calls) == call
    assert np.array_equal(sound(loaded(), seed=7), undisturbed)


def test_a_watch_can_stop_the_decoding(loaded: Loaded):
    calls: list[None] = []
    (frames,) = loaded().generate([utterance()], lambda: calls.append(None))
    frames_made = len(frames.audio) // FRAME
    assert len(calls) > frames_made + 20


def test_speech_that_never_ends_is_a_runaway(loaded: Loaded):
    with pytest.raises(RunawaySpeech, match="3 attempts"):
        speak(loaded(ends=False), utterance(max_seconds=0.8))


def test_speech_that_is_too_long_is_tried_with_another_seed(loaded: Loaded):
    model = loaded()
    pairs = ((seed, sound(model, seed=derived_seed(seed, 1))) for seed in range(40))
    seed, short = next(
        (seed, short) for seed, short in pairs if len(short) < len(sound(model, seed=seed))
    )
    bound = (len(short) / FRAME + 0.5) / FRAME_RATE
    frames = speak(model, utterance(seed=seed, max_seconds=bound))
    assert np.array_equal(frames.audio, short)
    assert "attempt 2" in frames.notes[0]


def test_speech_of_just_the_bound_is_no_runaway(loaded: Loaded):
    audio = sound(loaded(), seed=2)
    bound = (len(audio) / FRAME + 0.5) / FRAME_RATE
    assert np.array_equal(sound(loaded(), seed=2, max_seconds=bound), audio)


def test_derived_seeds_are_distinct_and_stable():
    seeds = [derived_seed(11, attempt) for attempt in range(5)]
    assert seeds[0] == 11
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seeds == [derived_seed(11, attempt) for attempt in range(5)]


def test_special_tokens_and_space_around_text_are_not_spoken(loaded: Loaded):
    assert np.array_equal(sound(loaded(), "\n\nUp<|im_end|>down.\n"), sound(loaded(), "Up down."))


@pytest.mark.parametrize("text", ["", "  \n", "<|im_end|>", "<|im_start|> <tts_pad>"])
def test_text_without_anything_to_say_is_refused(loaded: Loaded, text: str):
    with pytest.raises(NothingToSay):
        speak(loaded(), utterance(text))


def test_an_instruct_is_heard_by_1_7b(loaded: Loaded):
    frames = speak(loaded(), utterance(instruct="Whisper."))
    assert not np.array_equal(frames.audio, sound(loaded()))
    assert frames.notes == ()


def test_0_6b_says_that_it_ignored_the_instruct(loaded: Loaded):
    frames = speak(loaded(label="0b6"), utterance(instruct="Whisper."))
    assert "ignored by this checkpoint" in frames.notes[0]
    assert np.array_equal(frames.audio, sound(loaded(label="0b6")))


@pytest.mark.parametrize("speaker", [None, "bob", "../ryan", "Ryan "])
def test_a_speaker_that_the_checkpoint_lacks_is_refused(loaded: Loaded, speaker: str | None):
    with pytest.raises(UnknownSpeaker, match="vivian"):
        speak(loaded(), utterance(speaker=speaker))


@pytest.mark.parametrize("language", ["latin", "beijing_dialect", ""])
def test_a_language_that_the_checkpoint_lacks_is_refused(loaded: Loaded, language: str):
    with pytest.raises(UnknownLanguage, match="english"):
        speak(loaded(), utterance(language=language))


def test_a_fault_in_a_later_row_is_found_before_the_first_is_spoken(loaded: Loaded):
    calls: list[None] = []
    with pytest.raises(UnknownSpeaker):
        next(loaded().generate([utterance(), utterance(speaker="bob")], lambda: calls.append(None)))
    assert not calls


@pytest.mark.parametrize(
    ("kind", "fields", "needed"),
    [
        ("custom_voice", {"description": "An old sailor."}, "voice_design"),
        ("custom_voice", {"prompt": object()}, "base"),
        ("voice_design", {}, "custom_voice"),
        ("base", {}, "custom_voice"),
    ],
)
def test_a_checkpoint_of_another_type_is_unfit(
    loaded: Loaded, kind: str, fields: dict[str, Any], needed: str
):
    with pytest.raises(CheckpointUnfit, match=needed):
        speak(loaded(kind), replace(utterance(), **fields))


@pytest.mark.parametrize(
    "tensor", ["talker.codec_head.weight", "talker.code_predictor.lm_head.3.weight"]
)
def test_values_that_are_not_finite_are_an_error(spoilable: Any, tensor: str):
    path = spoilable / "model.safetensors"
    tensors = load_file(path)
    tensors[tensor][17] = float("inf")
    save_file(tensors, path, metadata={"format": "pt"})
    model = StockEngine("cpu").load("tiny", spoilable, lambda _: None)
    with pytest.raises(EngineFailed, match="not finite"):
        speak(model, utterance())
