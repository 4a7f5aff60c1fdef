"""Values of a request as people write them, and as the contract wants them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from shared.errors import InvalidRequest

_MOST_NUMBERS = 2_000
_RANGE = re.compile(r"([0-9]{1,9})(?:[-–]([0-9]{1,9}))?")


def read(shape: str, label: str, name: str, value: Any) -> Any:
    """What a widget of that shape holds, as the contract wants it; `label` and `name` say whose it
    is. Raises InvalidRequest."""
    match shape:
        case "integer":
            return _whole(label, name, value)
        case "number":
            return float(value)
        case "json":
            return _parsed(label, name, value)
        case "numbers":
            return list(_counted(label, name, value))
        case "pairs":
            return dict(_paired(label, name, value))
        case _:
            return value


def shown(shape: str, value: Any) -> Any:
    """A value of a request, as a widget of that shape holds it."""
    match shape:
        case "json":
            return _dumped(value)
        case "numbers":
            return ", ".join(map(str, value or ()))
        case "pairs":
            return "\n".join(f"{word} = {becomes}" for word, becomes in (value or {}).items())
        case _:
            return value


def _dumped(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def _whole(label: str, name: str, value: Any) -> int:
    if float(value) != int(value):
        raise InvalidRequest(f"{label} must be a whole number.", param=name)
    return int(value)


def _parsed(label: str, name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise InvalidRequest(f"{label} is not JSON: {error}.", param=name) from error


def _counted(label: str, name: str, value: str) -> Iterator[int]:
    """Numbers as `1, 3, 5-8`. Raises InvalidRequest."""
    for word in value.replace(",", " ").split():
        found = _RANGE.fullmatch(word)
        if not found:
            raise InvalidRequest(f"{label} has {word!r}; write it as 1, 3, 5-8.", param=name)
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= _MOST_NUMBERS:
            raise InvalidRequest(f"{label} has more than {_MOST_NUMBERS:,}.", param=name)
        yield from range(first, last + 1)


def _paired(label: str, name: str, value: str) -> Iterator[tuple[str, str]]:
    """Pairs as `word = what it becomes`, one a line. Raises InvalidRequest, naming the line."""
    for number, line in enumerate(value.splitlines(), 1):
        word, sign, becomes = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not (sign and word and becomes):
            raise InvalidRequest(
                f"Line {number} of {label} is not written as `word = how it is read`.", param=name
            )
        yield word, becomes
