"""Tensors of a checkpoint, read straight from its memory-mapped safetensors file."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import torch
from safetensors import SafetensorError, safe_open

from shared.errors import CheckpointDamaged


class Weights:
    """One safetensors file; a context manager. Pages are read when a tensor is first used."""

    def __init__(self, path: Path, checkpoint: str) -> None:
        """Raises CheckpointDamaged when the file cannot be read."""
        self._path = path
        self._checkpoint = checkpoint
        self._stack = ExitStack()
        try:
            self._file = self._stack.enter_context(safe_open(path, framework="pt"))
        except (SafetensorError, OSError) as error:
            raise self._damaged("cannot be read") from error
        self._names = frozenset(self._file.keys())

    def __enter__(self) -> "Weights":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stack.close()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names that begin with `prefix`, sorted."""
        return iter(sorted(name for name in self._names if name.startswith(prefix)))

    def elements(self, prefix: str = "") -> int:
        """How many numbers the tensors hold whose names begin with `prefix`."""
        return sum(math.prod(self._file.get_slice(name).get_shape()) for name in self.names(prefix))

    def tensor(
        self,
        name: str,
        dtype: torch.dtype | None = None,
        device: torch.device | str = "cpu",
        shape: tuple[int, ...] | None = None,
    ) -> torch.Tensor:
        """A tensor, converted on the way if asked to. Raises CheckpointDamaged."""
        if name not in self._names:
            raise self._damaged(f"lacks the tensor {name!r}")
        tensor = self._file.get_tensor(name)
        if shape is not None and tuple(tensor.shape) != shape:
            raise self._damaged(
                f"has {name!r} of shape {tuple(tensor.shape)}, and its config.json says {shape}"
            )
        return tensor.to(device=device, dtype=dtype or tensor.dtype)

    def _damaged(self, what: str) -> CheckpointDamaged:
        return CheckpointDamaged(f"Checkpoint {self._checkpoint!r}: {self._path.name!r} {what}.")
