"""Fields of contracts as options of a command, and what was typed as the fields of a request."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

import click

from shared.errors import InvalidRequest
from shared.requests.declared import UPLOAD, Declared
from shared.requests.role import CAST, ROLE
from shared.stores import yaml_record

_SCALARS: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool}
_MOST_NUMBERS = 2_000
"""That a span such as `3-5` may stand for."""
_PREFIX = "field_"
"""Apart from the flags, it keeps a name from becoming somebody's Python keyword."""

Kind = dict[str, Any]
Typing = dict[str, Any]
"""How a field is typed: arguments of `click.Option`, `help` being what is added to its meaning."""


def options(contract: type[Declared]) -> list[click.Option]:
    """One for each field that can be typed."""
    schema = contract.model_json_schema()
    required = schema.get("required", ())
    return [
        option(name, plain(field), name in required)
        for name, field in schema["properties"].items()
        if _typing(plain(field)) is not None
    ]


def option(name: str, kind: Kind, required: bool) -> click.Option:
    """The option of a field; a required one may come by `--json` as well."""
    typing = _typing(kind) or {}
    words = (
        kind.get("description", "").strip(),
        _choices(kind),
        typing.pop("help", ""),
        "Required." if required else "",
    )
    spelling = name.replace("_", "-")
    both = f"--{spelling}/--no-{spelling}" if kind["type"] == "boolean" else f"--{spelling}"
    help = " ".join(filter(None, words))
    return click.Option([f"{_PREFIX}{name}", both], default=None, help=help, **typing)


def given(body: TextIO | None, flags: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path]]:
    """The request that was typed, and its files: flags outrank what `--json` says.

    Where both give an object, such as a cast, they are put together. Raises InvalidRequest.
    """
    typed = {
        name.removeprefix(_PREFIX): value for name, value in flags.items() if value is not None
    }
    files = {name: value for name, value in typed.items() if isinstance(value, Path)}
    request = read_body(body)
    for name in typed.keys() - files.keys():
        request[name] = _put_together(request.get(name), typed[name])
    return request, files


def read_body(body: TextIO | None) -> dict[str, Any]:
    """Raises InvalidRequest."""
    if body is None:
        return {}
    try:
        content = json.load(body)
    except ValueError as error:
        raise InvalidRequest(f"{body.name} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise InvalidRequest(f"{body.name} must hold a JSON object.")
    return cast(dict[str, Any], content)


def plain(field: Kind) -> Kind:
    """The schema of a field, without its being optional."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind.get("type") != "null"]
    return {"type": "object", **field, **(kinds[0] if len(kinds) == 1 else {})}


def _put_together(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**cast(dict[str, Any], below), **cast(dict[str, Any], above)}
    return above


def _choices(kind: Kind) -> str:
    known = kind.get("x-choices")
    return f"One of: {', '.join(known)}." if known else ""


# --- how each kind of field is typed ---


def _typing(kind: Kind) -> Typing | None:
    """None for what only `--json` can say."""
    if UPLOAD in kind:
        return {"type": _file_or_id(kind["pattern"]), "metavar": "FILE|ID"}
    if ROLE in kind:
        return {
            "type": _role,
            "metavar": "VOICE|JSON",
            "help": "The name of a voice, or a role as JSON.",
        }
    if CAST in kind:
        return _repeated(
            partial(_entries, _role),
            "NAME=VOICE|FILE",
            "Repeatable; VOICE may be a role as JSON, FILE has them all, as YAML or JSON.",
        )
    if kind["type"] == "object":
        return _of_object(kind)
    if kind["type"] == "array":
        return _of_list(kind["items"])
    return _of_scalar(kind)


def _of_object(kind: Kind) -> Typing:
    if kind.get("additionalProperties", {}).get("type") == "string":
        help = "Repeatable; FILE has them all, as YAML or JSON."
        return _repeated(partial(_entries, str), "NAME=TEXT|FILE", help)
    return {"type": _object, "metavar": "JSON"}


def _of_list(items: Kind) -> Typing | None:
    if "enum" in items:
        names = "|".join(items["enum"])
        return _repeated(partial(_words, items["enum"]), names, "Repeatable, or with commas.")
    if items.get("type") == "integer":
        return _repeated(_numbers, "NUMBERS", "Such as 1,3-5; repeatable.")
    return None


def _of_scalar(kind: Kind) -> Typing | None:
    if "enum" not in kind:
        return {"type": _SCALARS[kind["type"]]} if kind["type"] in _SCALARS else None
    convert = _SCALARS[kind["type"]]
    return {
        "type": click.Choice([str(choice) for choice in kind["enum"]]),
        "callback": _then(lambda word: None if word is None else convert(word)),
    }


def _repeated(convert: Callable[[str], Any], metavar: str, help: str) -> Typing:
    return {
        "type": _called(convert),
        "multiple": True,
        "metavar": metavar,
        "help": help,
        "callback": _then(_joined),
    }


def _called(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same with a name, which click asks for and a `partial` has not."""

    def entry(value: str) -> Any:
        return convert(value)

    return entry


def _then(finish: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """What click is to do with the value that it has converted."""
    return lambda _context, _option, value: finish(value)


def _joined(parts: Iterable[Any]) -> Any:
    """Mappings as one, lists as one; None where there is none."""
    whole: Any = None
    for part in parts:
        whole = part if whole is None else whole | part if isinstance(part, dict) else whole + part
    return whole


# --- what was typed ---


def _file_or_id(pattern: str) -> Callable[[str], str | Path]:
    """A file of this machine, or the id of one that the service has."""

    def convert(value: str) -> str | Path:
        if re.fullmatch(pattern, value):
            return value
        return _existing(value)

    return convert


def _existing(value: str) -> Path:
    if not Path(value).is_file():
        raise click.BadParameter(f"There is no file {value!r}.")
    return Path(value)


def _role(value: str) -> Any:
    return _object(value) if value.lstrip().startswith("{") else value


def _object(value: str) -> dict[str, Any]:
    try:
        content = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise click.BadParameter(f"{value!r} is no JSON object.")
    return cast(dict[str, Any], content)


def _entries(convert: Callable[[str], Any], value: str) -> dict[str, Any]:
    """One entry as `NAME=VALUE`, or a file of them."""
    name, equals, content = value.partition("=")
    if not equals:
        return _mapping(_existing(value))
    if not (name and content):
        raise click.BadParameter(f"{value!r} is no NAME=VALUE.")
    return {name: convert(content)}


def _mapping(path: Path) -> dict[str, Any]:
    """What a file says, as YAML or JSON."""
    try:
        data = path.read_bytes()
        found = json.loads(data) if path.suffix.lower() == ".json" else yaml_record.loads(data)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise click.BadParameter(f"{path} cannot be understood: {error}.") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f"{path} must hold names and what stands for each.")
    return cast(dict[str, Any], found)


def _words(known: list[str], value: str) -> list[str]:
    words = value.split(",")
    for word in words:
        if word not in known:
            raise click.BadParameter(f"{word!r} is none of {', '.join(known)}.")
    return words


def _numbers(value: str) -> list[int]:
    """`1,3-5`: 1, 3, 4, 5."""
    found: list[int] = []
    for part in value.split(","):
        span = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if span is None:
            raise click.BadParameter(f"{part!r} is no number and no span such as 3-5.")
        first, last = int(span[1]), int(span[2] or span[1])
        if not first <= last < first + _MOST_NUMBERS:
            raise click.BadParameter(f"{part!r} goes backwards or too far.")
        found += range(first, last + 1)
    return found
