"""`docs/configuration.md`: every setting, from the settings class."""

import inspect
import re

from shared.settings import CONFIGS, DEFAULTS, Settings
from tools.docs.schema import code, default, kind, table

_HEADING = re.compile(r"# --- (.+) ---|^    (\w+): ", re.MULTILINE)
_INTRODUCTION = """\
# Configuration

Four layers, each overriding the one before: `configs/default.yaml`, the profile that `PROFILE`
names ({profiles}), `.env` and environment variables, the command line of `python -m api`,
`python -m worker`, `python -m ui` and `make run` (`ARGS='--port 9000'`). In YAML a setting has its
lower-case name, on the command line dashes: `max_queue` is `MAX_QUEUE` and `--max-queue`. A value
out of range stops the start with one line that names the key, the place and the choices; so does an
unknown name, but for one in the environment, which holds names of others too.
"""


def page() -> str:
    """The whole page."""
    files = sorted(path for path in CONFIGS.glob("*.yaml") if path != DEFAULTS)
    profiles = ", ".join(code(path.stem) for path in files)
    parts = [_INTRODUCTION.format(profiles=profiles)]
    for heading, names in groups().items():
        parts.append(f"## {heading.capitalize()}\n\n{_full(names)}\n")
    return "\n".join(parts)


def summary() -> str:
    """The table of the README: variable, default, meaning in a sentence."""
    rows = [
        (code(name.upper()), _default(name), _meaning(name).split("\n\n")[0])
        for names in groups().values()
        for name in names
    ]
    return table(("variable", "default", "meaning"), rows)


def groups() -> dict[str, list[str]]:
    """The settings under the headings that part them in the class."""
    found: dict[str, list[str]] = {}
    heading = "profile"
    for match in _HEADING.finditer(inspect.getsource(Settings)):
        heading = match[1] or heading
        if match[2] in Settings.model_fields:
            found.setdefault(heading, []).append(match[2])
    return found


def _full(names: list[str]) -> str:
    rows = [
        (code(name), code(name.upper()), kind(_schema(name)), _default(name), _meaning(name))
        for name in names
    ]
    return table(("setting", "variable", "values", "default", "meaning"), rows)


def _schema(name: str) -> dict[str, object]:
    return Settings.model_json_schema()["properties"][name]


def _default(name: str) -> str:
    return default(_schema(name), required=False)


def _meaning(name: str) -> str:
    return Settings.model_fields[name].description or ""
