"""Generated codes, kept under everything that determines them.

Another loudness or format of the same speech then costs a decode, and no generation.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from shared.requests.sampling import Sampling
from worker.engine.caching import Cache
from worker.engine.protocol import EngineDescription, Utterance

_IRRELEVANT = frozenset({"owner"})
"""Fields of an utterance that change nothing about its codes."""


@runtime_checkable
class Digested(Protocol):
    """A voice prompt that says in a few characters what it holds."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the model drew for one utterance, in one go."""

    codes: NDArray[np.uint16]
    """[frames, 16], read-only; with frames that were not handed out, where it was stopped."""
    ended: bool
    """Whether the model ended it after these."""

    @classmethod
    def of(cls, codes: NDArray[np.integer], *, ended: bool) -> Self:
        """A copy of `codes`, which may be of any integer type."""
        kept = np.array(codes, np.uint16)
        kept.flags.writeable = False
        return cls(kept, ended)


Batch = tuple[Drawn, ...]
"""By the index of the utterance."""
BatchCache = Cache[str, Batch]


def batch_cache(max_bytes: int, max_entries: int) -> BatchCache:
    """An empty cache of generated codes, which take 400 bytes a second of speech."""
    return Cache(_nbytes, max_bytes=max_bytes, max_entries=max_entries)


def fingerprint_of(engine: EngineDescription, checkpoint: str, revision: str, setup: str) -> str:
    """What speaks: equal fingerprints draw equal codes from equal utterances in equal batches.

    `setup`: what was settled at loading, the formats of the weights and the rows spoken at once.
    """
    return _canonical([engine.fingerprint, checkpoint, revision, setup])


def key_of(utterances: Sequence[Utterance], fingerprint: str) -> str:
    """The SHA-256 of all that determines the codes of a batch.

    Batches are kept whole: below fp64, the shape of a batch decides how its rows are rounded.
    """
    said = [
        {
            field.name: getattr(utterance, field.name)
            for field in fields(utterance)
            if field.name not in _IRRELEVANT
        }
        for utterance in utterances
    ]
    return hashlib.sha256(_canonical([said, fingerprint]).encode()).hexdigest()


def _nbytes(batch: Batch) -> int:
    return sum(row.codes.nbytes for row in batch)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Sampling):
        return value.model_dump()
    if isinstance(value, Digested):
        return {"digest": value.digest}
    raise TypeError(f"{type(value).__name__} has no digest, so what it makes cannot be recognised.")
