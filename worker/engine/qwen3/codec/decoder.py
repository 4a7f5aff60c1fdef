"""Codes to sound, a few frames at a time, equal to decoding them all at once."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from worker.engine.qwen3.codec.codebooks import Codebooks
from worker.engine.qwen3.codec.convolution import Causal, packs
from worker.engine.qwen3.codec.shape import DecoderShape
from worker.engine.qwen3.codec.source import Source
from worker.engine.qwen3.codec.state import Advance, Layout, State
from worker.engine.qwen3.codec.transformer import Transformer
from worker.engine.qwen3.codec.vocoder import Vocoder
from worker.engine.qwen3.weights import Weights

PIECE = 12
"""Frames computed at once; longer inputs are cut, so that memory does not grow with them."""


class Decoder:
    """The decoder of one codec, whose past lies in states that the caller keeps.

    Every layer is causal and looks back a fixed way, so that the last inputs of each make the
    joints exact. Nothing asks the device for a value, and states change in place: one call per
    number of rows and frames can be captured as a CUDA graph.
    """

    def __init__(self, source: Source, shape: DecoderShape) -> None:
        self.shape = shape
        self._source = source
        self._codebooks = Codebooks.read(source.weights, shape, source.dtype, source.device)
        self._entry = Causal(source.layout, source.read("pre_conv.conv"))
        self._transformer = Transformer(source, shape, PIECE)
        self._vocoder = Vocoder(source, shape)
        self.unfuse()

    @staticmethod
    def read(
        weights: Weights,
        config: dict[str, Any],
        device: torch.device | str,
        dtype: torch.dtype = torch.float32,
        *,
        packed: bool | None = None,
    ) -> "Decoder":
        """The decoder in a codec's weights and config.json. Raises CheckpointDamaged, FieldUnfit.

        `packed`: whether weights are laid out for oneDNN; by default wherever it can take them.
        """
        packed = packs(dtype, device) if packed is None else packed
        source = Source(weights, Layout(), dtype, device, packed)
        return Decoder(source, DecoderShape.read(config))

    def fuse(self, backend: str | Callable[..., Any]) -> None:
        """Let torch.compile fuse a piece; each number of rows and frames is compiled when met."""
        self._run = torch.compile(self._piece, backend=backend, dynamic=False)

    def unfuse(self) -> None:
        """Launch every operation by itself."""
        self._run = self._piece

    def state(self, rows: int) -> State:
        """The state of rows that have heard nothing yet."""
        return self._source.layout.state(rows, self._source.dtype, self._source.device)

    def decode(self, codes: Tensor, state: State, lengths: Tensor | None = None) -> Tensor:
        """Samples in [-1, 1], [rows, frames * 1920], of codes [rows, 16, frames]; moves `state` on.

        `lengths`: how many of the frames each row takes, [rows], on the device. The sound behind
        them is meaningless, and the codes there may be anything.
        """
        rows, _, frames = codes.shape
        per_frame = self.shape.samples
        sound = state.pasts[0].new_empty(rows, frames * per_frame)
        for start in range(0, frames, PIECE):
            piece = codes[..., start : start + PIECE]
            taken = None if lengths is None else (lengths - start).clamp(0, piece.shape[-1])
            advance = Advance(state, piece.shape[-1], taken)
            sound[:, start * per_frame : (start + PIECE) * per_frame] = self._run(piece, advance)
        return sound

    def _piece(self, codes: Tensor, advance: Advance) -> Tensor:
        x = self._entry(self._codebooks(codes), advance)
        sound = self._vocoder(self._transformer(x, advance), advance)
        advance.finish()
        return sound
