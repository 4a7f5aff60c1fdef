import math
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from shared.requests.sampling import Sampling
from worker.engine.qwen3.noise import CODEBOOKS, FRAMES, NARROW, WIDE, Noise, block
from worker.engine.qwen3.sampling import (
    Choice,
    Parameters,
    candidates,
    draw,
    is_nucleus,
    is_wide,
    suppressed,
    talker_scores,
)

VOCABULARY, CODES, EOS = 3072, 2048, 2150
FORMATS = st.sampled_from([torch.float32, torch.float64])
SEEDS = st.integers(0, 2**32)
TEMPERATURES = st.sampled_from([0.01, 0.3, 0.9, 1.0, 2.0]) | st.floats(0.05, 2)
TOP_PS = st.sampled_from([1.0, 0.999, 0.8, 0.1, 1e-6]) | st.floats(0.01, 0.999)


def choice(*samplings: Sampling, dtype: torch.dtype = torch.float32) -> Choice:
    """How the talker's rows choose."""
    parameters = Parameters.blank(len(samplings), dtype=dtype)
    for row, sampling in enumerate(samplings):
        parameters.set_row(row, sampling)
    return parameters.talker


def random_scores(
    seed: int, rows: int = 1, dtype: torch.dtype = torch.float32, spread: float = 3.0
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return spread * torch.randn(rows, CODES, generator=generator, dtype=dtype)


def noise_of(*seeds: int, wide: bool = False) -> Tensor:
    """Noise of one draw for each seed."""
    return torch.stack([torch.from_numpy(block(seed, 0, wide)[0, 0]) for seed in seeds])


def warped(scores: Tensor, sampling: Sampling) -> Tensor:
    """The package's probabilities: scores as transformers' `generate` warps them."""
    warpers: Any = LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature)])
    if sampling.top_k:
        warpers.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    return warpers(torch.zeros(len(scores), 0, dtype=torch.int64), scores).softmax(-1)


def spoken(scores: Tensor, sampling: Sampling, width: int) -> Tensor:
    """Our probabilities, by id."""
    row = choice(sampling, dtype=scores.dtype).within(min(width, scores.shape[-1]))
    shares, ids = candidates(scores, row, width)
    shares = shares / shares.sum(-1, keepdim=True)
    return torch.zeros_like(scores).scatter(-1, ids, shares)


@settings(deadline=None)
@given(SEEDS, FORMATS, st.integers(0, 4), st.floats(1, 2))
def test_talker_scores_are_those_of_the_package(
    seed: int, dtype: torch.dtype, drawn: int, penalty: float
):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, VOCABULARY, generator=generator, dtype=dtype)
    ids = torch.randint(0, CODES, (2, drawn), generator=generator)
    package: Any = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(penalty),
            MinNewTokensLengthLogitsProcessor(0, 2, EOS, device="cpu"),
            SuppressTokensLogitsProcessor(
                [id for id in range(VOCABULARY - 1024, VOCABULARY) if id != EOS]
            ),
        ]
    )
    seen = torch.zeros(2, VOCABULARY, dtype=torch.bool).scatter(1, ids, True)
    scores = talker_scores(
        logits,
        seen,
        torch.full((2, 1), penalty, dtype=dtype),
        torch.full((2,), drawn),
        suppressed(VOCABULARY, EOS),
        EOS,
    )
    assert torch.equal(scores, package(ids, logits))


def test_rows_may_end_at_frames_of_their_own():
    logits = torch.zeros(4, VOCABULARY)
    seen = torch.zeros(4, VOCABULARY, dtype=torch.bool)
    scores = talker_scores(
        logits, seen, torch.ones(4, 1), torch.arange(4), suppressed(VOCABULARY, EOS), EOS
    )
    assert scores[:, EOS].isfinite().tolist() == [False, False, True, True]
    assert (logits == 0).all()


@settings(deadline=None)
@given(SEEDS, FORMATS, st.integers(1, NARROW), TEMPERATURES, st.sampled_from([None, 1, 0.1]))
def test_top_k_keeps_what_the_package_keeps(
    seed: int, dtype: torch.dtype, top_k: int, temperature: float, step: float | None
):
    """Scores on a grid of `step` have many equals."""
    scores = random_scores(seed, dtype=dtype)
    scores = scores if step is None else (scores / step).round() * step
    sampling = Sampling(top_k=top_k, temperature=temperature)
    expected = warped(scores, sampling)
    assume((expected > 0).sum() <= NARROW)
    actual = spoken(scores, sampling, NARROW)
    assert torch.equal(actual > 0, expected > 0)
    torch.testing.assert_close(actual, expected)


