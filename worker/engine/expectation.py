"""How much memory a checkpoint will take, told from the headers of its files.

Nothing here imports torch.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.checkpoints.layout import SPEECH_TOKENIZER, WEIGHTS, elements, weights

_WIDTHS = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}
"""Bytes of a number."""
_CODEC = _WIDTHS["fp32"]
"""The codec speaks in fp32, whatever the rest does."""
_UNREADABLE = (
    OSError,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What a header raises that is cut short, no JSON, or JSON of another kind."""
_FORMAT = re.compile("|".join(_WIDTHS))
_EXACT = "speaker_encoder."
"""Hears in fp32 too."""
_MAPPED = "talker.model.text_embedding."
"""What some engines leave in the pages of the file."""


@dataclass(frozen=True)
class Expectation:
    """Bytes of a checkpoint that was not loaded yet, with the parts that are read on demand."""

    least: int
    """No engine takes less: what does not fit even so is refused."""
    likely: int
    """What the whole of its files takes: so much room is made."""

    @staticmethod
    def known(nbytes: int) -> "Expectation":
        """Of one that was loaded before."""
        return Expectation(nbytes, nbytes)

    @staticmethod
    def read(folder: Path, policy: str) -> "Expectation":
        """From the files in `folder`, in the formats that `policy` names.

        Nothing is expected of files that cannot be read: loading them tells what is wrong.
        """
        widths = [_WIDTHS[name] for name in _FORMAT.findall(policy)] or [*_WIDTHS.values()]
        try:
            talker, codec = dict(_language_model(folder)), elements(_codec(folder))
        except _UNREADABLE:
            return Expectation(0, 0)
        mapped, exact = _of(talker, _MAPPED), _of(talker, _EXACT)
        others = sum(talker.values()) - mapped - exact
        hears = _CODEC * (exact + sum(codec.values()))
        return Expectation(
            least=min(widths) * others + hears,
            likely=max(widths) * (others + mapped) + hears,
        )


def _of(tensors: dict[str, int], prefix: str) -> int:
    return sum(count for name, count in tensors.items() if name.startswith(prefix))


def _language_model(folder: Path) -> Iterator[tuple[str, int]]:
    for name in weights(folder):
        yield from elements(folder / name).items()


def _codec(folder: Path) -> Path:
    return folder / SPEECH_TOKENIZER / WEIGHTS
