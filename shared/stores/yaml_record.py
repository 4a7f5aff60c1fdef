"""Records as YAML that a person may write: text, numbers, yes and no, lists and mappings; no more.

YAML itself can say far more: Python objects, dates, numbers to the base of 60, parts that refer to
each other. None of it is needed here, and each is a way to break whoever reads it.
"""

import math
import re
from typing import Any, cast

import yaml

_DEEPEST = 32
"""Levels of lists and mappings in each other."""
_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    "float": (r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?", list("-+0123456789")),
}
"""What is no text though nothing says so, each a part of what YAML 1.1 takes for the same; by the
letters that it begins with."""


def dumps(fields: dict[str, Any]) -> bytes:
    """The text of a record; equal ones give equal bytes."""
    return yaml.dump(fields, Dumper=_Dumper, allow_unicode=True, sort_keys=False).encode()


def loads(data: bytes) -> Any:
    """What a record says, all of which JSON could say too. Raises ValueError."""
    try:
        return yaml.load(data, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


class _Loader(yaml.SafeLoader):
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = cast(Any, self.peek_event())  # pyright: ignore[reportUnknownMemberType]
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("it refers to a part of itself")
        if event.tag is not None:
            raise yaml.YAMLError(f"it holds the tag {event.tag!r}")
        if self._depth == _DEEPEST:
            raise yaml.YAMLError(f"it has more than {_DEEPEST} levels")
        self._depth += 1
        node = super().compose_node(parent, index)  # pyright: ignore[reportUnknownMemberType]
        self._depth -= 1
        return node

    def construct_scalar(self, node: Any) -> Any:
        text = super().construct_scalar(node)
        text.encode()  # ValueError, for half of a character
        return text

    def construct_number(self, node: Any) -> float:
        number = float(self.construct_scalar(node))
        if not math.isfinite(number):
            raise yaml.YAMLError("it holds a number that is too large")
        return number


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> Any:
        # PyYAML takes the old end of line for two once it has written it between single quotes.
        style = '"' if "\x85" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Loader.yaml_implicit_resolvers = {}


for _name, (_form, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_form})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)
_Dumper.add_representer(str, _Dumper.represent_text)
