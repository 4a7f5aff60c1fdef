"""A config.json, read field by field: each is there and of its type, or is named."""

from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class FieldUnfit(Exception):
    """A field is missing or of another type than it must have."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field
        """With the parts that it lies in, as `talker_config.vocab_size`."""


class Fields:
    """One part of a config.json. Every method raises FieldUnfit."""

    def __init__(self, values: Any, place: str = "") -> None:
        """`place`: the name of the part, empty for the whole."""
        if not isinstance(values, dict):
            raise FieldUnfit(place)
        self._values = cast(dict[str, Any], values)
        self._place = place

    def part(self, name: str) -> "Fields":
        return Fields(self._values.get(name), self._named(name))

    def count(self, name: str, default: int | None = None) -> int:
        """A whole number from 1 on."""
        return self._whole(name, 1, default)

    def id(self, name: str) -> int:
        """A whole number from 0 on."""
        return self._whole(name, 0, None)

    def number(self, name: str, default: float) -> float:
        return self.read(name, float, default)

    def counts(self, name: str) -> tuple[int, ...]:
        counts = tuple(self.read(name, list[int]))
        if not all(count >= 1 for count in counts):
            raise FieldUnfit(self._named(name))
        return counts

    def read(self, name: str, kind: type[T], default: T | None = None) -> T:
        """A value of exactly this type; null counts as missing, as it does in released files."""
        value = self._values.get(name)
        try:
            return TypeAdapter(kind).validate_python(
                default if value is None else value, strict=True
            )
        except ValidationError as error:
            raise FieldUnfit(self._named(name)) from error

    def _whole(self, name: str, least: int, default: int | None) -> int:
        value = self.read(name, int, default)
        if value < least:
            raise FieldUnfit(self._named(name))
        return value

    def _named(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name
