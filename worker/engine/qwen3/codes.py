"""Generated codes, kept under everything that determines them.

Another loudness or format of the same speech then costs a decode, and no generation.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from shared.requests.sampling import Sampling
from worker.engine.caching import Cache
from worker.engine.protocol import EngineDescription, FinishReason, Utterance

_IRRELEVANT = frozenset({"owner"})
"""Fields of an utterance that change nothing about its codes."""


@runtime_checkable
class Digested(Protocol):
    """A voice prompt that says in a few characters what it holds."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Generated:
    """What the model made of one utterance."""

    codes: NDArray[np.uint16]
    """[frames, 16], read-only."""
    finish_reason: FinishReason
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, codes: NDArray[np.integer], finish_reason: FinishReason, notes: tuple[str, ...] = ()
    ) -> Self:
        """A copy of `codes`, which may be of any integer type."""
        kept = np.array(codes, np.uint16)
        kept.flags.writeable = False
        return cls(kept, finish_reason, notes)

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + sum(len(note.encode()) for note in self.notes)


GeneratedCache = Cache[str, Generated]


def generated_cache(max_bytes: int, max_entries: int) -> GeneratedCache:
    """An empty cache of generated codes; an entry takes 400 bytes a second of speech."""
    return Cache(lambda generated: generated.nbytes, max_bytes=max_bytes, max_entries=max_entries)


def fingerprint_of(
    engine: EngineDescription, checkpoint: str, revision: str, quantization: str
) -> str:
    """What speaks: equal fingerprints draw equal codes from equal utterances in equal batches."""
    return _canonical([engine.fingerprint, checkpoint, revision, quantization])


def key_of(utterance: Utterance, fingerprint: str, composition: str) -> str:
    """The SHA-256 of all that determines the codes of an utterance.

    `composition` says in which batch it is spoken: below fp64 the others' shapes change rounding.
    """
    said = {
        field.name: getattr(utterance, field.name)
        for field in fields(utterance)
        if field.name not in _IRRELEVANT
    }
    return hashlib.sha256(_canonical([said, fingerprint, composition]).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Sampling):
        return value.model_dump()
    if isinstance(value, Digested):
        return {"digest": value.digest}
    raise TypeError(f"{type(value).__name__} has no digest, so what it makes cannot be recognised.")
