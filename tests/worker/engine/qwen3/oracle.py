"""The package itself as the judge of codes: its own loop, on the same checkpoint."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.audio.codes import FRAME_RATE
from tests.worker.engine.qwen3.package_prompts import clone_prompt
from worker.engine import checking, manifest, package
from worker.engine.processor import processor
from worker.engine.protocol import Utterance
from worker.engine.qwen3.noise import FRAMES, block
from worker.engine.stock import loading
from worker.engine.stock.model import SPEAK
from worker.engine.voice import VoicePrompt

Codes = NDArray[np.int64]


class _Caught(Exception):
    pass


class Oracle:
    """A checkpoint loaded by the package, in one format throughout."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        self.manifest = manifest.read("tiny", folder)
        model = loading._language_model(self.manifest).to(dtype)
        self._tts = package.inference.Qwen3TTSModel(
            model, processor(self.manifest), self.manifest.generation
        )

    def codes(self, utterances: Sequence[Utterance]) -> list[Codes]:
        """What the package draws for a batch, row by row; they share sampling and text mode."""
        first, made = utterances[0], list[Tensor]()
        original: Callable[..., Any] = self._tts.model.generate

        def generate(**named: Any) -> None:
            made.extend(original(**named)[0])
            raise _Caught

        self._tts.model.generate = generate
        try:
            getattr(self._tts, SPEAK[self.manifest.kind])(
                text=[utterance.text for utterance in utterances],
                language=[utterance.language for utterance in utterances],
                non_streaming_mode=not first.streaming_text,
                max_new_tokens=int(first.max_seconds * FRAME_RATE) + 1,
                **first.sampling.model_dump(),
                **self._voices(utterances),
            )
        except _Caught:
            pass
        finally:
            del self._tts.model.generate
        return [codes.numpy() for codes in made]

    def _voices(self, utterances: Sequence[Utterance]) -> dict[str, Any]:
        if self.manifest.kind == "base":
            return {"voice_clone_prompt": [_clone(utterance) for utterance in utterances]}
        voices: dict[str, Any] = {
            "instruct": [checking.directions(utterance) or None for utterance in utterances]
        }
        if self.manifest.kind == "custom_voice":
            voices["speaker"] = [utterance.speaker for utterance in utterances]
        return voices


def _clone(utterance: Utterance) -> Any:
    prompt = utterance.prompt
    assert isinstance(prompt, VoicePrompt)
    return clone_prompt(prompt.x_vector, prompt.codes, prompt.transcript)


class Race:
    """`torch.multinomial` with our noise: what the package draws from the same probabilities.

    It is called once for every codebook of every frame, the rows of the batch together.
    """

    def __init__(self, seeds: Sequence[int], codebooks: int = 16) -> None:
        self._seeds = seeds
        self._codebooks = codebooks
        self._calls = 0

    def __call__(self, probabilities: Tensor, num_samples: int) -> Tensor:
        assert num_samples == 1
        frame, codebook = divmod(self._calls, self._codebooks)
        self._calls += 1
        likeliest = probabilities.sort(dim=-1, descending=True, stable=True)
        shares = likeliest.values[:, :64]
        noise = [
            block(seed, frame // FRAMES)[frame % FRAMES, codebook, : shares.shape[1]]
            for seed in self._seeds
        ]
        winner = (shares / torch.from_numpy(np.stack(noise))).argmax(-1, keepdim=True)
        return likeliest.indices.gather(-1, winner)
