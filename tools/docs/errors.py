"""`docs/errors.md`: every error that a client can meet, from the classes."""

import importlib
import pkgutil
from collections.abc import Iterator

from shared.errors import SpeechError
from tools.docs.schema import code, table

_HOMES = ("shared", "api")
_INTRODUCTION = """\
# Errors

Every surface answers a fault with one body. `code` is stable, so branch on it; `message` is for
people.

```json
{
  "error": {
    "message": "There is no speaker 'rian'. Known are: vivian, serena, …",
    "type": "invalid_request_error",
    "param": "speaker",
    "code": "unknown_speaker",
    "hint": "GET /v1/speakers lists the speakers."
  }
}
```

`param` names the field at fault, `hint` the next step; both may be null. `queue_full`,
`too_many_jobs` and `queue_unavailable` come with a `Retry-After` header, in seconds. The same
object is the `error` of a failed job and of an `error` message on a WebSocket. In Python,
`shared.client` raises each as the class named here.
"""


def page() -> str:
    """The whole page."""
    rows = [
        (code(kind.code), str(kind.status), code(kind.__name__), _meaning(kind), kind.hint or "")
        for kind in sorted(kinds(), key=lambda kind: (kind.status, kind.code))
    ]
    return f"{_INTRODUCTION}\n{table(('code', 'status', 'class', 'meaning', 'hint'), rows)}\n"


def kinds() -> list[type[SpeechError]]:
    """Every error class of the service, below the base that they share."""
    for home in _HOMES:
        package = importlib.import_module(home)
        for module in pkgutil.walk_packages(package.__path__, f"{home}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
    return list(_below(SpeechError))


def _below(kind: type[SpeechError]) -> Iterator[type[SpeechError]]:
    for child in kind.__subclasses__():
        if child.__module__.partition(".")[0] in _HOMES:
            yield child
        yield from _below(child)


def _meaning(kind: type[SpeechError]) -> str:
    return (kind.__doc__ or "").partition("\n\n")[0]
