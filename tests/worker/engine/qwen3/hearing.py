"""What a batch sounds like, row by row, and what a test needs to disturb it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from shared.settings import Settings
from tests.worker.engine.speech import FRAME, carry_on, utterance
from worker.engine import package
from worker.engine.protocol import FinishReason, Model, Utterance, Watch
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.qwen3.model import Qwen3Model

TOLERANCE = 5e-5
"""How far two decodings of the same codes in fp32 may lie apart."""
TEXTS = ("The lamp was lit.", "A longer line than the first, with a pause.", "No.", "Who is there?")


@dataclass
class Heard:
    """One row, once it is over."""

    pieces: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    reason: FinishReason | None = None
    notes: list[str] = field(default_factory=list[str])

    @property
    def audio(self) -> NDArray[np.float32]:
        return np.concatenate(self.pieces)

    @property
    def frames(self) -> list[int]:
        """Frames of each piece that was not empty."""
        return [len(piece) // FRAME for piece in self.pieces if len(piece)]


class StopHere(Exception):
    """What a watch raises in these tests."""


class Stopping:
    """A watch that objects at one of its calls."""

    def __init__(self, at: int = 10**9) -> None:
        self.calls = 0
        self._at = at

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == self._at:
            raise StopHere


class Operators(TorchDispatchMode):
    """Sees every operator that torch runs, under its name."""

    def __init__(self, see: Callable[[str, tuple[Any, ...]], None]) -> None:
        super().__init__()
        self._see = see

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._see(func.name(), args)
        return func(*args, **(kwargs or {}))


class Exhaustion:
    """Memory that runs out at the given of an operator's calls; of any operator by default."""

    def __init__(self, *at: int, of: str = "") -> None:
        self.calls = 0
        self._at = at
        self._of = of

    def __call__(self, name: str, _: Any) -> None:
        if self._of in name:
            self.calls += 1
            if self.calls in self._at:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def hear(model: Model, batch: Sequence[Utterance], watch: Watch = carry_on) -> list[Heard]:
    """All rows of a batch."""
    rows = [Heard() for _ in batch]
    for frames in model.generate(batch, watch):
        assert rows[frames.row].reason is None
        rows[frames.row].pieces.append(frames.audio)
        rows[frames.row].reason = frames.finish_reason
        rows[frames.row].notes += frames.notes
    return rows


def lines(count: int = 4, **fields: Any) -> list[Utterance]:
    """Utterances that differ in text and seed, and in how long they are spoken."""
    return [
        utterance(TEXTS[index % len(TEXTS)], **{"seed": index, "max_seconds": 3.2, **fields})
        for index in range(count)
    ]


def assert_sounds_equal(
    ours: Sequence[Heard], theirs: Sequence[Heard], tolerance: float = 0.0
) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.audio.shape == other.audio.shape
        assert np.abs(mine.audio - other.audio).max(initial=0) <= tolerance
        assert mine.reason == other.reason


def decoded(folder: Path, codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """What the package's codec makes of codes [frames, 16] at once."""
    codec: Any = package.codec.Qwen3TTSTokenizerV2Model
    decoder = codec.from_pretrained(folder / "speech_tokenizer", dtype=torch.float32).decoder
    with torch.inference_mode():
        return decoder(torch.from_numpy(codes).t()[None])[0, 0].numpy()


def spoil(
    folder: Path, change: Callable[[str, Tensor], Tensor], name: str = "model.safetensors"
) -> Path:
    """Replace tensors of a checkpoint by what `change` makes of them."""
    path = folder / name
    tensors = {name: change(name, tensor) for name, tensor in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})
    return folder


def load(folder: Path, **settings: Any) -> Qwen3Model:
    """A checkpoint on our engine, on the CPU."""
    run_dir = folder.parent / "run"
    chosen: dict[str, Any] = {"device": "cpu", "max_batch": 4, "run_dir": run_dir, **settings}
    model = Qwen3Engine(Settings(**chosen)).load("tiny", folder, lambda _: None)
    # However long frames take on the machine that runs the tests.
    limits = replace(model._parts.limits, live=model._parts.limits.batch)
    model._parts = replace(model._parts, limits=limits)
    return model
