"""Rows are streamed in order, replaced as they end, and survive what befalls them."""

import shutil
import weakref
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shared.checkpoints.catalogue import Kind
from shared.errors import EngineFailed
from shared.requests.sampling import Sampling
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.codes import codes, spoken
from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.qwen3.hearing import (
    TOLERANCE,
    Exhaustion,
    Operators,
    StopHere,
    Stopping,
    assert_sounds_equal,
    decoded,
    hear,
    lines,
    load,
    spoil,
)
from tests.worker.engine.speech import FRAME, carry_on, recording, utterance
from worker.engine.qwen3.running import RAMP
from worker.engine.qwen3.slots import Slots
from worker.engine.reference import Reference
from worker.engine.seed import derived_seed

VOICES: dict[str, tuple[Kind, dict[str, Any]]] = {
    "preset": ("custom_voice", {}),
    "designed": ("voice_design", {"speaker": None, "description": "An old sailor."}),
    "cloned by its sound": ("base", {"speaker": None}),
    "cloned in context": ("base", {"speaker": None}),
}
GREEDY = Sampling(do_sample=False, subtalker_dosample=False, repetition_penalty=1.0)


def voiced(model: Any, voice: str) -> dict[str, Any]:
    """The fields of an utterance in a voice."""
    fields = VOICES[voice][1]
    if not voice.startswith("cloned"):
        return fields
    said = "It was a dark night." if voice == "cloned in context" else None
    return {**fields, "prompt": model.prompt(Reference(recording(3.0), said))}


# --- streaming -------------------------------------------------------------------------------


def test_the_first_sound_comes_after_two_frames_work(ours: Ours):
    watch = Stopping()
    running = ours().generate(lines(4), watch)
    first = next(running)
    assert (first.row, len(first.audio)) == (0, 2 * FRAME)
    # One look at the watch for the row that is admitted, one a frame, one for the harvest.
    assert watch.calls == 4


def test_pieces_grow(ours: Ours):
    (heard,) = hear(ours(ends=False), [utterance(max_seconds=3.2)])
    assert RAMP == (2, 4, 8, 12)
    assert heard.frames[:4] == [2, 4, 8, 12]


def test_rows_come_in_their_order_and_each_ends_once(ours: Ours):
    frames = list(ours().generate(lines(6), lambda: None))
    assert [piece.row for piece in frames] == sorted(piece.row for piece in frames)
    ends = [piece.row for piece in frames if piece.finish_reason]
    assert ends == list(range(6))


