"""Text that may end in half a character: JavaScript cuts strings between the two halves."""

from pydantic import PlainValidator
from pydantic_core import PydanticKnownError


def torn(longest: int) -> PlainValidator:
    """The validator of such a field, of so many characters at most."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        if len(value) > longest:
            raise PydanticKnownError("string_too_long", {"max_length": longest})
        return value

    return PlainValidator(check)
