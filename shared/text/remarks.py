"""Remarks on a text: one sentence for each kind of fault, however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

_NAMED = 5
"""Places that one sentence names; of the others it gives the number."""
_LENGTH = 60
_LISTED = 10


@dataclass
class Remarks:
    """Faults, gathered by kind."""

    source: str
    """What their places are counted in."""
    line: int | None = 1
    """Of the document that the source begins in; None where a line would say nothing."""
    _said: list[str] = field(default_factory=list[str])
    _faults: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """By kind: what was written, and where first."""

    def add(self, kind: str, written: str, place: int) -> None:
        """`kind` is a sentence that ends in a colon."""
        self._faults.setdefault(kind, {}).setdefault(_short(written), place)

    def say(self, sentence: str) -> None:
        """A remark on no place."""
        self._said.append(sentence)

    def sentences(self) -> list[str]:
        """What was said, and one for each kind of fault, with the lines."""
        return self._said + [self._sentence(kind, faults) for kind, faults in self._faults.items()]

    def _sentence(self, kind: str, faults: dict[str, int]) -> str:
        first = islice(faults.items(), _NAMED)
        named = [f"{written}{self._line(place)}" for written, place in first]
        more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        return f"{kind} {', '.join(named)}{more}."

    def _line(self, place: int) -> str:
        if self.line is None:
            return ""
        before = self.source.count("\n", 0, place)
        return f" (line {self.line + before})"


def listed(numbers: Iterable[int]) -> str:
    """`3`, `3 and 7`, `1, 2, 3 … (40 in all)`."""
    found = list(numbers)
    words = [str(number) for number in found[:_LISTED]]
    if len(found) > _LISTED:
        return f"{', '.join(words)} … ({len(found)} in all)"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _short(written: str) -> str:
    line = " ".join(written.split())
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"