@pytest.mark.parametrize("lag", [0, 1])
def test_the_first_row_is_heard_before_another_is_begun(ours: Ours, lag: int):
    model = ours(batch=3, lag=lag)
    prefills = 0

    def count(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal prefills
        # The talker hears a whole prompt; the predictor never more than two positions.
        prefills += "scaled_dot_product" in name and arguments[0].shape[2] > 4

    with Operators(count):
        next(model.generate(lines(5), carry_on))
    assert prefills == model._parts.dimensions.talker.layers
    hear(model, lines(5))
    assert model.batches[0] == 1
    assert max(model.batches) == 3


def test_rows_of_a_call_that_nobody_hears_ignore_the_pace(ours: Ours):
    model = ours(batch=3)
    parts = model._parts
    try:
        model._parts = replace(parts, limits=replace(parts.limits, live=1))
        hear(model, lines(4))
        assert max(model.batches) == 1
        hear(model, lines(4, live=False))
        assert max(model.batches) == 3
    finally:
        model._parts = parts


def test_memory_that_ran_out_is_given_back_before_more_is_taken(ours: Ours):
    model = ours(batch=3)
    made: list[weakref.ref[Slots]] = []
    living: list[int] = []

    def watch_slots(name: str, _: Any) -> None:
        slots = model._parts.runner._slots
        if slots is not None and slots not in [ref() for ref in made]:
            living.append(sum(ref() is not None for ref in made))
            made.append(weakref.ref(slots))

    model._parts.runner.forget()
    exhausted = Exhaustion(1, of="index_copy")

    def see(name: str, arguments: tuple[Any, ...]) -> None:
        watch_slots(name, arguments)
        exhausted(name, arguments)

    with Operators(see):
        hear(model, lines(3))
    assert len(made) == 2
    assert living == [0, 0]


@pytest.mark.parametrize("voice", VOICES)
def test_what_is_heard_is_the_packages_decoding_of_the_codes(ours: Ours, tiny: Tiny, voice: str):
    kind, _ = VOICES[voice]
    model = ours(kind, batch=2)
    batch = lines(3, **voiced(model, voice))
    for row, heard in zip(spoken(model, batch), hear(model, batch), strict=True):
        reference = np.zeros((0, 16), np.int64) if row.reference is None else row.reference
        assert (len(reference) > 0) == (voice == "cloned in context")
        whole = decoded(tiny(kind), np.concatenate((reference, row.codes)))
        expected = whole[len(reference) * FRAME :]
        assert expected.std() > 0.01
        assert expected.shape == heard.audio.shape
        assert np.abs(expected - heard.audio).max() <= TOLERANCE


def test_an_unwarmed_reference_sounds_as_a_warmed_one(ours: Ours):
    model = ours("base")
    voice = model.prompt(Reference(recording(), "It was a dark night."))
    assert voice.warmed
    batch = lines(2, speaker=None, prompt=voice)
    cold = lines(2, speaker=None, prompt=replace(voice, warmed=None))
    assert_sounds_equal(hear(model, cold), hear(model, batch), TOLERANCE)


# --- equal calls -----------------------------------------------------------------------------


def test_equal_calls_sound_equal_whatever_was_spoken_before(ours: Ours):
    model = ours(batch=3)
    first = hear(model, lines(4))
    assert_sounds_equal(hear(model, lines(4)), first)
    hear(model, lines(2, seed=9))
    assert_sounds_equal(hear(model, lines(4)), first)
    hear(model, [utterance("Long. " * 40, seed=5, max_seconds=20.0)])
    assert_sounds_equal(hear(model, lines(4)), first)


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("call", [1, 3, 9, 20])
def test_a_cancelled_call_leaves_no_trace(ours: Ours, call: int, lag: int):
    model = ours(batch=2, lag=lag)
    before = hear(model, lines(3))
    watch = Stopping(call)
    with pytest.raises(StopHere):
        hear(model, lines(4, seed=7), watch)
    assert watch.calls == call
    assert_sounds_equal(hear(model, lines(3)), before)


def test_a_call_that_nobody_listens_to_any_more_leaves_no_trace(ours: Ours):
    model = ours(batch=2)
    before = hear(model, lines(3))
    with closing(model.generate(lines(3, seed=8), lambda: None)) as running:  # type: ignore[type-var]
        next(running)
    assert_sounds_equal(hear(model, lines(3)), before)


def test_the_owner_of_a_row_is_not_heard(ours: Ours):
    assert_sounds_equal(hear(ours(), lines(2, owner="a")), hear(ours(), lines(2, owner="b")))


# --- rows that come and go -------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 1])
def test_rows_that_end_make_room_for_others(ours: Ours, lag: int):
    narrow, wide = ours(form="fp64", batch=2, lag=lag), ours(form="fp64", batch=8)
    batch = lines(8)
    lengths = [len(row) for row in codes(wide, batch)]
    assert len(set(lengths)) > 2
    for mine, other in zip(codes(narrow, batch), codes(wide, batch), strict=True):
        np.testing.assert_array_equal(mine, other)
    heard = hear(narrow, batch)
    assert [sum(row.frames) for row in heard] == lengths
    assert max(narrow.batches) == 2


@pytest.mark.parametrize("lag", [0, 1])
def test_rows_that_are_compacted_sound_as_alone(ours: Ours, lag: int):
    model = ours(form="fp64", batch=4, lag=lag)
    batch = lines(7)
    alone = [hear(ours(form="fp64", batch=1), [line])[0] for line in batch]
    assert_sounds_equal(hear(model, batch), alone, TOLERANCE)


# --- faults of the model ---------------------------------------------------------------------


def test_speech_that_does_not_end_is_tried_again_and_cut(ours: Ours):
    watch = Stopping()
    (heard,) = hear(ours(ends=False, attempts=3), [utterance(max_seconds=1.6)], watch)
    assert heard.reason == "length"
    assert heard.notes[-1] == "The speech did not end by itself and was cut."
    assert len(heard.audio) % FRAME == 0


@pytest.mark.parametrize("lag", [0, 1])
def test_a_take_that_failed_is_followed_by_one_of_another_seed(ours: Ours, lag: int):
    """What no ear has heard: the row waits behind the first, and begins anew in silence."""
    model = ours(form="fp64", batch=2, attempts=3, lag=lag)
    once = ours(form="fp64", batch=2, attempts=1)
    seed, bound, short = _late(once)
    batch = [utterance("Row nought.", seed=0, max_seconds=3.2)]
    batch.append(utterance(seed=seed, max_seconds=bound / 12.5))
    rows = spoken(model, batch)
    assert rows[1].attempt == 1
    np.testing.assert_array_equal(rows[1].codes, short)
    (_, heard) = hear(model, batch)
    assert heard.reason == "stop"
    assert "attempt 2 is heard" in heard.notes[0]
    assert len(heard.audio) == len(short) * FRAME


def _late(model: Any) -> tuple[int, int, Any]:
    """A seed whose speech is longer than that of its second attempt, a bound between, and that."""
    for seed in range(100):
        (first,) = codes(model, [utterance(seed=seed)])
        (second,) = codes(model, [utterance(seed=derived_seed(seed, 1))])
        if len(second) + 6 < len(first) < 20:
            return seed, len(second) + 2, second
    raise AssertionError("no such seed")


def test_speech_that_goes_round_in_circles_is_cut(spoilable: Path):
    """Where no code is likelier than another, the same is drawn for ever."""

    def level(name: str, tensor: Tensor) -> Tensor:
        return torch.zeros_like(tensor) if name == "talker.codec_head.weight" else tensor

    model = load(spoil(spoilable, level), max_attempts_per_sentence=2)
    (heard,) = hear(model, [utterance(sampling=GREEDY, max_seconds=25.0)])
    assert heard.reason == "loop"
    assert heard.notes[-1] == "The speech went round in circles and was cut."
    assert sum(heard.frames) < 100


def test_speech_that_falls_silent_is_tried_again_and_cut(tiny: Tiny, tmp_path: Path):
    folder = shutil.copytree(tiny(ends=False), tmp_path / "checkpoint")

    def mute(name: str, tensor: Tensor) -> Tensor:
        return torch.zeros_like(tensor) if name.startswith("decoder.decoder.") else tensor

    spoil(folder, mute, "speech_tokenizer/model.safetensors")
    model = load(folder, max_attempts_per_sentence=2)
    (heard,) = hear(model, [utterance(max_seconds=25.0)])
    assert heard.reason == "silence"
    assert heard.notes == [
        "The speech fell silent too early at first: attempt 2 is heard.",
        "The speech fell silent before its text was spoken.",
    ]
    assert sum(heard.frames) < 20


# --- memory ----------------------------------------------------------------------------------


def operators(model: Any, batch: Any) -> int:
    """How many operators a batch takes."""
    counter = Exhaustion()
    with Operators(counter):
        hear(model, batch)
    return counter.calls


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97])
def test_memory_that_runs_out_anywhere_costs_neither_a_frame_nor_a_row(ours: Ours, share: float):
    model = ours(form="fp64", batch=4)
    batch = lines(6)
    undisturbed = hear(model, batch)
    at = 1 + int(share * operators(model, batch))
    with Operators(Exhaustion(at)):
        heard = hear(model, batch)
    assert_sounds_equal(heard, undisturbed, TOLERANCE)


