"""One preview model for all tests, and a short way to make it speak."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shared.audio.pcm import Samples
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import Frames, Utterance

SENTENCE = (
    "The lighthouse keeper counted the ships that passed, and wrote each name in his book of ships."
)

Perform = Callable[..., list[Frames]]
Speak = Callable[..., Samples]


def unwatched() -> None:
    """A watch that lets everything pass."""


@pytest.fixture(scope="session")
def model() -> PreviewModel:
    return PreviewEngine().load("preview", None, lambda _: None)


@pytest.fixture(scope="session")
def perform(model: PreviewModel) -> Perform:
    """All frames of one utterance."""

    def run(text: str = SENTENCE, language: str = "english", **fields: Any) -> list[Frames]:
        asked: dict[str, Any] = {"speaker": "ryan", **fields}
        utterance = Utterance(text=text, language=language, seed=0, **asked)
        return list(model.generate([utterance], unwatched))

    return run


@pytest.fixture(scope="session")
def speak(perform: Perform) -> Speak:
    """The whole audio of one utterance."""

    def run(*words: Any, **fields: Any) -> Samples:
        return np.concatenate([frames.audio for frames in perform(*words, **fields)])

    return run
