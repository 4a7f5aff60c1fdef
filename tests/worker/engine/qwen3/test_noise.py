import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from worker.engine.qwen3.noise import CODEBOOKS, FRAMES, NARROW, RING, WIDE, Noise, block

SEEDS = st.integers(0, 2**63 - 1)


def frames(seed: int, count: int, wide: bool = False) -> torch.Tensor:
    """The noise of the first `count` frames, straight from the blocks."""
    blocks = [block(seed, index, wide) for index in range(count // FRAMES + 1)]
    return torch.from_numpy(np.concatenate(blocks))[:count]


def taken(noise: Noise, *at: int, wide: bool = False) -> torch.Tensor:
    return noise.take(torch.tensor(at), wide)


def test_a_block_has_frames_codebooks_and_ranks():
    assert block(1, 0).shape == (FRAMES, CODEBOOKS, NARROW)
    assert block(1, 0, wide=True).shape == (FRAMES, CODEBOOKS, WIDE)
    assert block(1, 0).dtype == block(1, 0, wide=True).dtype == np.float32


@settings(deadline=None)
@given(SEEDS, st.integers(0, 2**40))
def test_a_wide_block_begins_with_the_narrow_one(seed: int, index: int):
    assert (block(seed, index, wide=True)[..., :NARROW] == block(seed, index)).all()


@settings(deadline=None)
@given(SEEDS, st.integers(0, 2**40))
def test_noise_is_finite_and_above_zero(seed: int, index: int):
    numbers = block(seed, index)
    assert np.isfinite(numbers).all()
    assert (numbers > 0).all()


def test_an_address_has_the_same_number_for_ever():
    assert block(0, 0)[0, 0, :3].tolist() == pytest.approx([3.3598084, 4.4613509, 0.4911043])
    last = block(2**63 - 1, 5, wide=True)[-1, -1, -3:].tolist()
    assert last == pytest.approx([0.8909115, 0.3078609, 0.1087065])


def test_noise_is_exponential():
    for numbers in (block(3, 0), block(3, 0, wide=True)[..., NARROW:]):
        assert stats.kstest(numbers.ravel(), "expon").pvalue > 0.001


def test_noise_is_exponential_near_zero_where_unlikely_codes_win():
    small = np.concatenate([block(seed, 0).ravel() for seed in range(200)])
    expected = small.size * 1e-4
    assert abs((small < 1e-4).sum() - expected) < 4 * expected**0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(block(1, 0), block(2, 0), id="seeds"),
        pytest.param(block(1, 0), block(1, 1), id="blocks"),
        pytest.param(block(1, 0)[:-1], block(1, 0)[1:], id="frames"),
        pytest.param(block(1, 0)[:, :-1], block(1, 0)[:, 1:], id="codebooks"),
        pytest.param(block(1, 0)[..., :-1], block(1, 0)[..., 1:], id="ranks"),
        pytest.param(
            block(1, 0), block(1, 0, wide=True)[..., NARROW : 2 * NARROW], id="near and far"
        ),
    ],
)
def test_neighbours_are_not_correlated(one: np.ndarray, other: np.ndarray):
    correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert abs(correlation) < 4 / one.size**0.5


@pytest.mark.parametrize("wide", [False, True])
def test_the_ring_holds_each_frame_when_it_is_launched(wide: bool):
    noise, expected = Noise(1), frames(7, 5 * FRAMES, wide)
    noise.begin(0, 7, wide)
    for frame in range(5 * FRAMES):
        noise.advance(0, frame)
        assert torch.equal(taken(noise, frame, wide=wide)[0], expected[frame])


def test_rows_stand_at_frames_of_their_own():
    noise, expected = Noise(2), (frames(1, 60), frames(2, 60))
    noise.begin(0, 1)
    for frame in range(20):
        noise.advance(0, frame)
    noise.begin(1, 2)
    for frame in range(40):
        noise.advance(0, frame + 20)
        noise.advance(1, frame)
        both = taken(noise, frame + 20, frame)
        assert torch.equal(both, torch.stack((expected[0][frame + 20], expected[1][frame])))


def test_a_row_has_the_same_noise_at_any_place():
    rows = FRAMES + 1
    noise, expected = Noise(rows), frames(5, 3 * FRAMES)
    for row in range(rows):
        noise.begin(row, 5)
    for frame in range(3 * FRAMES):
        for row in range(rows):
            noise.advance(row, frame)
        assert (taken(noise, *[frame] * rows) == expected[frame]).all()


def test_rows_that_began_together_send_their_blocks_in_turn():
    noise = Noise(FRAMES)
    for row in range(FRAMES):
        noise.begin(row, row)
    for frame in range(FRAMES):
        for row in range(FRAMES):
            noise.advance(row, frame)
        arrived = [not (taken(noise, *[FRAMES] * FRAMES)[row] == 1).all() for row in range(FRAMES)]
        assert sum(arrived) == frame + 1


def test_a_row_may_skip_frames():
    noise = Noise(2)
    for row in (0, 1):
        noise.begin(row, 9)
        noise.advance(row, 4 * FRAMES)
    expected = frames(9, 5 * FRAMES)[4 * FRAMES]
    assert (taken(noise, 4 * FRAMES, 4 * FRAMES) == expected).all()


@pytest.mark.parametrize("wide", [False, True])
def test_a_moved_row_goes_on_where_it_was(wide: bool):
    noise, expected = Noise(3), frames(4, 4 * FRAMES, wide)
    noise.begin(2, 4, wide)
    for frame in range(20):
        noise.advance(2, frame)
    noise.move(2, 0)
    for frame in range(20, 4 * FRAMES):
        noise.advance(0, frame)
        assert torch.equal(taken(noise, frame, wide=wide)[0], expected[frame])


def test_a_place_can_be_used_again():
    noise = Noise(1)
    noise.begin(0, 1)
    noise.advance(0, 50)
    noise.begin(0, 2)
    assert torch.equal(taken(noise, 0)[0], frames(2, 1)[0])


def test_places_that_are_not_in_use_can_be_divided_by():
    assert (taken(Noise(2), 0, RING + 3) == 1).all()


def test_the_ring_stays_where_a_graph_reads_it():
    noise = Noise(1)
    noise.begin(0, 1, wide=True)
    noise.widen()
    noise.begin(0, 2, wide=True)
    assert torch.equal(taken(noise, 0, wide=True)[0], frames(2, 1, wide=True)[0])


def test_wide_noise_needs_memory_first():
    with pytest.raises(RuntimeError, match="widen"):
        taken(Noise(1), 0, wide=True)
