"""Chunks become sound, slot by slot, whatever the slots held before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import (
    TOLERANCE,
    StopHere,
    Stopping,
    decoded,
    lines,
    load,
)
from tests.worker.engine.speech import FRAME, carry_on
from worker.engine.qwen3.graphs import Eager
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.slots import Slots
from worker.engine.qwen3.source import taken

DRAW = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tiny: Tiny) -> Path:
    return tiny()


@pytest.fixture(scope="module")
def model(folder: Path) -> Qwen3Model:
    return load(folder)


@pytest.fixture
def harvester(model: Qwen3Model) -> Harvester:
    return Harvester(model._parts.decoder, torch.device("cpu"), Eager("tests"), 12)


@pytest.fixture
def slots(model: Qwen3Model) -> Slots:
    return Slots(model._parts.language_model, 3, 256, 1, 12)


def frames(count: int) -> Any:
    return DRAW.integers(0, 2048, (count, 16))


def row(model: Qwen3Model, **fields: Any) -> Row:
    line = lines(1)[0]
    return replace(model._row(0, line, model._prompt(line)), **fields)


@torch.inference_mode()
def spoken(harvester: Harvester, slots: Slots, *chunks: Any) -> list[Any]:
    """The sound of chunks [rows, frames, 16], one after the other."""
    sounds: list[Any] = []
    for chunk in chunks:
        slots.codes[: len(chunk), : chunk.shape[1]] = torch.from_numpy(chunk)
        harvest = harvester.launch(taken(slots, len(chunk), chunk.shape[1]))
        harvest.wait(carry_on)
        np.testing.assert_array_equal(harvest.codes, chunk)
        sounds.append(harvest.audio)
    return sounds


def assert_close(one: Any, other: Any) -> None:
    assert one.shape == other.shape
    assert np.abs(one - other).max() <= TOLERANCE


@torch.inference_mode()
def test_chunks_sound_as_the_whole(
    harvester: Harvester, slots: Slots, model: Qwen3Model, folder: Path
):
    said = np.stack([frames(14), frames(14)])
    harvester.require(3)
    for slot in (0, 1):
        harvester.admit(slot, row(model))
    sounds = np.concatenate(spoken(harvester, slots, said[:, :2], said[:, 2:6], said[:, 6:]), 1)
    for slot in (0, 1):
        assert_close(sounds[slot], decoded(folder, said[slot]))


@torch.inference_mode()
def test_a_slot_forgets_what_it_held(
    harvester: Harvester, slots: Slots, model: Qwen3Model, folder: Path
):
    harvester.admit(0, row(model))
    spoken(harvester, slots, frames(9)[None])
    harvester.admit(0, row(model))
    said = frames(6)
    (sound,) = spoken(harvester, slots, said[None])
    assert_close(sound[0], decoded(folder, said))


@torch.inference_mode()
def test_a_row_goes_on_from_its_reference_and_its_codes(
    harvester: Harvester, slots: Slots, model: Qwen3Model, folder: Path
):
    reference, past, said = frames(5), frames(4), frames(6)
    again = row(model, reference=reference)
    again.codes = past
    harvester.admit(0, again)
    (sound,) = spoken(harvester, slots, said[None])
    whole = decoded(folder, np.concatenate((reference, past, said)))
    assert_close(sound[0], whole[9 * FRAME :])


@torch.inference_mode()
def test_a_row_that_moves_goes_on(
    harvester: Harvester, slots: Slots, model: Qwen3Model, folder: Path
):
    harvester.require(3)
    for slot in range(3):
        harvester.admit(slot, row(model))
    first, rest = np.stack([frames(4) for _ in range(3)]), frames(5)
    spoken(harvester, slots, first)
    harvester.move(2, 0)
    (sound,) = spoken(harvester, slots, rest[None])
    assert_close(sound[0], decoded(folder, np.concatenate((first[2], rest)))[4 * FRAME :])


@torch.inference_mode()
def test_what_was_harvested_stays_when_slots_go_on(
    harvester: Harvester, slots: Slots, model: Qwen3Model
):
    harvester.admit(0, row(model))
    slots.codes[:1, :3] = torch.from_numpy(frames(3))
    harvest = harvester.launch(taken(slots, 1, 3))
    kept = [harvest.codes.copy(), harvest.audio.copy(), harvest.ended.copy(), harvest.finite.copy()]
    slots.ended[0], slots.finite[0] = 1, False
    spoken(harvester, slots, frames(3)[None])
    for before, now in zip(
        kept, (harvest.codes, harvest.audio, harvest.ended, harvest.finite), strict=True
    ):
        np.testing.assert_array_equal(before, now)


@torch.inference_mode()
def test_ids_that_are_no_codes_break_nothing(
    harvester: Harvester, slots: Slots, model: Qwen3Model, folder: Path
):
    """As the row of an utterance that has ended draws them."""
    harvester.require(2)
    for slot in (0, 1):
        harvester.admit(slot, row(model))
    said = np.stack([frames(4), frames(4)])
    said[1, 1:] = 2150
    (sound,) = spoken(harvester, slots, said)
    assert_close(sound[0], decoded(folder, said[0]))
    assert np.isfinite(sound).all()


@torch.inference_mode()
def test_the_watch_is_asked_before_waiting(harvester: Harvester, slots: Slots, model: Qwen3Model):
    harvester.admit(0, row(model))
    harvest = harvester.launch(taken(slots, 1, 2))
    with pytest.raises(StopHere):
        harvest.wait(Stopping(1))
