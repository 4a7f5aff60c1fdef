"""Matrix products with weights packed for the device and the number format they run in.

Where a product is made of one row, all that counts is how fast the weights can be read. On the
CPU oneDNN reads weights that it has laid out itself at more than twice the speed of a plain
product (`docs/benchmarks.md`), and no less exactly.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from worker.engine import timings

Format = Literal["fp64"] | timings.Format
"""fp64 is for tests: in it nothing depends on the order of sums."""

COMPUTE: dict[Format, torch.dtype] = {
    "fp64": torch.float64,
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "int8": torch.bfloat16,
}
"""What the rows that go in and come out are made of."""

_PACKED_FOR = 8
"""Rows for which oneDNN lays weights out; measured best for one row as well."""


class Linear(Protocol):
    """`x @ weight.T` for rows `x` of the format's compute type."""

    nbytes: int

    def __call__(self, x: Tensor) -> Tensor: ...

    def added(self, residual: Tensor, x: Tensor, scale: float = 1.0) -> Tensor:
        """`residual + scale * (x @ weight.T)`, in the type of the residual."""
        ...


class Dense:
    """A plain product: CUDA, and types that have no packed form."""

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight
        self._transposed = weight.t()
        self.nbytes = weight.nbytes

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self._weight)

    def added(self, residual: Tensor, x: Tensor, scale: float = 1.0) -> Tensor:
        if residual.dtype == x.dtype and x.dim() == 2:
            return torch.addmm(residual, x, self._transposed, alpha=scale)
        return torch.add(residual, self(x), alpha=scale)


class Alone(Dense):
    """Weights in fp16 for one row; for several they are widened, one matrix after the other."""

    def __call__(self, x: Tensor) -> Tensor:
        if x.numel() == x.shape[-1]:
            return super().__call__(x)
        return F.linear(x.float(), self._weight.float()).to(x.dtype)


class Packed:
    """oneDNN's own layout, in fp32 or bf16 on the CPU."""

    def __init__(self, weight: Tensor) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _PACKED_FOR)
        self.nbytes = weight.nbytes

    def __call__(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, None, "none", [], "")

    def added(self, residual: Tensor, x: Tensor, scale: float = 1.0) -> Tensor:
        if residual.dtype == x.dtype and scale == 1.0:
            fused: Any = torch.ops.mkldnn._linear_pointwise.binary
            return fused(x, residual, self._weight, None, "add")
        return torch.add(residual, self(x), alpha=scale)


class Int8:
    """Weights as int8 with one scale for each row of them; what goes in stays bf16."""

    def __init__(self, weight: Tensor) -> None:
        self._weight, self._scales = quantized(weight)
        self.nbytes = self._weight.nbytes + self._scales.nbytes

    def __call__(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        return torch.ops.aten._weight_int8pack_mm(flat, self._weight, self._scales).view(
            *x.shape[:-1], -1
        )

    def added(self, residual: Tensor, x: Tensor, scale: float = 1.0) -> Tensor:
        return torch.add(residual, self(x), alpha=scale)


def quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
    """int8 weights and the bf16 scale of each row, symmetric around zero.

    The scale is rounded first, so that the weights are rounded to what will be multiplied.
    """
    peak = weight.abs().amax(dim=1).clamp(min=torch.finfo(torch.bfloat16).tiny)
    scales = (peak.float() / 127).bfloat16()
    steps = (weight.float() / scales.float()[:, None]).round().clamp(-127, 127)
    return steps.to(torch.int8).contiguous(), scales


def pack(weight: Tensor, form: Format, *, alone: bool = False) -> Linear:
    """A product with `weight` [out, in] in a format, laid out for the device it lies on.

    `alone`: several rows at once are multiplied in fp32.
    """
    if form == "int8":
        return Int8(weight)
    weight = weight.to(COMPUTE[form])
    if weight.device.type == "cpu" and form in ("fp32", "bf16") and packs():
        return Packed(weight)
    return (Alone if alone else Dense)(weight.contiguous())


def packs() -> bool:
    """Whether this build of torch has oneDNN's packed products."""
    operators: Any = torch.ops.mkldnn
    wanted: tuple[Callable[[], Any], ...] = (
        lambda: operators._reorder_linear_weight,
        lambda: operators._linear_pointwise.binary,
    )
    return torch.backends.mkldnn.is_available() and all(map(_present, wanted))


def _present(operator: Callable[[], Any]) -> bool:
    try:
        operator()
    except AttributeError:
        return False
    return True


def multiplies_int8(device: torch.device) -> bool:
    """Whether this build of torch has int8 products on a device, by trying one."""
    weight, scales = quantized(torch.ones(32, 32, device=device))
    x = torch.ones(1, 32, dtype=torch.bfloat16, device=device)
    try:
        torch.ops.aten._weight_int8pack_mm(x, weight, scales)
    except NotImplementedError:
        return False
    return True
