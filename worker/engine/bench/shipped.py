"""The qwen-tts package as it is shipped, speaking to be measured."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch

from worker.engine import package
from worker.engine.bench.report import Contender
from worker.engine.bench.take import LANGUAGE, SPEAKER, Order, Take
from worker.engine.bench.taps import Call, tapped
from worker.engine.qwen3.linear import COMPUTE


class Shipped:
    """A checkpoint loaded by the package's own `from_pretrained`: codec and all in one format."""

    def __init__(
        self, folder: Path, contender: Contender, device: str, threads: int, most_rows: int
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.most_rows = most_rows
        self._tts: Any = package.inference.Qwen3TTSModel.from_pretrained(
            str(folder), device_map=device, dtype=COMPUTE[contender.form], local_files_only=True
        )

    def speak(self, order: Order) -> Take:
        take, model = Take(order), self._tts.model
        made, loops, steps, decodings = (list[Call]() for _ in range(4))
        with ExitStack() as stack:
            listen = stack.enter_context
            listen(tapped(model, "generate", made.append))
            listen(tapped(model.talker, "forward", steps.append, order.settle))
            listen(
                tapped(
                    model.talker,
                    "generate",
                    loops.append,
                    order.settle,
                    order.around_language_model,
                )
            )
            listen(
                tapped(
                    model.speech_tokenizer,
                    "decode",
                    decodings.append,
                    order.settle,
                    order.around_codec,
                )
            )
            began = time.perf_counter()
            self._tts.generate_custom_voice(
                text=order.texts,
                language=[LANGUAGE] * order.rows,
                speaker=[SPEAKER] * order.rows,
                non_streaming_mode=True,
                # It reads the prompt as one of its tokens.
                max_new_tokens=order.frames + 1,
                **order.sampling.model_dump(),
            )
            take.seconds = take.first_audio = time.perf_counter() - began
        take.frames = take.frames_before_sound = len(steps) - 1
        take.prefill = steps[0].seconds
        take.language_model = (loops[0].seconds - take.prefill) / take.frames
        take.codec = decodings[0].seconds / take.frames
        take.codes = [codes.cpu().numpy().astype(np.int64) for codes in made[0].result[0]]
        return take
