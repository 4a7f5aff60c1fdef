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
field is an error. `GET /v1/tasks` gives the same as JSON Schema.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(section(contract) for contract in CONTRACTS.values())])


def section(contract: type[Declared]) -> str:
    """One task: its fields, and the same example over HTTP, WebSocket and the command line."""
    example = json.dumps(contract.example, indent=2, ensure_ascii=False)
    message = json.loads(start(contract.name, contract.example, "pcm", None))
    return f"""\
## {contract.title}: `{contract.name}`

{contract.summary} A {contract.kind}.

{_fields(contract)}

```bash run
curl -sf -H 'Content-Type: application/json' http://127.0.0.1:8000/v1/jobs/{contract.name} \\
  -d {shlex.quote(example)}
```

Streamed, as the first message on `ws://127.0.0.1:8000/v1/stream`:

```json
{json.dumps(message, indent=2, ensure_ascii=False)}
```

On the command line:

```bash run
qtts run {contract.name} --json - -o speech.wav <<'END'
{example}
END
```
"""


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
