"""`docs/tasks.md`: every task and pipeline, from its contract."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from shared.client.frames import start
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline
from tools.docs.schema import Schema, code, default, kind, table

_INTRODUCTION = """\
# Tasks

What the service can be asked for. Every field can be left out unless it is required; an unknown
field is an error. `GET /v1/tasks` gives the same as JSON Schema. A field that takes a file is sent
as a part of a form, the rest as JSON in its part `request`; or the file is sent before and its id
stands in the request. [voices.md](voices.md) is about the voices themselves.

A task speaks one text. A pipeline turns a document into a recording, line by line: it can be asked
for its plan first, which tells every line with its voice and its length; it can be paused and
resumed, and any of its lines can be spoken again.
"""
_ID = "3f0c…"
"""Stands for the id of a file in an example."""
_ADDRESS = "http://127.0.0.1:8000/v1/jobs"


def page() -> str:
    """The whole page."""
    sections = map(section, CONTRACTS.values())
    return "\n".join([_INTRODUCTION, *sections, *map(_definition, _definitions().values())])


def section(contract: type[Declared]) -> str:
    """One task: its fields, and the same example over HTTP, WebSocket and the command line."""
    ids = {name: _ID for name in contract.example_files}
    message = start(contract.name, {**contract.example, **ids}, "pcm", None)
    return f"""\
## {contract.title}: `{contract.name}`

{contract.summary} A {contract.kind}.

{_fields(contract.model_json_schema())}

{_run(_curl(contract))}
{_of_file(contract) if issubclass(contract, Pipeline) else ""}
Streamed, as the first message on `ws://127.0.0.1:8000/v1/stream`{_sent_before(contract)}:

```json
{_pretty(json.loads(message))}
```

{_on_the_command_line(contract)}
"""


def _run(script: str) -> str:
    """A block that a test types into a shell."""
    return f"```bash run\n{script}\n```"


def _curl(contract: type[Declared]) -> str:
    """The example as JSON, or as a form where files go with it."""
    address = f"{_ADDRESS}/{contract.name}"
    example = shlex.quote(_pretty(contract.example))
    if not contract.example_files:
        return f"curl -sf -H 'Content-Type: application/json' {address} \\\n  -d {example}"
    return _form(address, contract.example, contract.example_files)


def _form(address: str, request: dict[str, Any], files: dict[str, str]) -> str:
    # `-F` would take a semicolon in the text for the end of it.
    parts = [f"--form-string request={shlex.quote(_pretty(request))}"]
    parts += [f"-F {name}=@{path}" for name, path in files.items()]
    return " \\\n  ".join([f"curl -sf {address}", *parts])


def _of_file(contract: type[Pipeline]) -> str:
    """The same document as a file, of which the plan is asked."""
    text, settings = _document(contract)
    name = contract.example_name
    address = f"'{_ADDRESS}/{contract.name}?plan=1'"
    script = f"cat > {name} <<'END'\n{text}\nEND\n{_form(address, settings, {'source': name})}"
    return f"""
The same document as a file, in a form. With `plan=1` nothing is spoken: the answer is the plan,
which can be changed and sent as the file `plan`, or by its `id` as it stands.

{_run(script)}
"""


def _document(contract: type[Pipeline]) -> tuple[str, dict[str, Any]]:
    """The document of the example, and the rest of it."""
    settings = {name: value for name, value in contract.example.items() if name != "text"}
    return contract.example["text"].rstrip("\n"), settings


def _sent_before(contract: type[Declared]) -> str:
    kinds = contract.uploads()
    routes = [f"`POST /v1/uploads?kind={kinds[name]}`" for name in contract.example_files]
    return f", with the id that {' and '.join(routes)} gave the file" if routes else ""


def _on_the_command_line(contract: type[Declared]) -> str:
    if issubclass(contract, Pipeline):
        return (
            "On the command line: the plan of that file to read, and to change in `plan.json`; "
            f"then it is spoken.\n\n{_run(_planned_command(contract))}"
        )
    return f"On the command line:\n\n{_run(_command(contract))}"


def _command(contract: type[Declared]) -> str:
    flags = "".join(
        f" --{name.replace('_', '-')} {path}" for name, path in contract.example_files.items()
    )
    output = next(iter(contract.artifacts), "speech.wav")
    command = f"qtts run {contract.name}{flags}"
    if not contract.example:
        return f"{command} -o {output}"
    return f"{command} --json - -o {output} <<'END'\n{_pretty(contract.example)}\nEND"


def _planned_command(contract: type[Pipeline]) -> str:
    _, settings = _document(contract)
    source = Path(contract.example_name)
    flags = "".join(f" \\\n  {flag}" for flag in _flags(settings))
    formats = contract.model_json_schema()["properties"]["format"]["enum"]
    output = source.with_suffix(".m4b" if "m4b" in formats else ".wav")
    return (
        f"qtts plan {contract.name} --source {source}{flags} \\\n  -o plan.json\n"
        f"qtts run {contract.name} --plan plan.json -o {output} --all {source.stem}"
    )


def _flags(settings: dict[str, Any]) -> Iterator[str]:
    """The settings of an example as `qtts` takes them."""
    for name, value in settings.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, dict):
            for key, role in cast(dict[str, Any], value).items():
                content = role if isinstance(role, str) else json.dumps(role, ensure_ascii=False)
                yield f"{flag} {shlex.quote(f'{key}={content}')}"
        else:
            yield f"{flag} {shlex.quote(str(value))}"


def _pretty(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def _fields(schema: Schema) -> str:
    required: list[str] = schema.get("required", [])
    properties = sorted(schema["properties"].items(), key=lambda item: item[0] not in required)
    rows = [
        (
            code(name),
            kind(field, schema.get("$defs")),
            default(field, name in required),
            field.get("description", ""),
        )
        for name, field in properties
    ]
    return table(("field", "values", "default", "meaning"), rows)


def _definitions() -> dict[str, Schema]:
    """What fields of several contracts refer to, by name."""
    return {
        name: definition
        for contract in CONTRACTS.values()
        for name, definition in contract.model_json_schema().get("$defs", {}).items()
        if "properties" in definition
    }


def _definition(definition: Schema) -> str:
    words = " ".join(definition.get("description", "").split())
    return f"## {definition['title']}\n\n{words}\n\n{_fields(definition)}\n"
