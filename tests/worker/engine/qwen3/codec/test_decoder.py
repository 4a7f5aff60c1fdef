import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.worker.engine.qwen3.codec.conftest import Made
from tests.worker.engine.qwen3.codec.hearing import apart, drawn, streamed, whole
from worker.engine.qwen3.codec.convolution import packs
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.state import State

Oracle = Callable[[torch.dtype], Any]
SAMPLES = 1920
TOLERANCE = {torch.float32: 5e-5, torch.float64: 1e-12}
FORMATS = list(TOLERANCE)
PLANS = {
    "frame by frame": [1],
    "growing": [1, 2, 4, 8, 12, 25],
    "two halves": [40, 80],
    "at once": [120],
    "random": [random.Random(1).randint(1, 30) for _ in range(120)],
}
exactly = TOLERANCE[torch.float64]


@pytest.mark.parametrize("dtype", FORMATS, ids=str)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_any_chunk_plan_equals_the_package_decoding_at_once(
    decoder: Made, oracle: Oracle, plan: list[int], dtype: torch.dtype
):
    codes = drawn(1, 120)
    expected = whole(oracle(dtype), codes)
    assert expected.square().mean().sqrt() > 0.05
    assert apart(streamed(decoder(dtype), codes, plan), expected) < TOLERANCE[dtype]


@pytest.mark.skipif(not packs(torch.float32, "cpu"), reason="torch is built without oneDNN")
@pytest.mark.parametrize("rows", [1, 3])
def test_packed_and_plain_weights_sound_alike(decoder: Made, rows: int):
    codes = drawn(rows, 30)
    packed = streamed(decoder(torch.float32, packed=True), codes, [1, 2, 4, 8])
    plain = streamed(decoder(torch.float32, packed=False), codes, [1, 2, 4, 8])
    assert apart(packed, plain) < TOLERANCE[torch.float32]


def test_rows_of_different_lengths_sound_as_each_alone(decoder: Made):
    ours, codes = decoder(torch.float64), drawn(4, 60)
    state, taken = ours.state(4), torch.zeros(4, dtype=torch.long)
    heard: list[list[torch.Tensor]] = [[] for _ in range(4)]
    for step in range(8):
        lengths = torch.tensor([(step * 3 + row * 2) % 8 for row in range(4)])
        chunk = torch.full(
            (4, 16, 7), 2150
        )  # no code: what lies behind a row's end may be anything
        for row, length in enumerate(lengths.tolist()):
            chunk[row, :, :length] = codes[row, :, taken[row] : taken[row] + length]
        lengths = lengths.clamp(max=7)
        sound = ours.decode(chunk, state, lengths)
        for row, length in enumerate(lengths.tolist()):
            heard[row].append(sound[row, : length * SAMPLES])
        taken += lengths
    assert state.heard.tolist() == taken.tolist()
    for row, count in enumerate(taken.tolist()):
        alone = streamed(ours, codes[row : row + 1, :, :count], [count])
        assert apart(torch.cat(heard[row])[None], alone) < exactly


