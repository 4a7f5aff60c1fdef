"""Convolutions over time, with weights packed once for the CPU where that is faster."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.qwen3.codec.state import Advance, Layout

PRODUCT_TAPS = 2
"""Taps up to which a convolution is a product with its inputs laid side by side."""


def packs(dtype: torch.dtype, device: torch.device | str) -> bool:
    """Whether oneDNN can take weights of this kind."""
    on_cpu = torch.device(device).type == "cpu"
    return on_cpu and dtype is torch.float32 and torch.backends.mkldnn.is_available()


class Convolution:
    """A convolution without padding over [rows, time, channels]; with a kernel of 1, a linear map.

    Packed, it is what torch.compile emits for a CPU: oneDNN with weights laid out once in its own
    blocks and channels last, up to four times as fast as `conv1d` in the same fp32. Kernels of up
    to two taps are matrix products, for which oneDNN finds the faster code.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, *, dilation: int = 1, packed: bool = False
    ) -> None:
        """`weight`: [out, in, kernel], or [out, in]."""
        weight = weight[..., None] if weight.ndim == 2 else weight
        _, self.inputs, self._kernel = weight.shape
        self.past = (self._kernel - 1) * dilation
        """Time steps that an output looks back."""
        self._dilation = dilation
        self._bias = bias
        self._packed = packed
        self._product = self._kernel <= PRODUCT_TAPS
        self._weight = self._lay_out(weight)

    def __call__(self, window: Tensor) -> Tensor:
        """From [rows, past + time, in] to [rows, time, out]."""
        if self._product:
            return self._multiply(self._taps(window))
        if self._packed:
            return self._convolve(window)
        return functional.conv1d(
            window.transpose(1, 2), self._weight, self._bias, dilation=self._dilation
        ).transpose(1, 2)

    def onto(self, residual: Tensor, window: Tensor) -> Tensor:
        """The outcome plus `residual`, whose memory may be used for it; a kernel of 1 only."""
        if self._packed:
            return torch.ops.mkldnn._linear_pointwise.binary(
                window, residual, self._weight, self._bias, "add"
            )
        return residual.add_(self(window))

    def _lay_out(self, weight: Tensor) -> Tensor:
        if self._product:
            weight = weight.transpose(1, 2).flatten(1)
            return torch.ops.mkldnn._reorder_linear_weight(weight) if self._packed else weight
        if self._packed:
            return torch.ops.mkldnn._reorder_convolution_weight(
                weight[:, :, None], [0, 0], [1, 1], [1, self._dilation], 1
            )
        # Channels last, as its inputs are: cuDNN would else turn it round at every call.
        return weight.transpose(1, 2).contiguous().transpose(1, 2)

    def _taps(self, window: Tensor) -> Tensor:
        """The inputs of each output side by side, [rows, time, kernel * in]."""
        if self._kernel == 1:
            return window
        time = window.shape[1] - self.past
        return torch.cat(
            [window[:, tap * self._dilation :][:, :time] for tap in range(self._kernel)], 2
        )

    def _multiply(self, x: Tensor) -> Tensor:
        if self._packed:
            return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return functional.linear(x, self._weight, self._bias)

    def _convolve(self, window: Tensor) -> Tensor:
        # An image one pixel high, its channels last in memory.
        image = window[:, None].permute(0, 3, 1, 2)
        outcome = torch.ops.mkldnn._convolution_pointwise(
            image,
            self._weight,
            self._bias,
            [0, 0],
            [1, 1],
            [1, self._dilation],
            1,
            "none",
            [],
            "",
        )
        return outcome[:, :, 0].transpose(1, 2)


class Causal:
    """A convolution that goes on from what it heard last."""

    def __init__(self, layout: Layout, convolution: Convolution) -> None:
        self._convolution = convolution
        self._place = layout.add(convolution.past, convolution.inputs)

    def __call__(self, fresh: Tensor, advance: Advance) -> Tensor:
        return self._convolution(advance.extend(self._place, fresh))

    def open(self, time: int, advance: Advance) -> tuple[Tensor, Tensor]:
        """A window to be closed by `close`, and the space in it that the caller fills."""
        return advance.open(self._place, time)

    def close(self, window: Tensor, advance: Advance) -> Tensor:
        advance.keep(self._place, window)
        return self._convolution(window)


def upsampling(weight: Tensor, bias: Tensor, rate: int) -> tuple[Tensor, Tensor]:
    """Weights with which a convolution makes `rate` outputs a step, as a transposed one does.

    `weight`: [in, out, taps * rate]. Output j of a step is the sum over its last inputs, each seen
    through every rate-th weight from j on; the result is [rate * out, in, taps].
    """
    taps = weight.unflatten(2, (-1, rate)).flip(2)
    return taps.permute(3, 1, 0, 2).flatten(0, 1), bias.repeat(rate)
