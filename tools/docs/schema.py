"""JSON Schema in words: what a table says of a field's type, limits and default."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from shared.requests.role import CAST, ROLE

Schema = dict[str, Any]

_LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} of them",
}
_PLAIN = {"minLength": 1}
"""Limits that go without saying."""


def kind(schema: Schema, definitions: Schema | None = None) -> str:
    """The type of a value with its limits: `number, > 0, ≤ 2`."""
    known = definitions or {}
    schema = _without_null(schema)
    if ROLE in schema:
        return f"a voice's name, or a {_link('Role')}"
    if CAST in schema:
        return f"for each name a voice's name, or a {_link('Role')}"
    name, schema = _name(schema), _resolved(schema, known)
    if name and "properties" in schema:
        return f"an object, {_link(name)}"
    if "x-upload" in schema:
        return "a file, or its id"
    if choices := schema.get("enum") or schema.get("x-choices"):
        return ", ".join(code(choice) for choice in choices)
    name = schema.get("type", "any")
    if name == "array":
        name = f"list of {kind(schema.get('items', {}), known)}"
    if name == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        name = f"for each name a {kind(values, known)}"  # pyright: ignore[reportUnknownArgumentType]
    limits = [
        text.format(_number(schema[key]))
        for key, text in _LIMITS.items()
        if key in schema and schema[key] != _PLAIN.get(key)
    ]
    return ", ".join([str(schema.get("format", name)), *limits])


def default(schema: Schema, required: bool) -> str:
    """What holds where a value is left out."""
    if required:
        return "required"
    value = schema.get("default")
    if value is None or value in ("", []):
        return ""
    if ROLE in schema:
        value = value["voice"]
    if isinstance(value, list):
        return code(",".join(map(str, value)))  # pyright: ignore[reportUnknownArgumentType]
    return code(value if isinstance(value, str) else json.dumps(value))


def code(value: object) -> str:
    """As code; commas separate several of them elsewhere."""
    return f"`{value}`"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _without_null(schema: Schema) -> Schema:
    variants = [item for item in schema.get("anyOf", []) if item.get("type") != "null"]
    return {**schema, **variants[0]} if len(variants) == 1 else schema


def _name(schema: Schema) -> str:
    """Of the definition that a schema refers to; empty where it does not."""
    return schema.get("$ref", "").rpartition("/")[2]


def _link(name: str) -> str:
    """To the section of a definition, on the same page."""
    return f"[{name}](#{name.lower()})"


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    name = _name(schema)
    return definitions.get(name, {}) if name else schema


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**6 else str(value)