def test_lengths_reach_across_the_pieces_of_a_long_call(decoder: Made):
    ours, codes = decoder(torch.float64), drawn(3, 40)
    state = ours.state(3)
    lengths = torch.tensor([0, 17, 40])
    ours.decode(codes, state, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = ours.state(1)
        ours.decode(codes[row : row + 1, :, :length], alone)
        kept = state.save_row(row)
        for ours_kept, expected in zip(kept.pasts, alone.pasts, strict=True):
            torch.testing.assert_close(ours_kept, expected, rtol=0, atol=1e-9)
        assert kept.heard.item() == length


def test_no_length_given_is_every_length_full(decoder: Made):
    ours, codes = decoder(torch.float64), drawn(2, 5)
    full = ours.decode(codes, ours.state(2), torch.tensor([5, 5]))
    assert apart(full, ours.decode(codes, ours.state(2))) < exactly


def test_rows_may_begin_at_different_times(decoder: Made):
    ours, codes = decoder(torch.float64), drawn(3, 100)
    state = ours.state(3)
    early = streamed(ours, codes[:1, :, :50], [7], state.prefix(1))
    together = streamed(ours, torch.cat([codes[:1, :, 50:], codes[1:, :, :50]]), [8], state)
    alone = streamed(ours, codes[:1], [100])
    assert apart(torch.cat([early, together[:1]], 1), alone) < exactly
    assert apart(together[1:], streamed(ours, codes[1:, :, :50], [50])) < exactly


def test_the_package_starts_anew_every_300_frames_and_ours_does_not(decoder: Made, oracle: Oracle):
    """Its `decode` cuts long speech there and lets each piece hear 25 frames before it."""
    codes, package = drawn(1, 320), oracle(torch.float32)
    expected = whole(package, codes)
    ours = apart(streamed(decoder(torch.float32), codes, [25]), expected)
    with torch.inference_mode():
        cut = apart(package.chunked_decode(codes)[:, 0], expected)
    assert ours < TOLERANCE[torch.float32]
    assert cut > 20 * ours


def test_memory_does_not_grow_with_the_length(decoder: Made):
    ours = decoder(torch.float32)
    state = ours.state(1)
    before = state.nbytes
    longest = {frames: _largest_allocation(ours, state, frames) for frames in (12, 48, 240)}
    assert state.nbytes == before
    assert longest[240] == longest[48] == longest[12]


def _largest_allocation(ours: Decoder, state: State, frames: int) -> int:
    """Bytes of the largest tensor that one call makes, its codes and its sound aside."""
    codes = drawn(1, frames)
    with Watch() as watch:
        ours.decode(codes, state)
    return max(nbytes for nbytes, samples in watch.made if samples != frames * SAMPLES)


class Watch(TorchDispatchMode):
    """Notes what torch is asked to do, and how large whatever comes of it is."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self.made: list[tuple[int, int]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.asked.add(func.name())
        outcome = func(*args, **(kwargs or {}))
        if isinstance(outcome, torch.Tensor):
            self.made.append((outcome.numel() * outcome.itemsize, outcome.numel()))
        return outcome


@pytest.mark.parametrize("packed", [False, packs(torch.float32, "cpu")])
def test_a_graph_could_capture_it(decoder: Made, packed: bool):
    """Nothing waits for a value of the device, and the state stays where it is."""
    ours = decoder(torch.float32, packed=packed)
    state, lengths = ours.state(2), torch.tensor([3, 8])
    places = [past.data_ptr() for past in state.pasts] + [state.heard.data_ptr()]
    codes = drawn(2, 8)
    with Watch() as watch:
        ours.decode(codes, state, lengths)
    waiting = {"aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::is_nonzero"}
    assert not watch.asked & waiting
    assert "aten::gather" in watch.asked
    assert places == [past.data_ptr() for past in state.pasts] + [state.heard.data_ptr()]


@pytest.mark.parametrize("position", [7_990, 1_000_000_000])
def test_no_position_is_too_far(decoder: Made, position: int):
    """8,000 is the last that the package's configuration foresees."""
    ours, codes = decoder(torch.float64), drawn(1, 110)
    near, far = ours.state(1), ours.state(1)
    for state in (near, far):
        ours.decode(codes[..., :80], state)
    far.heard.fill_(position)
    assert (
        apart(streamed(ours, codes[..., 80:], [4], near), streamed(ours, codes[..., 80:], [4], far))
        == 0
    )


def test_a_call_of_no_frames_makes_no_sound(decoder: Made):
    ours = decoder(torch.float32)
    state = ours.state(2)
    assert ours.decode(drawn(2, 0), state).shape == (2, 0)
    assert state.heard.tolist() == [0, 0]


def test_sound_stays_within_full_scale(decoder: Made):
    ours = decoder(torch.float32)
    sound = streamed(ours, drawn(2, 30), [10])
    assert sound.abs().max() <= 1
    assert sound.shape == (2, 30 * SAMPLES)
