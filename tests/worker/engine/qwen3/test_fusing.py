"""Compiled kernels are judged by the plain ones. Here a CPU compiler stands in for a GPU's."""

from dataclasses import replace

import pytest
import torch

from tests.worker.engine.conftest import Tiny
from worker.engine import manifest
from worker.engine.precision import Card
from worker.engine.qwen3 import fusing
from worker.engine.qwen3.agreement import Agreement, Likeness
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.fusing import Verdict, fuse, possible
from worker.engine.qwen3.language_model import Formats, LanguageModel
from worker.engine.qwen3.loading import Folder


def carded(*capability: int) -> Card:
    return Card("card", (capability[0], capability[1]), 2**33)


@pytest.fixture
def parts(tiny: Tiny) -> tuple[LanguageModel, Decoder]:
    """In fp64, whose products are plain ones as on a GPU."""
    found = manifest.read("tiny", tiny())
    folder = Folder(found, torch.device("cpu"))
    dimensions = Dimensions.read(found.config)
    with torch.inference_mode():
        model = folder.language_model(dimensions, Formats("fp64", "fp64"), lambda _: None)
        return model, folder.decoder(torch.float64)


ALIKE = Agreement(Likeness(1.0, 0.0), Likeness(1.0, 0.0), 24)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(replace(ALIKE, predictor=Likeness(0.97, 0.0)), 0.0),
        Verdict(replace(ALIKE, predictor=Likeness(1.0, 0.01)), 0.0),
        Verdict(ALIKE, 0.01),
    ],
    ids=["other codes", "other probabilities", "other sound"],
)
def test_disagreement_fails(verdict: Verdict) -> None:
    assert not verdict.passed


def test_agreement_passes() -> None:
    assert Verdict(ALIKE, 1e-5).passed


def test_only_cards_with_a_compiler_can_fuse() -> None:
    assert [possible(card) for card in (None, carded(7, 5), carded(8, 0), carded(9, 0))] == [
        False,
        False,
        True,
        True,
    ]


def test_compiled_work_that_agrees_is_kept(parts: tuple[LanguageModel, Decoder]) -> None:
    """By a backend that compiles everything but the kernels, which would take a minute."""
    with torch.inference_mode():
        plain = fusing._outcome(*parts)
        outcome = fuse(*parts, lambda _: None, backend="aot_eager")
        fused = fusing._outcome(*parts)
    assert outcome.startswith("compiled (100.0% of the codes alike")
    torch.testing.assert_close(fused.scores.predictor, plain.scores.predictor)


def test_what_disagrees_is_taken_back(parts: tuple[LanguageModel, Decoder]) -> None:
    """A compiler that halves whatever it is to compute."""
    with torch.inference_mode():
        plain = fusing._outcome(*parts)
        outcome = fuse(*parts, lambda _: None, backend=halving)
        after = fusing._outcome(*parts)
    assert outcome.startswith("not compiled")
    torch.testing.assert_close(after.sound, plain.sound)


def halving(graph: torch.fx.GraphModule, _: list[torch.Tensor]):
    def run(*arguments: torch.Tensor):
        return [
            value * 0.5 if isinstance(value, torch.Tensor) and value.is_floating_point() else value
            for value in graph(*arguments)
        ]

    return run