def test_equals_at_the_last_place_are_all_in():
    scores = torch.tensor([[3.0, 1.0, 2.0, 1.0, 1.0, 0.0]])
    shares, ids = candidates(scores, choice(Sampling(top_k=3)), 6)
    assert ids[shares > 0].sort().values.tolist() == [0, 1, 2, 3, 4]


@settings(deadline=None)
@given(SEEDS, st.integers(0, CODES), TEMPERATURES, TOP_PS)
def test_top_p_after_top_k_keeps_what_the_package_keeps(
    seed: int, top_k: int, temperature: float, top_p: float
):
    scores = random_scores(seed, dtype=torch.float64)
    sampling = Sampling(top_k=top_k, temperature=temperature, top_p=top_p)
    actual, expected = spoken(scores, sampling, WIDE), warped(scores, sampling)
    assert torch.equal(actual > 0, expected > 0)
    torch.testing.assert_close(actual, expected)


@settings(deadline=None)
@given(SEEDS, st.integers(1, NARROW), TEMPERATURES, TOP_PS)
def test_top_p_in_single_precision_differs_at_most_at_its_edge(
    seed: int, top_k: int, temperature: float, top_p: float
):
    scores = random_scores(seed)
    sampling = Sampling(top_k=top_k, temperature=temperature, top_p=top_p)
    before_top_p = warped(scores, sampling.model_copy(update={"top_p": 1.0}))
    ours, theirs = spoken(scores, sampling, NARROW) > 0, warped(scores, sampling) > 0
    edge = before_top_p[theirs].sum() if ours.sum() >= theirs.sum() else before_top_p[ours].sum()
    assert torch.equal(ours, theirs) or abs(edge - top_p) < 1e-5


@settings(deadline=None)
@given(SEEDS, TOP_PS)
def test_among_equals_top_p_keeps_as_many_as_the_package(seed: int, top_p: float):
    scores = random_scores(seed, dtype=torch.float64).round()
    sampling = Sampling(top_k=0, temperature=1.0, top_p=top_p)
    actual, expected = spoken(scores, sampling, WIDE), warped(scores, sampling)
    torch.testing.assert_close(actual.sort().values, expected.sort().values)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 60), st.integers(1, NARROW), TOP_PS)
def test_ids_that_are_masked_are_never_candidates(seed: int, finite: int, top_k: int, top_p: float):
    scores = random_scores(seed, dtype=torch.float64)
    scores[:, finite + 1 :] = -math.inf
    sampling = Sampling(top_k=top_k, top_p=top_p)
    torch.testing.assert_close(spoken(scores, sampling, NARROW), warped(scores, sampling))


@settings(deadline=None)
@given(SEEDS, FORMATS, st.integers(0, CODES), TEMPERATURES, TOP_PS)
def test_the_drawn_id_wins_the_race(
    seed: int, dtype: torch.dtype, top_k: int, temperature: float, top_p: float
):
    scores = random_scores(seed, dtype=dtype)
    sampling = Sampling(top_k=top_k, temperature=temperature, top_p=top_p)
    wide = is_wide(sampling)
    noise = noise_of(seed, wide=wide)
    probabilities, ids = warped(scores, sampling).sort(descending=True)
    race = probabilities[:, : noise.shape[-1]] / noise[:, : scores.shape[-1]]
    best = race.topk(2).values[0]
    assume(best[1] < best[0] * (1 - 1e-4))
    expected = ids[0, race.argmax()]
    assert draw(scores, choice(sampling, dtype=dtype), noise).tolist() == [expected]


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=1.0),
        Sampling(temperature=0.7, top_k=5),
        Sampling(temperature=2.0, top_k=0),
        Sampling(temperature=1.5, top_k=0, top_p=0.7),
        Sampling(temperature=1.0, top_k=20, top_p=0.9),
    ],
)
def test_draws_are_distributed_as_the_probabilities(sampling: Sampling):
    scores = random_scores(1)[:, :80]
    noise = torch.cat(
        [torch.from_numpy(block(seed, 0, is_wide(sampling))).flatten(0, 1) for seed in range(100)]
    )
    rows = len(noise)
    batch = Choice(*(tensor.expand(rows, 1) for tensor in choice(sampling)))
    ids = draw(scores.expand(rows, -1), batch, noise)
    observed = ids.bincount(minlength=80)
    expected = warped(scores, sampling)[0] * rows
    assert (observed[expected == 0] == 0).all()
    common = expected > 5
    rare = ~common & (expected > 0)
    if rare.any():
        observed = torch.cat((observed[common], observed[rare].sum()[None]))
        expected = torch.cat((expected[common], expected[rare].sum()[None]))
    else:
        observed, expected = observed[common], expected[common]
    expected = expected.double() * (rows / expected.double().sum())
    assert stats.chisquare(observed.numpy(), expected.numpy()).pvalue > 0.001


