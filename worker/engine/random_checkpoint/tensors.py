"""Random tensors written to a safetensors file one after another, so that none waits in memory."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Draw = Callable[[str, Tensor], Tensor]
"""From a tensor's name and a stand-in with its shape to its values."""


def stream(path: Path, shapes: Iterable[tuple[str, Tensor]], draw: Draw) -> None:
    """Write a safetensors file in bfloat16; `shapes` are stand-ins on the meta device."""
    named = list(shapes)
    header = json.dumps(_header(named)).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for name, shape in named:
            values = draw(name, shape).to(torch.bfloat16).contiguous()
            file.write(values.view(torch.uint8).numpy().data)


def _header(named: list[tuple[str, Tensor]]) -> dict[str, Any]:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in named:
        start, end = end, end + shape.numel() * torch.bfloat16.itemsize
        entries[name] = {
            "dtype": "BF16",
            "shape": list(shape.shape),
            "data_offsets": [start, end],
        }
    return entries
