"""Our engine, speaking to be measured."""

import time
from contextlib import ExitStack, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.audio.codes import FRAME_RATE, FRAME_SAMPLES
from shared.settings import Settings
from worker.engine.bench.report import Contender
from worker.engine.bench.take import FIRST, LANGUAGE, SPEAKER, Order, Take, mean
from worker.engine.bench.taps import Call, nothing, tapped
from worker.engine.protocol import Utterance
from worker.engine.qwen3.engine import Qwen3Engine
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.running import Runner
from worker.engine.qwen3.slots import Slots


class Ours:
    """A checkpoint on our own loop; it is listened to from outside."""

    def __init__(
        self, folder: Path, contender: Contender, device: str, threads: int, most_rows: int
    ) -> None:
        self.most_rows = most_rows
        self._model = Qwen3Engine(settings(folder, contender, device, threads, most_rows)).load(
            "benchmark", folder, lambda _: None
        )

    def speak(self, order: Order) -> Take:
        take = Take(order)
        calls = _Calls()
        with ExitStack() as stack:
            for owner, name, heard, around in (
                (Slots, "admit", calls.admissions, nullcontext),
                (Runner, "advance", calls.frames, order.around_language_model),
                (Harvester, "launch", calls.chunks, order.around_codec),
                (Row, "take", calls.taken, nullcontext),
            ):
                stack.enter_context(tapped(owner, name, heard.append, order.settle, around))
            self._listen(take, calls)
        calls.fill(take)
        return take

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        self._model.unload()

    def _listen(self, take: Take, calls: "_Calls") -> None:
        order = take.order
        spoken = [
            Utterance(
                text,
                LANGUAGE,
                seed=row,
                speaker=SPEAKER,
                sampling=order.sampling,
                # Nobody listens: the whole batch is spoken at once, however slow that is.
                live=False,
                # Half a frame more, so that no rounding takes one away.
                max_seconds=(order.frames + 0.5) / FRAME_RATE,
            )
            for row, text in enumerate(order.texts)
        ]
        heard = 0
        began = time.perf_counter()
        for frames in self._model.generate(spoken, nothing):
            heard += len(frames.audio)
            if take.frames_before_sound is None and heard >= FIRST * FRAME_SAMPLES:
                take.first_audio = time.perf_counter() - began
                take.frames_before_sound = len(calls.frames)
        take.seconds = time.perf_counter() - began


class _Calls:
    """What was called while a batch was spoken."""

    def __init__(self) -> None:
        self.admissions: list[Call] = []
        self.frames: list[Call] = []
        self.chunks: list[Call] = []
        self.taken: list[Call] = []

    def fill(self, take: Take) -> None:
        """Only calls for the whole batch count for the parts: it begins with one row alone."""
        rows = take.order.rows
        take.prefill = mean([call.seconds for call in self.admissions])
        take.frames = len(self.frames)
        take.language_model = mean(
            [call.seconds for call in self.frames if call.arguments[2] == rows]
        )
        # What is launched is a chunk's codes [rows, frames, 16] and more.
        shapes = [call.arguments[1].codes.shape for call in self.chunks]
        whole = [call for call, shape in zip(self.chunks, shapes, strict=True) if shape[0] == rows]
        count = sum(shape[1] for shape in shapes if shape[0] == rows)
        take.codec = sum(call.seconds for call in whole) / max(1, count)
        take.codes = [self._codes(row) for row in range(rows)]

    def _codes(self, index: int) -> NDArray[np.int64]:
        pieces = [call.arguments[1] for call in self.taken if call.arguments[0].index == index]
        return np.concatenate(pieces)


def settings(
    folder: Path, contender: Contender, device: str, threads: int, most_rows: int
) -> Settings:
    """Those that decide how it computes; no guard tries again, and nothing is remembered."""
    return Settings(
        device=device,
        run_dir=folder.parent / "run",
        precision="auto" if contender.form == "int8" else contender.form,
        quantization="int8" if contender.form == "int8" else "none",
        graphs="auto" if contender.graphs else "off",
        threads=threads,
        max_batch=most_rows,
        max_attempts_per_sentence=1,
        codes_cache_mb=0,
        tf32=False,
        vram_budget_gb=0,
    )