@settings(deadline=None)
@given(SEEDS, st.integers(1, NARROW), TEMPERATURES, TOP_PS, st.booleans())
def test_a_narrow_row_draws_the_same_in_a_wide_batch(
    seed: int, top_k: int, temperature: float, top_p: float, equals: bool
):
    scores = random_scores(seed, rows=2)
    scores = scores.round() if equals else scores
    narrow = Sampling(top_k=top_k, temperature=temperature, top_p=top_p)
    alone = draw(scores[:1], choice(narrow), noise_of(seed))
    batch = draw(scores, choice(narrow, Sampling(top_k=0)), noise_of(seed, seed + 1, wide=True))
    assert batch[0] == alone[0]


def test_the_last_narrow_candidate_can_win_in_a_wide_batch():
    scores, noise = random_scores(4), noise_of(4, wide=True)
    noise[:, NARROW - 1] = 1e-9
    drawn = draw(scores, choice(Sampling(top_k=NARROW)), noise)
    assert drawn == scores.topk(NARROW).indices[:, -1]


def test_a_narrow_row_needs_no_far_noise_of_its_own():
    scores, noise = random_scores(3, rows=2), Noise(2)
    both = choice(Sampling(), Sampling(top_k=0))
    noise.begin(0, 1)
    noise.begin(1, 2, wide=True)
    ids = draw(scores, both, noise.take(torch.tensor([0, 0]), wide=True)[:, 0])
    assert ids.tolist() == draw(scores, both, noise_of(1, 2, wide=True)).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_draws_the_same_in_any_batch_and_at_any_place(dtype: torch.dtype):
    samplings = [
        Sampling(),
        Sampling(temperature=0.4, top_k=3),
        Sampling(top_p=0.6),
        Sampling(top_k=0, temperature=2.0),
        Sampling(do_sample=False),
        Sampling(top_k=300, top_p=0.95),
    ]
    scores, noise = random_scores(11, 6, dtype, spread=1.0), noise_of(*range(6), wide=True)
    alone = [
        draw(scores[[row]], choice(sampling, dtype=dtype), noise[[row]]).item()
        for row, sampling in enumerate(samplings)
    ]
    order = [4, 2, 5, 0, 3, 1]
    shuffled = choice(*(samplings[row] for row in order), dtype=dtype)
    assert draw(scores[order], shuffled, noise[order]).tolist() == [alone[row] for row in order]


@settings(deadline=None)
@given(SEEDS, FORMATS, st.booleans(), st.floats(1e-3, 2), st.integers(0, CODES), TOP_PS)
def test_greedy_rows_take_the_likeliest_whatever_the_noise(
    seed: int, dtype: torch.dtype, wide: bool, temperature: float, top_k: int, top_p: float
):
    scores = random_scores(seed, dtype=dtype)
    sampling = Sampling(do_sample=False, temperature=temperature, top_k=top_k, top_p=top_p)
    drawn = draw(scores, choice(sampling, dtype=dtype), noise_of(seed, wide=wide))
    assert drawn.tolist() == scores.argmax(-1).tolist()


def test_draws_without_top_p_need_no_nucleus():
    scores, noise = random_scores(5, rows=FRAMES * CODEBOOKS), block(5, 0).reshape(-1, NARROW)
    rows = Choice(*(tensor.expand(len(scores), 1) for tensor in choice(Sampling())))
    both = [draw(scores, rows, torch.from_numpy(noise), nucleus) for nucleus in (False, True)]
    assert torch.equal(*both)


def test_candidates_stay_in_the_format_of_the_scores():
    for dtype in (torch.float32, torch.float64):
        row = choice(Sampling(top_p=0.5), dtype=dtype)
        assert candidates(random_scores(1, dtype=dtype), row, NARROW)[0].dtype == dtype


