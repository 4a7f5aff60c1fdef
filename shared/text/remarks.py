"""What a reader of mark-up remarks: one sentence for each kind of fault, however many there are."""

from dataclasses import dataclass, field

_NAMED = 5
"""Places that one sentence names; of the others it gives the number."""
_LENGTH = 60


@dataclass
class Remarks:
    """Faults, gathered by kind. `source` is what their places are counted in."""

    source: str
    _faults: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """By kind: what was written, and where first."""

    def add(self, kind: str, written: str, place: int) -> None:
        """`kind` is a sentence that ends in a colon."""
        self._faults.setdefault(kind, {}).setdefault(_short(written), place)

    def sentences(self) -> list[str]:
        """One for each kind, with the lines."""
        return [self._sentence(kind, faults) for kind, faults in self._faults.items()]

    def _sentence(self, kind: str, faults: dict[str, int]) -> str:
        named = [
            f"{written} (line {self.source.count(chr(10), 0, place) + 1})"
            for written, place in list(faults.items())[:_NAMED]
        ]
        more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        return f"{kind} {', '.join(named)}{more}."


def _short(written: str) -> str:
    line = " ".join(written.split())
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"
