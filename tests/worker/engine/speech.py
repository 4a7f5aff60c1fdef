"""What the tests of engines say, and the means to say it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.audio.pcm import SAMPLE_RATE
from worker.engine.protocol import Frames, Model, Utterance

FRAME = 1920
"""Samples."""


def recording(seconds: float = 3.0, seed: int = 0) -> NDArray[np.float32]:
    """Something like a voice: a buzz that rises and falls, and breath."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 2 * np.pi * np.cumsum(120 + 40 * seed + 20 * np.sin(4 * time)) / SAMPLE_RATE
    buzz = sum(np.sin(harmonic * pitch) / harmonic for harmonic in range(1, 9))
    breath = draw.normal(0, 0.02, len(time))
    return (0.2 * np.sin(3 * time) ** 2 * buzz + breath).astype(np.float32)


def carry_on() -> None:
    """A watch that never objects."""


def utterance(text: str = "The lamp was lit.", **fields: Any) -> Utterance:
    wanted: dict[str, Any] = {"language": "english", "seed": 1, "speaker": "ryan", **fields}
    return Utterance(text, **wanted)


def speak(model: Model, spoken: Utterance) -> Frames:
    (frames,) = model.generate([spoken], carry_on)
    return frames


def sound(model: Model, text: str = "The lamp was lit.", **fields: Any) -> NDArray[np.float32]:
    return speak(model, utterance(text, **fields)).audio
