"""The codec's tensors, in the format and place where the decoder wants them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engine.qwen3.codec.convolution import Convolution
from worker.engine.qwen3.codec.state import Layout
from worker.engine.qwen3.weights import Weights


@dataclass(frozen=True)
class Source:
    """Where the layers of a decoder read their weights, and where they ask for their pasts."""

    weights: Weights
    layout: Layout
    dtype: torch.dtype
    device: torch.device | str
    packed: bool

    def exact(self, name: str) -> Tensor:
        """A tensor of the decoder in fp64, in which weights are folded into each other."""
        return self.weights.tensor(f"decoder.{name}", torch.float64)

    def tensor(self, name: str) -> Tensor:
        return self.place(self.exact(name))

    def bias(self, name: str) -> Tensor | None:
        """The bias of a module, where it has one."""
        present = f"decoder.{name}.bias" in self.weights
        return self.exact(f"{name}.bias") if present else None

    def place(self, tensor: Tensor) -> Tensor:
        return tensor.to(device=self.device, dtype=self.dtype)

    def convolution(
        self, weight: Tensor, bias: Tensor | None = None, *, dilation: int = 1
    ) -> Convolution:
        """A convolution with weights given in fp64."""
        placed = None if bias is None else self.place(bias)
        return Convolution(self.place(weight), placed, dilation=dilation, packed=self.packed)

    def read(self, name: str, *, dilation: int = 1) -> Convolution:
        """A convolution or a linear map as it stands in the checkpoint."""
        return self.convolution(self.exact(f"{name}.weight"), self.bias(name), dilation=dilation)
