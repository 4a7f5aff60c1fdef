"""The code predictor: what overflows fp16 in the package stays finite here, and close to fp32."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import load
from worker.engine import package
from worker.engine.qwen3.dimensions import StackShape
from worker.engine.qwen3.linear import Format
from worker.engine.qwen3.stack import Stack, numbers, rotations
from worker.engine.qwen3.weights import Weights

FP16_MAX = 65504.0
CPU = torch.device("cpu")
SHAPES = {
    "tiny": StackShape(2, 64, 192, 4, 2, 16, 1e6, 1e-6),
    "released": StackShape(1, 1024, 3072, 16, 8, 128, 1e6, 1e-6),
}


def theirs(shape: StackShape) -> Any:
    """The package's code predictor in fp32, whose gate · up is twice the largest fp16."""
    config = package.modeling.Qwen3TTSTalkerCodePredictorConfig(
        vocab_size=8,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=shape.head_dim,
        rope_theta=shape.theta,
    )
    torch.manual_seed(0)
    module = package.modeling.Qwen3TTSTalkerCodePredictorModel(config, shape.hidden).eval()
    for layer in module.layers:
        for linear in (layer.mlp.gate_proj, layer.mlp.up_proj, layer.mlp.down_proj):
            torch.nn.init.normal_(linear.weight, std=shape.hidden**-0.5)
        gain = 2 * FP16_MAX / peak(module, layer)
        layer.mlp.up_proj.weight.mul_(gain)
        # Not by all of it, which would leave weights that fp16 itself has no digits for.
        layer.mlp.down_proj.weight.div_(gain / 64)
    return module


def inputs(shape: StackShape) -> Tensor:
    return torch.randn(2, 6, shape.hidden, generator=torch.Generator().manual_seed(1))


def output(module: Any, x: Tensor) -> Tensor:
    """Normed outputs [rows, positions, hidden]."""
    return module(inputs_embeds=x, use_cache=False).last_hidden_state


def peak(module: Any, layer: Any) -> float:
    """The largest gate · up of a layer."""
    products: list[Tensor] = []
    hook = layer.mlp.down_proj.register_forward_pre_hook(lambda _, x: products.append(x[0]))
    output(module, inputs(StackShape(0, module.config.hidden_size, 0, 1, 1, 1, 1.0, 1.0)))
    hook.remove()
    return products[0].abs().max().item()


def ours(folder: Path, module: Any, shape: StackShape, form: Format) -> Stack:
    save_file(module.state_dict(), folder / "predictor.safetensors")
    with Weights(folder / "predictor.safetensors", "one stack") as weights:
        return Stack.read(weights, "", shape, numbers(form, CPU), CPU)


def stepped(stack: Stack, x: Tensor) -> Tensor:
    """Position by position, as the predictor does."""
    positions = x.shape[1]
    turns = rotations(stack.shape, positions, stack.numbers, CPU)
    cache = stack.cache(len(x), positions)
    return torch.stack(
        [
            stack.step(
                x[:, position].to(stack.numbers.residual),
                turns[position][None],
                cache,
                (slice(None), slice(None), position),
                position + 1,
                None,
            )
            for position in range(positions)
        ],
        1,
    )


def apart(one: Tensor, other: Tensor) -> float:
    """As a share of the larger one's size."""
    return ((one - other).abs().max() / other.abs().max()).item()


@pytest.mark.parametrize("name", SHAPES)
@torch.inference_mode()
def test_what_overflows_fp16_in_the_package_stays_finite_and_close_to_fp32(
    name: str, tmp_path: Path
):
    shape = SHAPES[name]
    package_module, x = theirs(shape), inputs(SHAPES[name])
    exact = output(package_module, x)
    assert peak(package_module, package_module.layers[0]) == pytest.approx(2 * FP16_MAX, rel=0.01)
    stack = ours(tmp_path, package_module, shape, "fp16")
    assert not output(package_module.half(), x.half()).isfinite().all()
    made = stepped(stack, x)
    assert made.isfinite().all()
    assert apart(made, exact) < 5e-3


@pytest.mark.parametrize(("form", "tolerance"), [("fp32", 1e-5), ("bf16", 5e-2), ("fp64", 1e-5)])
@torch.inference_mode()
def test_every_format_agrees_with_the_package(form: Format, tolerance: float, tmp_path: Path):
    shape = SHAPES["tiny"]
    module, x = theirs(shape), inputs(SHAPES["tiny"])
    stack = ours(tmp_path, module, shape, form)
    assert apart(stepped(stack, x).float(), output(module, x)) < tolerance


@torch.inference_mode()
def test_a_prefill_makes_what_steps_make(tmp_path: Path):
    shape = SHAPES["tiny"]
    stack, x = ours(tmp_path, theirs(shape), shape, "fp64"), inputs(shape).double()
    turns = rotations(shape, 6, stack.numbers, CPU)[:, None]
    cache = stack.cache(2, 6)
    whole = stack.prefill(x, turns, cache, slice(None))
    torch.testing.assert_close(whole, stepped(stack, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
@torch.inference_mode()
def test_a_frame_hears_the_codes_before_each(tiny: Tiny, precision: str):
    """Each code is drawn from scores that the codes before it move, and no later one."""
    model = load(tiny(), precision=precision)._parts.language_model
    predictor = model.predictor

    def scores(codes: list[int]) -> list[Tensor]:
        seen: list[Tensor] = []

        def draw(codebook: int, scores: Tensor) -> Tensor:
            seen.append(scores)
            return torch.tensor([codes[codebook]])

        hidden = torch.ones(1, model.dimensions.talker.hidden)
        predictor.frame(hidden, torch.tensor([codes[0]]), predictor.cache(1), draw)
        return seen

    one, other = scores([5] * 16), scores([5] * 8 + [7] + [5] * 7)
    assert all(torch.equal(*pair) for pair in zip(one[:8], other[:8], strict=True))
    assert not any(torch.equal(*pair) for pair in zip(one[8:], other[8:], strict=True))
