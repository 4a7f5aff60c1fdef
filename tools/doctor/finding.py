"""One thing that was found about the machine, and words for numbers."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "note", "bad"]
GIGABYTE = 10**9


@dataclass(frozen=True)
class Finding:
    """One thing about the machine."""

    subject: str
    verdict: Verdict
    fact: str
    advice: str = ""
    """What to do about it; empty if there is nothing to do."""


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
