"""The ways to ask for what a page asks for: by curl, from Python and by qtts, as text to copy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from shared.client import calls
from ui.translation import tr
from ui.ways import curl, python, qtts
from ui.ways.sent import Sent, Service, Step

Ways = Mapping[str, Sequence[Step]]
"""Steps by what they are typed into."""


def of_request(where: Service, sent: Sent) -> Ways:
    """A request that starts a job."""
    return {
        "curl": [*curl.steps(where, sent)],
        "Python": [*python.steps(where, sent)],
        "qtts": [*qtts.steps(where, sent)],
    }


def of_call(where: Service, call: str, command: str = "", **query: Any) -> Ways:
    """One of the calls of `shared.client` that only look; what is None is not asked for.

    `command` is what `qtts` calls it, which knows `limit` alone of all that can be asked for.
    """
    given = {name: _plain(value) for name, value in query.items() if value not in (None, [], ())}
    known = getattr(calls, call)(**given)
    written = {name: _written(value) for name, value in known.query.items()}
    tail = f"?{urlencode(written, doseq=True)}" if written else ""
    arguments = ", ".join(f"{name}={python.literal(value)}" for name, value in given.items())
    address = quote(f"{where.address}{known.path}{tail}")
    look = tr("What this page shows, for a program.")
    program = f"print(client.{call}({arguments}))"
    lines = (*python.imports(where, files=False), python.client(where), program)
    found = {
        "curl": [Step(look, f"{curl.asking(where)} {address}")],
        "Python": [Step(look, "\n".join(lines))],
    }
    if command and not given.keys() - {"limit"}:
        found["qtts"] = [Step(look, f"{qtts.command(where)} {command}")]
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _written(value: Any) -> Any:
    """A value as an address has it."""
    return str(value).lower() if isinstance(value, bool) else value
