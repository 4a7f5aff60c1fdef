"""Tables of lines, read from CSV, JSON and YAML."""

import csv
import io
import json
import re
from collections import Counter
from typing import Any, Literal, cast

import yaml

from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from shared.manifests.columns import recognised
from shared.manifests.table import Row, Table
from shared.plans.plan import MOST_LINES

Form = Literal["csv", "json", "yaml"]

MOST_COLUMNS = 200
_DELIMITERS = ",;\t|"
_HEAD = 8_192
"""Characters by which the delimiter is told."""
_DEEPEST = 8
"""Levels of YAML within each other; a list of lines has two."""
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
"""What YAML 1.1 takes for nothing, unless it is quoted."""
_YAML = re.compile(r"(?:---\s|%YAML|-\s+(?:\{|[\w\"']+\s*:)|lines\s*:)")
_SEPARATOR = re.compile(r"sep=(.)\n", re.IGNORECASE)
"""What Excel takes for a hint, and counts as no row."""
_LIST = (
    'Send a list of objects, `[{"id": "smith_01", "character": "Blacksmith", "text": "…"}]`, or '
    "an object with such a list as `lines`."
)


def read(text: str, form: Form | None = None) -> Table:
    """The table of a text whose lines end in `\\n`; without a form, it is told from the text.

    Raises NothingToSay for an empty one, UnreadableDocument for a malformed one, naming the line,
    InvalidRequest for one of too many rows or columns.
    """
    if not text.strip():
        raise NothingToSay("The document is empty.")
    match form or form_of(text):
        case "csv":
            return _csv(text)
        case "json":
            return _entries(json_of(text))
        case "yaml":
            return _entries(_yaml(text))


def form_of(text: str) -> Form:
    """How a table is written, told from its beginning."""
    start = text.lstrip()
    if start.startswith("{") or re.match(r"\[\s*[{\]]", start):
        return "json"
    return "yaml" if _YAML.match(start) else "csv"


# --- CSV --------------------------------------------------------------------------------------


def _csv(text: str) -> Table:
    delimiter = None
    if hint := _SEPARATOR.match(text):
        delimiter, text = hint[1], text[hint.end() :]
    # The header is read by itself first: how many cells a row may have is in it.
    reader = csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text), strict=True)
    columns: list[str] = []
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if not columns:
                columns = _header(cells)
            elif any(cell.strip() for cell in cells):
                _require_few(len(rows) + 1)
                rows.append(_row(number, cells, columns))
    except csv.Error as error:
        raise UnreadableDocument(
            f"Row {number + 1} (line {reader.line_num}) is not CSV: {error}.",
            hint='A cell with quotes in it is put in quotes, and they are doubled: "Say ""hi""."',
        ) from error
    return Table([name for name in columns if name], rows)


def _delimiter(text: str) -> str:
    """The one by which most columns mean something; the sniffer's guess where none does."""
    head = text.lstrip("\n").split("\n", 1)[0][:_HEAD]
    known = {sign: recognised(head.replace('"', "").split(sign)) for sign in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda sign: known[sign])
    if known[best] > 1:
        return best
    try:
        return csv.Sniffer().sniff(text[:_HEAD], _DELIMITERS).delimiter
    except csv.Error:
        return max(_DELIMITERS, key=head.count)


def _header(cells: list[str]) -> list[str]:
    """The names of the columns; empty for those without one."""
    names = [cell.strip() for cell in cells]
    _require_columns(len(names))
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise UnreadableDocument(f"There are two columns {min(twice)!r} in the table.")
    return names


def _row(number: int, cells: list[str], columns: list[str]) -> Row:
    nameless = [cell for cell, name in zip(cells, columns, strict=False) if not name]
    extra = [cell.strip() for cell in (*nameless, *cells[len(columns) :]) if cell.strip()]
    if extra:
        raise UnreadableDocument(
            f"Row {number} has more cells than columns: {extra[0][:60]!r} stands in none.",
            hint="A text that holds the delimiter is put in quotes.",
        )
    filled = (*cells, *([""] * (len(columns) - len(cells))))
    return Row(number, {name: cell for name, cell in zip(columns, filled, strict=False) if name})


# --- JSON and YAML ----------------------------------------------------------------------------


def json_of(text: str) -> Any:
    """What a JSON text holds. Raises UnreadableDocument, naming the line."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise UnreadableDocument(
            f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}."
        ) from error
    except RecursionError as error:
        raise UnreadableDocument("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise UnreadableDocument("A number in the JSON has too many digits.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise UnreadableDocument(f"An object in the document has {printable(name)[:60]!r} twice.")
    return found


def _yaml(text: str) -> Any:
    try:
        _require_flat(text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        where = f"Line {error.problem_mark.line + 1}" if error.problem_mark else "The document"
        raise UnreadableDocument(f"{where} is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise UnreadableDocument("The document is not YAML.") from error
    return None if node is None else _value(node)


def _require_flat(text: str) -> None:
    """Refuse what makes much out of little, before anything is made of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableDocument(
                f"Line {line}: anchors and aliases are not taken.", hint="Write each line out."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise UnreadableDocument(f"Line {line} is nested too deeply.", hint=_LIST)


def _value(node: yaml.Node) -> Any:
    """Every scalar in the words of the file: `No` is what somebody says, and `007` an id."""
    if isinstance(node, yaml.MappingNode):
        return _once([(str(_value(key)), _value(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return None if plain and node.value in _NOTHING else node.value


def _entries(found: Any) -> Table:
    if isinstance(found, dict):
        lines = cast(dict[str, Any], found)
        found = next((value for name, value in lines.items() if name.lower() == "lines"), None)
    if not isinstance(found, list):
        raise UnreadableDocument("The document is no list of lines.", hint=_LIST)
    entries = cast(list[Any], found)
    _require_few(len(entries))
    columns: dict[str, None] = {}
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise UnreadableDocument(f"Entry {number} is no object.", hint=_LIST)
        columns |= dict.fromkeys(cast(dict[str, Any], entry))
        _require_columns(len(columns))
    rows = [
        Row(number, {printable(name): _cell(entry.get(name)) for name in columns})
        for number, entry in enumerate(cast(list[dict[str, Any]], entries), 1)
    ]
    names = [printable(name) for name in columns]
    return Table(names, [row for row in rows if any(row.cells.values())], "Entry")


def _cell(value: Any) -> str:
    """A value as a table has it; what is no scalar stays JSON."""
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """JSON may hold half a surrogate pair, which nothing can be written with."""
    return text.encode("utf-8", "replace").decode()


def _require_few(rows: int) -> None:
    if rows > MOST_LINES:
        raise InvalidRequest(
            f"The table has more than {MOST_LINES:,} rows.", hint="Send it in parts."
        )


def _require_columns(count: int) -> None:
    if count > MOST_COLUMNS:
        raise InvalidRequest(
            f"The table has {count} columns; {MOST_COLUMNS} are taken at most.",
            hint="A cell with the delimiter or a line break in it is put in quotes.",
        )
