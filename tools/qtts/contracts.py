"""`qtts run`: one command for every declared contract, generated from its JSON schema."""

import json
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from shared.requests import CONTRACTS
from shared.requests.declared import ANY_FILE, Declared
from tools.qtts.command import Commands, Here
from tools.qtts.fields import given, options
from tools.qtts.performing import perform


def command(contract: type[Declared]) -> click.Command:
    """The command of a contract."""
    output = click.Option(
        ["-o", "--output"], type=click.Path(path_type=Path), help=_written(contract)
    )
    return click.Command(
        contract.name,
        params=[*options(contract), body(), output, *_folder(contract)],
        callback=click.pass_obj(partial(_run, contract)),
        help=f"{contract.summary}\n\nExample of --json: {json.dumps(contract.example)}",
        short_help=contract.summary,
    )


def body() -> click.Option:
    """`--json`, for what no flag says."""
    return click.Option(
        ["--json", "body"], type=click.File(), help="The request as JSON (`-`: standard input)."
    )


def checked(
    contract: type[Declared], body: TextIO | None, flags: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Path]]:
    """The request that was typed, and its files. Raises InvalidRequest before anything is sent."""
    request, files = given(body, flags)
    if not _filled_in(contract) & request.keys():
        contract.parse({**request, **dict.fromkeys(files, ANY_FILE)})
    return request, files


def _written(contract: type[Declared]) -> str:
    """What `-o` writes."""
    if contract.kind == "pipeline":
        others = ", ".join(contract.artifacts)
        return f"Write the recording here, or another file by its name or ending: {others}."
    endings = ", ".join(Path(name).suffix for name in contract.artifacts)
    return "Write the speech here" + (f", or with {endings} the codes." if endings else ".")


def _folder(contract: type[Declared]) -> list[click.Option]:
    if contract.kind != "pipeline":
        return []
    kind = click.Path(file_okay=False, path_type=Path)
    help = "Write all files of the result into this folder, but the single lines."
    return [click.Option(["--all", "folder"], type=kind, help=help)]


def _run(
    contract: type[Declared],
    here: Here,
    body: TextIO | None,
    output: Path | None,
    folder: Path | None = None,
    **flags: Any,
) -> None:
    request, files = checked(contract, body, flags)
    perform(here, contract.name, request, output, files, folder)


def _filled_in(contract: type[Declared]) -> set[str]:
    """Fields whose settings the service lays under a request: without them it may look wrong."""
    stored = {name for name, kind in contract.voices().items() if kind == "stored"}
    return {"preset", *stored}


@click.group(cls=Commands)
def run() -> None:
    """Run any task or pipeline; the flags are the fields of its contract."""


for _contract in CONTRACTS.values():
    run.add_command(command(_contract))