@pytest.mark.parametrize("temperature", [1e-5, 1e-30, 1e-45, 1e-300])
@pytest.mark.parametrize("offset", [-50.0, 0.0, 50.0])
def test_at_no_temperature_the_likeliest_is_drawn(temperature: float, offset: float):
    scores = random_scores(2) + offset
    drawn = draw(scores, choice(Sampling(temperature=temperature)), noise_of(1))
    assert drawn.tolist() == scores.argmax(-1).tolist()


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_are_not_finite_give_an_id_in_range(value: float, wide: bool):
    drawn = draw(torch.full((1, CODES), value), choice(Sampling()), noise_of(1, wide=wide))
    assert 0 <= drawn.item() < CODES


@pytest.mark.parametrize(
    ("sampling", "wide"),
    [
        (Sampling(), False),
        (Sampling(top_k=64, subtalker_top_k=64, top_p=0.5), False),
        (Sampling(top_k=0), True),
        (Sampling(top_k=65), True),
        (Sampling(subtalker_top_k=0), True),
        (Sampling(top_k=0, do_sample=False), False),
        (Sampling(subtalker_top_k=0, subtalker_dosample=False), False),
    ],
)
def test_more_candidates_than_a_narrow_draw_has_are_wide(sampling: Sampling, wide: bool):
    assert is_wide(sampling) == wide


@pytest.mark.parametrize(
    ("sampling", "nucleus"),
    [
        (Sampling(), False),
        (Sampling(top_p=0.9), True),
        (Sampling(subtalker_top_p=0.9), True),
        (Sampling(top_p=0.9, do_sample=False), False),
    ],
)
def test_a_share_of_probability_is_a_nucleus(sampling: Sampling, nucleus: bool):
    assert is_nucleus(sampling) == nucleus


def test_talker_and_subtalker_have_parameters_of_their_own():
    parameters = Parameters.blank(1)
    parameters.set_row(
        0,
        Sampling(
            temperature=0.5,
            top_k=7,
            top_p=0.8,
            repetition_penalty=1.25,
            subtalker_temperature=1.5,
            subtalker_top_k=9,
            subtalker_dosample=True,
        ),
    )
    talker, subtalker = parameters.talker, parameters.subtalker
    assert (talker.temperature.item(), talker.last.item()) == (0.5, 6)
    assert (subtalker.temperature.item(), subtalker.last.item()) == (1.5, 8)
    assert talker.top_p.item() == pytest.approx(0.8)
    assert math.isinf(subtalker.top_p.item())
    assert parameters.repetition_penalty.item() == 1.25


def test_a_moved_row_takes_its_parameters_along():
    parameters = Parameters.blank(3)
    parameters.set_row(2, Sampling(temperature=0.3, top_k=2, repetition_penalty=1.5))
    parameters.move(2, 0)
    for tensor in (*parameters.talker, *parameters.subtalker, parameters.repetition_penalty):
        assert torch.equal(tensor[0], tensor[2])
    assert parameters.talker.do_sample[:, 0].tolist() == [True, False, True]


def test_the_first_rows_are_views():
    parameters = Parameters.blank(4)
    first = parameters.first(2)
    parameters.set_row(1, Sampling(temperature=0.25))
    assert first.talker.temperature[:, 0].tolist() == [1.0, 0.25]
    assert len(first.repetition_penalty) == 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
@pytest.mark.parametrize("wide", [False, True])
def test_a_captured_graph_draws_what_the_cpu_draws(wide: bool):
    samplings = (Sampling(), Sampling(top_k=0 if wide else 9, top_p=0.8))
    drawn = [_drawn(torch.device(name), samplings, wide) for name in ("cpu", "cuda")]
    assert drawn[0] == drawn[1]


def _drawn(device: torch.device, samplings: tuple[Sampling, ...], wide: bool) -> list[list[int]]:
    """Three blocks of draws from the same scores; on a GPU by one captured graph."""
    rows = len(samplings)
    parameters = Parameters.blank(rows, device, torch.float64)
    noise = Noise(rows, device)
    for row, sampling in enumerate(samplings):
        parameters.set_row(row, sampling)
        noise.begin(row, row, wide)
    scores = random_scores(1, rows, torch.float64).to(device)
    frame = torch.zeros(rows, dtype=torch.int64, device=device)
    out = torch.zeros(rows, dtype=torch.int64, device=device)

    def step() -> None:
        out.copy_(draw(scores, parameters.talker, noise.take(frame, wide)[:, 0]))
        frame.add_(1)

    play = step
    if device.type == "cuda":
        step()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        frame.zero_()
        play = graph.replay
    ids: list[list[int]] = []
    for at in range(3 * FRAMES):
        for row in range(rows):
            noise.advance(row, at)
        play()
        ids.append(out.tolist())
    return ids
