"""One loaded checkpoint: what it refuses before anything is computed, keeps, and gives back."""

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from shared.errors import (
    CheckpointUnfit,
    EngineFailed,
    InvalidRequest,
    NothingToSay,
    SpeechError,
    TextTooLong,
    UnknownLanguage,
    UnknownSpeaker,
    UnreadableAudio,
)
from tests.worker.engine.conftest import Tiny
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
)
from tests.worker.engine.speech import FRAME, carry_on, recording, utterance
from worker.engine.protocol import Utterance
from worker.engine.reference import Reference


def nothing_computed(name: str, args: tuple[Any, ...]) -> None:
    raise AssertionError(f"{name} was computed")


# --- refused ---------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[SpeechError], Utterance]] = {
    "another kind of checkpoint": (
        CheckpointUnfit,
        utterance(speaker=None, description="An old sailor."),
    ),
    "a missing speaker": (UnknownSpeaker, utterance(speaker="bob")),
    "no speaker": (UnknownSpeaker, utterance(speaker=None)),
    "an unknown language": (UnknownLanguage, utterance(language="klingon")),
    "an empty text": (NothingToSay, utterance("")),
    "a text of blanks": (NothingToSay, utterance(" \n ")),
    "a text of special tokens": (NothingToSay, utterance("<|im_end|>")),
    "a text that is too long": (TextTooLong, utterance("word " * 5000)),
}


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("fault", REFUSED)
def test_a_batch_with_one_bad_utterance_is_refused_before_anything_is_computed(
    ours: Ours, fault: str, place: int
):
    error, bad = REFUSED[fault]
    batch = lines(2)
    batch.insert(place, bad)
    watch = Stopping()
    running = iter(ours().generate(batch, watch))
    with Operators(nothing_computed), pytest.raises(error):
        next(running)
    assert watch.calls == 0
    assert len(hear(ours(), lines(1))) == 1


def test_a_voice_of_another_checkpoint_is_refused(ours: Ours):
    model = ours("base")
    voice = model.prompt(Reference(recording(), None))
    for stranger in (replace(voice, checkpoint="other"), replace(voice, revision="other")):
        running = model.generate([utterance(speaker=None, prompt=stranger)], carry_on)
        with Operators(nothing_computed), pytest.raises(CheckpointUnfit):
            next(iter(running))


def test_only_base_makes_voices(ours: Ours):
    with pytest.raises(CheckpointUnfit, match="base"):
        ours().prompt(Reference(recording(), None))


def test_0_6b_says_that_it_ignored_the_instruct(ours: Ours):
    model = ours(label="0b6")
    plain, directed = hear(model, lines(1)), hear(model, lines(1, instruct="Whisper."))
    assert "ignored by this checkpoint" in directed[0].notes[0]
    assert not plain[0].notes
    assert_sounds_equal(directed, plain)


def test_1_7b_hears_an_instruct(ours: Ours):
    plain, directed = hear(ours(), lines(1)), hear(ours(), lines(1, instruct="Whisper."))
    assert not directed[0].notes
    assert not np.array_equal(directed[0].audio[: 2 * FRAME], plain[0].audio[: 2 * FRAME])


# --- spoken ----------------------------------------------------------------------------------


def test_inference_mode_does_not_leak(ours: Ours):
    model = ours("base")
    voice = model.prompt(Reference(recording(), "It was a dark night."))
    assert not torch.is_inference_mode_enabled()
    for _ in model.generate(lines(2, speaker=None, prompt=voice), carry_on):
        assert not torch.is_inference_mode_enabled()
    for _ in model.decode(np.zeros((30, 16), np.uint16), carry_on):
        assert not torch.is_inference_mode_enabled()
    model.encode(recording(), carry_on)
    model.likeness(voice, recording())
    assert not torch.is_inference_mode_enabled()


def test_the_global_generator_is_left_alone(ours: Ours):
    before = torch.get_rng_state()
    hear(ours(), lines(2))
    assert torch.equal(before, torch.get_rng_state())


def test_a_batch_of_nothing_is_silent(ours: Ours):
    assert hear(ours(), []) == []


def test_calls_of_several_threads_take_turns(ours: Ours):
    model = ours(batch=2)
    alone = [hear(model, lines(2, seed=seed)) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda seed: hear(model, lines(2, seed=seed)), range(3)))
    for mine, other in zip(together, alone, strict=True):
        assert_sounds_equal(mine, other)


# --- codec -----------------------------------------------------------------------------------


def test_codes_sound_as_the_package_decodes_them(ours: Ours, tiny: Tiny):
    codes = np.random.default_rng(0).integers(0, 2048, (60, 16)).astype(np.uint16)
    sound = np.concatenate(list(ours().decode(codes, carry_on)))
    assert np.abs(sound - decoded(tiny(), codes.astype(np.int64))).max() <= TOLERANCE


def test_decoding_can_be_stopped(ours: Ours):
    codes = np.zeros((60, 16), np.uint16)
    running = ours().decode(codes, Stopping(2))
    next(running)
    with pytest.raises(StopHere):
        next(running)


@pytest.mark.parametrize(
    "codes", [np.zeros((0, 16)), np.zeros((3, 15)), np.full((3, 16), 2048), np.zeros(16)]
)
def test_what_are_no_codes_is_refused(ours: Ours, codes: Any):
    with pytest.raises(InvalidRequest):
        next(iter(ours().decode(codes.astype(np.uint16), carry_on)))


def test_sound_is_written_in_codes(ours: Ours):
    codes = ours("base").encode(recording(2.0), carry_on)
    assert (codes.dtype, codes.shape) == (np.uint16, (25, 16))
    with pytest.raises(UnreadableAudio):
        ours("base").encode(np.zeros(0, np.float32), carry_on)


