"""The methods of the client as tables for `docs/client.md`; run as a module, it writes them."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from shared import client
from shared.client.call import NO_FILES
from shared.settings import ROOT

PAGE = ROOT / "docs" / "client.md"
_BEGIN, _END = "<!-- methods -->", "<!-- end of methods -->"
_PART = re.compile(r"^    (?:# --- (?P<heading>.+) ---|(?:async )?def (?P<name>[a-z]\w*)\()", re.M)
_HEAD = "| method | what it does |\n| --- | --- |\n"


def tables() -> str:
    """One table for each section of each class that blocks; the others have the same methods."""
    kinds = [getattr(client, name) for name in client.__all__]
    blocking = [kind for kind in kinds if kind.__module__ == "shared.client.sync"]
    return "\n".join(_of_class(kind) for kind in sorted(blocking, key=_place))


def written(page: str) -> str:
    """A page with the tables as they are now."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n\n{tables()}\n{_END}{rest.partition(_END)[2]}"


def _place(kind: type) -> tuple[bool, str]:
    return kind is not client.Client, kind.__name__


def _of_class(kind: type) -> str:
    text = f"### {kind.__name__}\n\n{_said(kind)}\n\n"
    return text + "\n".join(_sections(kind))


def _sections(kind: type) -> Iterator[str]:
    """Each with its heading, if it has one; methods in the order of the source."""
    heading, rows = "", dict[str, str]()
    for part in _PART.finditer(inspect.getsource(kind)):
        if name := part["name"]:
            rows[name] = _row(name, getattr(kind, name))
        else:
            yield from _section(heading, rows)
            heading, rows = part["heading"], {}
    yield from _section(heading, rows)


def _section(heading: str, rows: dict[str, str]) -> Iterator[str]:
    if rows:
        title = f"**{heading.capitalize()}**\n\n" if heading else ""
        yield f"{title}{_HEAD}{''.join(rows.values())}"


def _row(name: str, method: Callable[..., Any]) -> str:
    told = inspect.signature(method)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in told.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    shown = str(inspect.Signature(bare)).replace(repr(NO_FILES), "{}")
    return f"| `{name}{shown}` | {_said(method)} |\n"


def _said(thing: Any) -> str:
    """The docstring up to its first empty line, on one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
