"""How much memory a checkpoint will take, told from the headers of its files.

Nothing here imports torch.
"""

import json
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
_FORMAT = re.compile("|".join(_WIDTHS))
_LEFT_OUT = ("speaker_encoder.", "talker.model.text_embedding.")
"""Parts that some engines read when they are needed, or leave in the pages of the file."""


@dataclass(frozen=True)
class Expectation:
    """Bytes of a checkpoint that was not loaded yet."""

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
        except (OSError, struct.error, json.JSONDecodeError, KeyError):
            return Expectation(0, 0)
        kept = sum(count for name, count in talker.items() if not name.startswith(_LEFT_OUT))
        speaks = sum(count for name, count in codec.items() if name.startswith("decoder."))
        return Expectation(
            least=min(widths) * kept + _CODEC * speaks,
            likely=max(widths) * sum(talker.values()) + _CODEC * sum(codec.values()),
        )


def _language_model(folder: Path) -> Iterator[tuple[str, int]]:
    for name in weights(folder):
        yield from elements(folder / name).items()


def _codec(folder: Path) -> Path:
    return folder / SPEECH_TOKENIZER / WEIGHTS
