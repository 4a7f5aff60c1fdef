"""How far formats agree, on tiny checkpoints."""

import numpy as np
import pytest
import torch

from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.speech import utterance
from worker.engine.qwen3.agreement import Scores, compare, first_difference, scores
from worker.engine.qwen3.linear import Format
from worker.engine.qwen3.model import Qwen3Model

SPOKEN = utterance(max_seconds=2.0)


def scored(model: Qwen3Model, drawn: np.ndarray) -> Scores:
    return scores(model._parts.language_model, model._prompt(SPOKEN), drawn)


@pytest.fixture(scope="module")
def drawn(ours: Ours) -> np.ndarray:
    return codes(ours(form="fp64", ends=False), [SPOKEN])[0]


@pytest.fixture(scope="module")
def exact(ours: Ours, drawn: np.ndarray) -> Scores:
    return scored(ours(form="fp64", ends=False), drawn)


def test_every_code_of_every_frame_is_scored(exact: Scores, drawn: np.ndarray):
    assert exact.talker.shape == (len(drawn), 3072)
    assert exact.predictor.shape == (len(drawn), 15, 2048)


def test_scores_are_those_that_codes_are_drawn_from(ours: Ours):
    """Greedy codes are the likeliest ones, as far as the talker is free to take them."""
    model = ours(form="fp64", ends=False)
    greedy = SPOKEN.sampling.model_copy(
        update={"do_sample": False, "subtalker_dosample": False, "repetition_penalty": 1.0}
    )
    spoken = utterance(max_seconds=2.0, sampling=greedy)
    (said,) = codes(model, [spoken])
    found = scores(model._parts.language_model, model._prompt(spoken), said)
    np.testing.assert_array_equal(found.talker[:, :2048].argmax(-1), said[:, 0])
    np.testing.assert_array_equal(found.predictor.argmax(-1), said[:, 1:])


def test_a_model_agrees_with_itself(exact: Scores, drawn: np.ndarray):
    agreement = compare([exact], [exact])

    assert agreement.frames == len(drawn)
    for likeness in (agreement.talker, agreement.predictor):
        assert likeness.top1 == 1
        assert likeness.divergence == pytest.approx(0, abs=1e-12)


def test_the_fewer_bits_the_less_agreement(ours: Ours, exact: Scores, drawn: np.ndarray):
    forms: tuple[Format, ...] = ("fp32", "bf16", "int8")
    found = [compare([exact], [scored(ours(form=form, ends=False), drawn)]) for form in forms]

    divergences = [it.predictor.divergence for it in found]
    assert divergences == sorted(divergences)
    assert found[0].predictor.top1 > 0.999
    assert 0.8 < found[2].predictor.top1 < 1


def test_sentences_are_weighed_by_their_frames(exact: Scores):
    inverted = Scores(-exact.talker, -exact.predictor)
    part = Scores(inverted.talker[:5], inverted.predictor[:5])
    short = Scores(exact.talker[:5], exact.predictor[:5])

    agreement = compare([exact, short], [exact, part])

    frames = len(exact.talker)
    assert agreement.talker.top1 == pytest.approx(frames / (frames + 5))


def test_the_first_frame_with_another_code_is_the_first_difference():
    right = np.arange(64).reshape(4, 16)
    other = right.copy()
    other[2, 7] += 1

    assert first_difference(right, other) == 2
    assert first_difference(right, right[:3]) is None
    assert first_difference(right, other[:2]) is None


def test_divergence_is_that_of_the_other_from_the_exact_one():
    exact, other = torch.tensor([[[0.9, 0.1]]]).log(), torch.tensor([[[0.5, 0.5]]]).log()
    found = compare([Scores(exact[0], exact)], [Scores(other[0], other)])

    expected = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)
    assert found.talker.divergence == pytest.approx(expected)
