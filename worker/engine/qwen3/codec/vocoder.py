"""From frames of the transformer to samples: layers that multiply the rate, each with its past."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.qwen3.codec.convolution import Causal, upsampling
from worker.engine.qwen3.codec.shape import DecoderShape
from worker.engine.qwen3.codec.source import Source
from worker.engine.qwen3.codec.state import Advance

DILATIONS = (1, 3, 9)
"""Of the residual units of a block."""
SNAKE_EPS = 1e-9
CONVNEXT_EPS = 1e-6


class Snake:
    """SnakeBeta: x + sin²(αx) / β, with α and β as logarithms in the checkpoint."""

    def __init__(self, source: Source, name: str) -> None:
        self._frequency = source.place(source.exact(f"{name}.alpha").exp())
        self._strength = source.place(1 / (source.exact(f"{name}.beta").exp() + SNAKE_EPS))

    def __call__(self, x: Tensor, space: Tensor) -> None:
        """Write the outcome into `space`, in as few passes over memory as ATen allows."""
        torch.mul(x, self._frequency, out=space)
        space.sin_().square_()
        torch.addcmul(x, space, self._strength, out=space)


class Upsampling:
    """A transposed convolution, computed as one that makes `rate` outputs a step."""

    def __init__(self, source: Source, name: str, rate: int) -> None:
        weight, bias = upsampling(
            source.exact(f"{name}.conv.weight"), source.exact(f"{name}.conv.bias"), rate
        )
        self.convolution = Causal(source.layout, source.convolution(weight, bias))
        self._rate = rate

    def spread(self, steps: Tensor) -> Tensor:
        """From [rows, time, rate * channels] to [rows, rate * time, channels]."""
        return steps.unflatten(2, (self._rate, -1)).flatten(1, 2)


class ConvNext:
    """Depthwise convolution, norm and feed-forward with a residual; gamma is folded in."""

    def __init__(self, source: Source, name: str) -> None:
        self._weight = source.tensor(f"{name}.dwconv.conv.weight")[:, 0]
        self._bias = source.tensor(f"{name}.dwconv.conv.bias")
        channels, kernel = self._weight.shape
        self._kernel = kernel
        self._place = source.layout.add(kernel - 1, channels)
        self._norm = (source.tensor(f"{name}.norm.weight"), source.tensor(f"{name}.norm.bias"))
        self._wide = source.read(f"{name}.pwconv1")
        gamma = source.exact(f"{name}.gamma")
        narrow = f"{name}.pwconv2"
        self._narrow = source.convolution(
            source.exact(f"{narrow}.weight") * gamma[:, None],
            source.exact(f"{narrow}.bias") * gamma,
        )

    def __call__(self, x: Tensor, advance: Advance) -> Tensor:
        window = advance.extend(self._place, x)
        y = (window.unfold(1, self._kernel, 1) * self._weight).sum(-1) + self._bias
        y = functional.layer_norm(y, y.shape[-1:], *self._norm, CONVNEXT_EPS)
        return self._narrow.onto(x, functional.gelu(self._wide(y)))


class ResidualUnit:
    """Two convolutions, the first of them dilated."""

    def __init__(self, source: Source, name: str, dilation: int) -> None:
        self._first = Snake(source, f"{name}.act1")
        self._dilated = Causal(source.layout, source.read(f"{name}.conv1.conv", dilation=dilation))
        self._second = Snake(source, f"{name}.act2")
        self._mixing = source.read(f"{name}.conv2.conv")

    def __call__(self, x: Tensor, advance: Advance) -> Tensor:
        y = snaked(x, self._first, self._dilated, advance)
        self._second(y, activated := torch.empty_like(y))
        return self._mixing.onto(x, activated)


def snaked(x: Tensor, snake: Snake, causal: Causal, advance: Advance) -> Tensor:
    """An activation written straight into the window of the convolution behind it."""
    window, space = causal.open(x.shape[1], advance)
    snake(x, space)
    return causal.close(window, advance)


class Block:
    """A rise in rate, then residual units."""

    def __init__(self, source: Source, name: str, rate: int) -> None:
        self._snake = Snake(source, f"{name}.0")
        self._rise = Upsampling(source, f"{name}.1", rate)
        self._units = [
            ResidualUnit(source, f"{name}.{place}", dilation)
            for place, dilation in enumerate(DILATIONS, start=2)
        ]

    def __call__(self, x: Tensor, advance: Advance) -> Tensor:
        x = self._rise.spread(snaked(x, self._snake, self._rise.convolution, advance))
        for unit in self._units:
            x = unit(x, advance)
        return x


class Vocoder:
    """All layers behind the transformer."""

    def __init__(self, source: Source, shape: DecoderShape) -> None:
        self._rises = [
            (
                Upsampling(source, f"upsample.{place}.0", rate),
                ConvNext(source, f"upsample.{place}.1"),
            )
            for place, rate in enumerate(shape.upsampling)
        ]
        self._entry = Causal(source.layout, source.read("decoder.0.conv"))
        self._blocks = [
            Block(source, f"decoder.{place}.block", rate)
            for place, rate in enumerate(shape.rates, start=1)
        ]
        last = len(shape.rates) + 1
        self._snake = Snake(source, f"decoder.{last}")
        self._exit = Causal(source.layout, source.read(f"decoder.{last + 1}.conv"))

    def __call__(self, x: Tensor, advance: Advance) -> Tensor:
        """From [rows, frames, channels] to samples, [rows, time]."""
        for rise, block in self._rises:
            x = block(rise.spread(rise.convolution(x, advance)), advance)
        x = self._entry(x, advance)
        for block in self._blocks:
            x = block(x, advance)
        return snaked(x, self._snake, self._exit, advance)[..., 0].clamp_(-1, 1)
