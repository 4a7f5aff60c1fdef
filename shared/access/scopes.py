"""What a key may be good for."""

from typing import Literal

Scope = Literal["speak", "voices", "admin", "metrics"]

SCOPES: dict[Scope, str] = {
    "speak": "submit and follow jobs, listen, look at voices, jobs and outputs, throw outputs away",
    "voices": "create, change, export and delete voices and presets",
    "admin": "load, unload and download checkpoints, clear caches, clean up outputs, see status",
    "metrics": "let Prometheus read the metrics of the API",
}
"""Each by what it is for. None holds another: a key names all that it has."""
EVERY: frozenset[Scope] = frozenset(SCOPES)
