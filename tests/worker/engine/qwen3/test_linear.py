"""Products in every format agree with fp64 as well as the format can."""

import pytest
import torch
from torch import Tensor

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import hear, lines, load
from worker.engine.qwen3.linear import COMPUTE, Dense, Format, Int8, Packed, pack, packs, quantized

TOLERANCE: dict[Format, float] = {
    "fp64": 1e-14,
    "fp32": 1e-6,
    "bf16": 6e-3,
    "fp16": 8e-4,
    "int8": 1.5e-2,
}
"""Largest error, as a share of the largest value."""


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def apart(one: Tensor, exact: Tensor) -> float:
    return ((one.double() - exact).abs().max() / exact.abs().max()).item()


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("form", TOLERANCE)
@torch.inference_mode()
def test_a_product_agrees_with_fp64(form: Format, rows: int):
    weight, x = drawn(96, 64) / 8, drawn(rows, 64, seed=1)
    linear = pack(weight.float() if form != "fp64" else weight, form)
    assert apart(linear(x.to(COMPUTE[form])), x @ weight.t()) < TOLERANCE[form]


@pytest.mark.parametrize("form", TOLERANCE)
@torch.inference_mode()
def test_a_product_has_the_shape_of_what_goes_in(form: Format):
    linear = pack(drawn(96, 64).float(), form)
    assert linear(torch.ones(2, 3, 64, dtype=COMPUTE[form])).shape == (2, 3, 96)


@pytest.mark.parametrize("scale", [1.0, 16.0])
@pytest.mark.parametrize("residual", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("form", TOLERANCE)
@pytest.mark.parametrize("shape", [(2,), (2, 3)])
@torch.inference_mode()
def test_what_is_added_to_a_residual_is_scaled(
    form: Format, residual: torch.dtype, scale: float, shape: tuple[int, ...]
):
    weight, x, sums = drawn(96, 64) / 8, drawn(*shape, 64, seed=1), drawn(*shape, 96, seed=2)
    linear = pack(weight.float() if form != "fp64" else weight, form)
    made = linear.added(sums.to(residual), x.to(COMPUTE[form]), scale)
    assert made.dtype == (torch.float64 if form == "fp64" else residual)
    exact = sums.to(residual) + scale * (x @ weight.t())
    assert apart(made, exact) < TOLERANCE[form]


@torch.inference_mode()
def test_adding_leaves_the_residual_alone():
    for form in TOLERANCE:
        sums = torch.ones(2, 96)
        pack(drawn(96, 64).float(), form).added(sums, torch.ones(2, 64, dtype=COMPUTE[form]))
        assert bool((sums == 1).all())


@pytest.mark.skipif(not packs(), reason="torch is built without oneDNN")
@pytest.mark.parametrize("form", ["fp32", "bf16"])
@torch.inference_mode()
def test_packed_weights_make_the_product_of_plain_ones(form: Format):
    weight, x = drawn(96, 64).to(COMPUTE[form]), drawn(3, 64, seed=1).to(COMPUTE[form])
    packed, dense = Packed(weight), Dense(weight)
    assert isinstance(pack(weight, form), Packed)
    assert packed.nbytes == dense.nbytes
    assert apart(packed(x), dense(x).double()) < TOLERANCE[form]


def test_rounding_to_int8_is_off_by_half_a_step_at_most():
    weight = drawn(40, 256).float()
    steps, scales = quantized(weight)
    assert steps.dtype == torch.int8
    assert int(steps.abs().amax()) <= 127
    error = (steps.float() * scales.float()[:, None] - weight).abs()
    peak = weight.abs().amax(1, keepdim=True)
    # Half a step, and at the peak what the rounded scale cannot reach (2^-9 of it).
    assert bool((error <= peak * (0.5 / 127 * (1 + 2**-8) + 2**-8)).all())
    assert error.mean() < 0.3 * (peak / 127).mean()


@pytest.mark.parametrize("value", [0.0, 1e-42, 3e38])
def test_rows_of_any_size_are_quantized(value: float):
    steps, scales = quantized(torch.tensor([[value, -value, value / 2]]))
    assert bool(scales.isfinite().all())
    assert steps[0, 0] == -steps[0, 1]
    if value > 1:
        assert steps.tolist() == [[127, -127, 64]] or steps.tolist() == [[127, -127, 63]]


def test_int8_takes_a_quarter_of_the_memory():
    assert Int8(drawn(512, 512).float()).nbytes < 0.26 * 512 * 512 * 4


def test_a_model_in_int8_speaks(tiny: Tiny):
    model = load(tiny(), quantization="int8")
    assert model.report.precision == "int8"
    heard = hear(model, lines(3))
    assert all(row.reason == "stop" for row in heard)
    assert model.nbytes < load(tiny()).nbytes


@torch.inference_mode()
def test_rows_that_speak_alone_are_multiplied_in_fp32_together():
    """On chips where fp16 is slow for several rows; its sums are those of fp32 then."""
    weight, x = drawn(96, 64) / 8, drawn(7, 64, seed=1)
    alone = pack(weight.float(), "fp16", alone=True)
    narrow = x.half()
    exact = (narrow.float() @ weight.half().float().t()).half()
    assert torch.equal(alone(narrow), exact)
    assert torch.equal(alone(narrow[:1]), pack(weight.float(), "fp16")(narrow[:1]))
