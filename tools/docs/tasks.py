"""`docs/tasks.md`: every task and pipeline, from its contract."""

import json
import shlex

from shared.client.frames import start
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from tools.docs.schema import code, default, kind, table

_INTRODUCTION = """\
# Tasks

What the service can be asked for. Every field can be left out unless it is required; an unknown
field is an error. `GET /v1/tasks` gives the same as JSON Schema. A field that takes a file is sent
as a part of a form, the rest as JSON in its part `request`; or the file is sent before and its id
stands in the request. [voices.md](voices.md) is about the voices themselves.
"""
_ID = "3f0c…"
"""Stands for the id of a file in an example."""


def page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(section(contract) for contract in CONTRACTS.values())])


def section(contract: type[Declared]) -> str:
    """One task: its fields, and the same example over HTTP, WebSocket and the command line."""
    ids = {name: _ID for name in contract.example_files}
    message = start(contract.name, {**contract.example, **ids}, "pcm", None)
    return f"""\
## {contract.title}: `{contract.name}`

{contract.summary} A {contract.kind}.

{_fields(contract)}

```bash run
{_curl(contract)}
```

Streamed, as the first message on `ws://127.0.0.1:8000/v1/stream`{_sent_before(contract)}:

```json
{_pretty(json.loads(message))}
```

On the command line:

```bash run
{_command(contract)}
```
"""


def _curl(contract: type[Declared]) -> str:
    """The example as JSON, or as a form where files go with it."""
    address = f"http://127.0.0.1:8000/v1/jobs/{contract.name}"
    example = shlex.quote(_pretty(contract.example))
    if not contract.example_files:
        return f"curl -sf -H 'Content-Type: application/json' {address} \\\n  -d {example}"
    # `-F` would take a semicolon in the text for the end of it.
    parts = [f"--form-string request={example}"]
    parts += [f"-F {name}=@{path}" for name, path in contract.example_files.items()]
    return " \\\n  ".join([f"curl -sf {address}", *parts])


def _sent_before(contract: type[Declared]) -> str:
    kinds = contract.uploads()
    routes = [f"`POST /v1/uploads?kind={kinds[name]}`" for name in contract.example_files]
    return f", with the id that {' and '.join(routes)} gave the file" if routes else ""


def _command(contract: type[Declared]) -> str:
    flags = "".join(
        f" --{name.replace('_', '-')} {path}" for name, path in contract.example_files.items()
    )
    output = next(iter(contract.artifacts), "speech.wav")
    command = f"qtts run {contract.name}{flags}"
    if not contract.example:
        return f"{command} -o {output}"
    return f"{command} --json - -o {output} <<'END'\n{_pretty(contract.example)}\nEND"


def _pretty(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def _fields(contract: type[Declared]) -> str:
    schema = contract.model_json_schema()
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
