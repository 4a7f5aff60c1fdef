"""Text that may end in half a character: JavaScript cuts strings between the two halves."""

import re

from pydantic import PlainValidator
from pydantic_core import PydanticKnownError

_HALF = re.compile("[\ud800-\udfff]")


def torn(longest: int) -> PlainValidator:
    """The validator of such a field, of so many characters at most."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        if len(value) > longest:
            raise PydanticKnownError("string_too_long", {"max_length": longest})
        return value

    return PlainValidator(check)


class Halves:
    """Puts the halves of characters together again, which are surrogates in Python."""

    def __init__(self) -> None:
        self._half = ""

    def __len__(self) -> int:
        return len(self._half)

    def joined(self, text: str) -> str:
        """Further text, without the half at its end; what has no other half becomes U+FFFD."""
        if not self._half and not _HALF.search(text):
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text[: len(text) - len(self._half)]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