def test_encoding_can_be_stopped(ours: Ours):
    with pytest.raises(StopHere):
        ours("base").encode(recording(), Stopping(1))


# --- memory ----------------------------------------------------------------------------------


def held(module: torch.nn.Module) -> int:
    return sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))


def test_what_listens_counts_once_it_is_read(tiny: Tiny):
    model = load(tiny("base"))
    speaking, reserved = model.nbytes, model.reserved
    model.prompt(Reference(recording(), None))
    listening = held(model._speaker._module)
    assert model.nbytes == speaking + listening
    model.encode(recording(), carry_on)
    listening += held(model._encoder._model)
    assert model.nbytes == pytest.approx(speaking + listening, rel=1e-3)
    assert model.nbytes == model.reserved == reserved
    assert model.reserved == reserved


def test_only_base_keeps_what_listens(tiny: Tiny):
    model = load(tiny())
    speaking = model.nbytes
    model.encode(recording(), carry_on)
    assert model.nbytes == speaking < model.reserved


def test_a_lack_of_memory_between_two_frames_leaves_the_model_to_others(tiny: Tiny):
    model = load(tiny("base"))
    made = model.prompt(Reference(recording(), None))
    batch = lines(2, speaker=None, prompt=made)

    def compare_in_vain() -> None:
        speaking = model.generate(batch, carry_on)
        with Operators(Exhaustion(1, of="stft")):
            for _ in speaking:
                model.likeness(made, recording())

    gc.disable()
    try:
        compare_in_vain()
    except EngineFailed:
        failed = True
    else:
        failed = False
    finally:
        gc.enable()
    assert failed
    assert not model._turn.locked()
    assert len(hear(model, batch)) == 2


# --- caches ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["custom_voice", "base"])
def test_codes_that_are_known_are_not_drawn_again(tiny: Tiny, kind: Any):
    model = load(tiny(kind), codes_cache_mb=8)
    fields: dict[str, Any] = {}
    if kind == "base":
        voice = model.prompt(Reference(recording(), "It was a dark night."))
        fields = {"speaker": None, "prompt": voice}
    batch = lines(3, **fields)
    first = hear(model, batch)
    batches = model.batches
    run: set[str] = set()
    with Operators(lambda name, _: run.add(name)):
        again = hear(model, batch)
    assert run
    assert "aten::topk" not in run
    assert model.batches == batches
    assert_sounds_equal(again, first, 0)
    assert [row.notes for row in again] == [row.notes for row in first]
    stats = model._parts.codes.stats
    assert (stats.entries, stats.hits, stats.misses) == (1, 1, 1)


@pytest.mark.parametrize("change", ["seed", "text", "order", "fewer", "settings"])
def test_another_batch_is_drawn_anew(tiny: Tiny, change: str):
    model = load(tiny(), codes_cache_mb=8)
    batch = lines(3)
    hear(model, batch)
    other = {
        "seed": lines(3, seed=9),
        "text": [*batch[:2], replace(batch[2], text="Yes.")],
        "order": batch[::-1],
        "fewer": batch[:2],
        "settings": lines(3, max_seconds=3.0),
    }[change]
    model.batches = ()
    heard = hear(model, other)
    assert model.batches
    assert_sounds_equal(heard, hear(load(tiny()), other))


def test_the_owner_of_a_row_is_no_part_of_what_is_known(tiny: Tiny):
    model = load(tiny(), codes_cache_mb=8)
    hear(model, lines(2, owner="a"))
    hear(model, lines(2, owner="b"))
    assert model._parts.codes.stats.hits == 1


def test_codes_are_not_kept_unless_asked(tiny: Tiny):
    model = load(tiny())
    hear(model, lines(2))
    assert model._parts.codes.stats.entries == 0


def test_a_call_that_was_stopped_leaves_no_codes(tiny: Tiny):
    model = load(tiny(), codes_cache_mb=8)
    with pytest.raises(StopHere):
        hear(model, lines(2), Stopping(9))
    assert model._parts.codes.stats.entries == 0


def test_what_was_broken_off_is_not_kept(tiny: Tiny):
    """Its sound holds the beginning of a take whose codes are gone."""
    model = load(tiny(ends=False), codes_cache_mb=8, max_attempts_per_sentence=2)
    batch = [utterance("A long text, of which much would have to be said. " * 3, max_seconds=1.6)]
    first = hear(model, batch)
    assert len(first[0].audio) > 22 * FRAME
    assert_sounds_equal(hear(model, batch), first)
    assert model._parts.codes.stats.entries == 0


def test_a_voice_is_made_once(tiny: Tiny):
    model = load(tiny("base"))
    heard = Reference(recording(), "It was a dark night.")
    voice = model.prompt(heard)
    assert model.prompt(Reference(recording(), "It was a dark night.")) is voice
    assert model.prompt(Reference(recording(), None)) is not voice
    assert model.prompt(Reference(recording(seed=1), None)) is not voice
    stats = model._parts.prompts.stats
    assert (stats.entries, stats.hits, stats.misses) == (3, 1, 3)


def test_a_voice_sounds_the_same_made_anew(tiny: Tiny):
    model = load(tiny("base"))
    heard = Reference(recording(), "It was a dark night.")

    def speech() -> Any:
        return hear(model, lines(2, speaker=None, prompt=model.prompt(heard)))

    first, known = speech(), speech()
    model._parts.prompts.clear()
    for other in (known, speech()):
        assert_sounds_equal(other, first)


def test_an_instruct_is_tokenised_once(tiny: Tiny):
    model = load(tiny())
    hear(model, lines(2, instruct="Whisper."))
    stats = model.caches()["instructs"]
    assert (stats.entries, stats.hits) == (1, 1)
    model.clear_caches()
    assert model.caches()["instructs"].entries == 0
