"""`qtts run`: one command for every declared contract, generated from its JSON schema."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from shared.errors import InvalidRequest
from shared.requests import CONTRACTS
from shared.requests.declared import UPLOAD, Declared
from tools.qtts.command import Commands, Here
from tools.qtts.performing import perform

_SOME_ID = "0" * 64
"""Stands for the id of a file that is yet to be sent."""
_SCALARS: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool}


def command(contract: type[Declared]) -> click.Command:
    """The command of a contract."""
    schema = contract.model_json_schema()
    options = [
        flag(name, field, name in schema.get("required", ()))
        for name, field in schema["properties"].items()
        if _plain(field)["type"] in _SCALARS
    ]
    body = click.Option(
        ["--json", "body"], type=click.File(), help="The request as JSON (`-`: standard input)."
    )
    output = click.Option(
        ["-o", "--output"], type=click.Path(path_type=Path), help=_written(contract)
    )
    return click.Command(
        contract.name,
        params=[*options, body, output],
        callback=click.pass_obj(partial(_run, contract)),
        help=f"{contract.summary}\n\nExample of --json: {json.dumps(contract.example)}",
        short_help=contract.summary,
    )


def flag(name: str, field: dict[str, Any], required: bool) -> click.Option:
    """The option of a scalar field; a required one may come by `--json` as well."""
    kind = _plain(field)
    words = [field.get("description", "").strip(), _choices(kind), "Required." if required else ""]
    spelling = name.replace("_", "-")
    both = f"--{spelling}/--no-{spelling}" if kind["type"] == "boolean" else f"--{spelling}"
    # The name apart from the flags keeps it from becoming somebody's Python keyword.
    return click.Option(
        [f"field_{name}", both],
        type=_type(kind),
        default=None,
        metavar="FILE|ID" if UPLOAD in kind else None,
        help=" ".join(filter(None, words)),
    )


def _written(contract: type[Declared]) -> str:
    """What `-o` writes."""
    endings = ", ".join(Path(name).suffix for name in contract.artifacts)
    return "Write the speech here" + (f", or with {endings} the codes." if endings else ".")


def _type(kind: dict[str, Any]) -> Any:
    if UPLOAD in kind:
        return _file_or_id(kind["pattern"])
    return click.Choice(kind["enum"]) if "enum" in kind else _SCALARS[kind["type"]]


def _file_or_id(pattern: str) -> Callable[[str], str | Path]:
    """A file of this machine, or the id of one that the service has."""

    def convert(value: str) -> str | Path:
        if re.fullmatch(pattern, value):
            return value
        if not Path(value).is_file():
            raise click.BadParameter(f"There is no file {value!r}.")
        return Path(value)

    return convert


def _choices(kind: dict[str, Any]) -> str:
    known = kind.get("x-choices")
    return f"One of: {', '.join(known)}." if known else ""


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field, without its being optional."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind.get("type") != "null"]
    return {"type": "object", **field, **(kinds[0] if len(kinds) == 1 else {})}


def _run(
    contract: type[Declared], here: Here, body: TextIO | None, output: Path | None, **flags: Any
) -> None:
    given = {
        name.removeprefix("field_"): value for name, value in flags.items() if value is not None
    }
    files = {name: value for name, value in given.items() if isinstance(value, Path)}
    request = {**read_body(body), **{name: given[name] for name in given.keys() - files.keys()}}
    if not _filled_in(contract) & request.keys():
        contract.parse({**request, **dict.fromkeys(files, _SOME_ID)})
    perform(here, contract.name, request, output, files)


def _filled_in(contract: type[Declared]) -> set[str]:
    """Fields whose settings the service lays under a request: without them it may look wrong."""
    stored = {name for name, kind in contract.voices().items() if kind == "stored"}
    return {"preset", *stored}


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
    return content  # pyright: ignore[reportUnknownVariableType]


@click.group(cls=Commands)
def run() -> None:
    """Run any task or pipeline; the flags are the fields of its contract."""


for _contract in CONTRACTS.values():
    run.add_command(command(_contract))
