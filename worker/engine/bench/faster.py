"""faster-qwen3-tts, speaking to be measured where it is installed; nothing else needs it."""

import time
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from shared.errors import EngineUnavailable
from worker.engine.bench.report import Contender
from worker.engine.bench.take import FIRST, LANGUAGE, SPEAKER, Order, Take
from worker.engine.bench.taps import nothing

CHUNK = 12
"""Frames that it hands out at once by default."""
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def _family() -> Any:
    """Its class; None where it is not installed."""
    # The package first, in whose place it would fail over what the package never uses.
    import_module("worker.engine.package")
    try:
        return import_module("faster_qwen3_tts").FasterQwen3TTS
    except ModuleNotFoundError as error:
        if error.name != "faster_qwen3_tts":
            raise
        return None


_FAMILY = _family()


class Faster:
    """It speaks one row; what it draws in its predictor is frozen when it captures its graphs."""

    most_rows = 1

    def __init__(
        self, folder: Path, contender: Contender, device: str, threads: int, most_rows: int
    ) -> None:
        """Raises EngineUnavailable where it is not installed or has no CUDA device."""
        if _FAMILY is None:
            raise EngineUnavailable("It is not installed.")
        try:
            self._tts: Any = _FAMILY.from_pretrained(
                str(folder), device=device, dtype=_DTYPES[contender.form], local_files_only=True
            )
        except ValueError as error:
            raise EngineUnavailable(f"It says: {error}.") from error

    def speak(self, order: Order) -> Take:
        """Sound comes sooner in small chunks and cheaper in large ones: each is measured so."""
        take = Take(order)
        if order.settle is nothing:
            began = time.perf_counter()
            first = self._chunks(order, FIRST)
            next(first)
            take.first_audio = time.perf_counter() - began
            first.close()
        computing, began = 0.0, time.perf_counter()
        for timing in self._chunks(order, CHUNK):
            take.prefill += timing["prefill_ms"] / 1e3
            computing += timing["decode_ms"] / 1e3
            take.frames = timing["total_steps_so_far"]
        take.seconds = time.perf_counter() - began
        take.language_model = computing / take.frames
        take.codec = (take.seconds - take.prefill - computing) / take.frames
        return take

    def _chunks(self, order: Order, frames: int) -> Generator[dict[str, Any]]:
        pieces = self._tts.generate_custom_voice_streaming(
            text=order.texts[0],
            speaker=SPEAKER,
            language=LANGUAGE,
            max_new_tokens=order.frames,
            do_sample=order.sampling.do_sample,
            chunk_size=frames,
        )
        for _sound, _rate, timing in pieces:
            yield timing
