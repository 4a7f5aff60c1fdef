"""Voices that espeak-ng cannot have: each is told from the others, and a stand-in speaks for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.audio.pcm import Samples
from worker.engine import checking
from worker.engine.protocol import Prompt, PromptMode


@dataclass(frozen=True)
class StandIn:
    """A voice by a name that recordings and mixes of equal content share."""

    key: str
    mode: PromptMode

    @property
    def digest(self) -> str:
        """The same in both modes: what a recording says changes nothing for espeak-ng."""
        return self.key

    def alone(self) -> "StandIn":
        """The voice without what it has said, which sounds the same."""
        return replace(self, mode="speaker_only")

    @property
    def source(self) -> str:
        return ""

    def dumps(self, source: str = "") -> bytes:
        """Nothing: it is made again in no time."""
        return b""


def of_recording(samples: Samples, mode: PromptMode) -> StandIn:
    """Equal recordings, equal stand-ins."""
    return StandIn(hashlib.sha256(samples.tobytes()).hexdigest(), mode)


def mix(prompts: Sequence[Prompt], weights: Sequence[float]) -> StandIn:
    """Another stand-in for every mix, whatever the order of its voices. Raises InvalidRequest."""
    checking.require_weights(weights, len(prompts))
    shares = sorted(
        (prompt.digest, weight / sum(weights))
        for prompt, weight in zip(prompts, weights, strict=True)
    )
    return StandIn(hashlib.sha256(repr(shares).encode()).hexdigest(), "speaker_only")
