"""What the tests of engines say, and the means to say it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.protocol import Frames, Model, Utterance

FRAME = 1920
"""Samples."""


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