@pytest.mark.parametrize(
    ("operator", "call"), [("rms_norm", 300), ("convolution", 30), ("index_copy_", 20)]
)
def test_memory_that_runs_out_halves_the_batch(ours: Ours, operator: str, call: int):
    model = ours(form="fp64", batch=4)
    batch = lines(6)
    undisturbed = hear(model, batch)
    memory = Exhaustion(call, of=operator)
    with Operators(memory):
        heard = hear(model, batch)
    assert memory.calls > call
    assert_sounds_equal(heard, undisturbed, TOLERANCE)
    assert max(model.batches[-3:]) <= 2


def test_slots_for_which_there_is_no_memory_are_made_for_half_the_rows(ours: Ours):
    model = ours(form="fp64", batch=8)
    batch = lines(8)
    undisturbed = hear(model, batch)
    model._parts.runner.forget()
    with Operators(Exhaustion(1, of="zeros")):
        heard = hear(model, batch)
    assert_sounds_equal(heard, undisturbed, TOLERANCE)
    assert max(model.batches) == 4


def test_memory_may_run_out_again_and_again(ours: Ours):
    model = ours(form="fp64", batch=8)
    batch = lines(8)
    undisturbed = hear(model, batch)
    with Operators(Exhaustion(6000, 9000, 12000)):
        heard = hear(model, batch)
    assert_sounds_equal(heard, undisturbed, TOLERANCE)
    assert 1 in model.batches[1:]


def test_memory_that_does_not_suffice_for_one_row_is_said(ours: Ours):
    model = ours(batch=1)
    before = hear(model, lines(1))
    with Operators(Exhaustion(300)), pytest.raises(EngineFailed, match="not enough memory"):
        hear(model, lines(1))
    assert_sounds_equal(hear(model, lines(1)), before)


def test_inference_mode_does_not_leak(ours: Ours):
    for frames in ours().generate(lines(2), lambda: None):
        assert not torch.is_inference_mode_enabled()
        assert isinstance(frames.audio, np.ndarray)
    assert not torch.is_inference_mode_enabled()
