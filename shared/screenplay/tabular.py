"""Scripts as tables: CSV, and JSON with an object for each line."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from shared.errors import InvalidRequest, UnreadableDocument
from shared.manifests import reading as manifest
from shared.screenplay.directions import directed, direction, name_of
from shared.screenplay.elements import Action, Aside, Element, Script, Span, Speech, Words
from shared.voices import naming

_ALIASES = {
    "speaker": "speaker character name who role actor cast person part sprecher figur personnage "
    "personaje personagem personaggio персонаж 角色 说话人 話者 キャラクター 화자",
    "text": "text line dialogue dialog content utterance says said speech words message zeile "
    "réplique texte texto línea fala testo battuta реплика текст 台词 文本 台詞 セリフ 대사",
    "instruct": "instruct instruction instructions direction directions style parenthetical tone "
    "delivery emotion mood anweisung stimmung indication",
    "voice": "voice voice_id voice_name voiceid stimme voix voz voce голос 声音 声 목소리",
    "pause_after": "pause_after pause pauseafter pause_seconds pause_after_seconds",
}
"""Our columns, and what others call them; the first found counts."""
_COLUMNS = {alias: ours for ours, words in _ALIASES.items() for alias in words.split()}
_REQUIRED = ("speaker", "text")
_SEPARATORS = ",;\t|"
_LONGEST_CELL = 1_000_000
_LONGEST_PAUSE = 600.0
_LISTS = ("lines", "script", "dialogue", "dialog", "items", "rows", "entries")
"""Keys under which the list of lines stands in a JSON object."""
_NO_LINE = "It has no text."
_ROW = "Row"
_ITEM = "Item"
_SHOWN = 20
"""Columns named in an error."""


def is_table(text: str) -> bool:
    """Whether the first line names the columns of a script."""
    first = text.lstrip("\n").split("\n", 1)[0]
    if len(first) > 2_000 or not any(mark in first for mark in _SEPARATORS):
        return False
    ours = {_ours(cell.strip(' "')) for cell in first.split(_separator(first))}
    return ours >= set(_REQUIRED)


def read_csv(text: str) -> Script:
    """The script of a table whose first row names its columns.

    Rows count as a spreadsheet counts them, from 1 with the names. Raises UnreadableDocument,
    InvalidRequest for a missing column or a cell that is wrong, naming the row.
    """
    rows = _rows(text)
    header = next(rows, None) or []
    columns = _Columns.of([name.strip() for name in header], "column")
    elements: list[Element] = []
    for number, cells in enumerate(rows, 2):
        found = {column: cells[at] for column, at in columns.places.items() if at < len(cells)}
        elements += _row(found, number, _ROW)
        if beyond := [cell for cell in cells[len(header) :] if cell.strip()]:
            words = Words.of([Span(cell, number) for cell in beyond])
            elements.append(Aside(words, "It stands in cells beyond the last column."))
    return Script(elements, warnings=columns.warnings, unit=_ROW)


def read_json(text: str) -> Script:
    """The script of a list of objects, or of an object that has such a list as `lines`.

    Raises UnreadableDocument, InvalidRequest for an item that is wrong, naming it.
    """
    found = manifest.json_of(text)
    title = ""
    if isinstance(found, dict):
        whole = cast(dict[str, Any], found)
        title = str(whole.get("title") or "")[:200]
        found = next((whole[key] for key in _LISTS if isinstance(whole.get(key), list)), None)
    if not isinstance(found, list):
        raise InvalidRequest(
            "The JSON is no list of lines.",
            param="source",
            hint='Send [{"speaker": "ANNA", "text": "Hello."}], or an object with it as `lines`.',
        )
    return _of_items(cast(list[Any], found), title)


# --- CSV ---


def _rows(text: str) -> Iterator[list[str]]:
    """Rows that are not empty keep their number, and so do those that are."""
    head = text.lstrip("\n").split("\n", 1)[0]
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(head), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise UnreadableDocument(
            f"Line {reader.line_num} of the table: {error}.",
            param="source",
            hint="Put cells that have the separator or quotation marks in them in quotation marks.",
        ) from error


def _separator(head: str) -> str:
    return max(_SEPARATORS, key=head.count)


@dataclass(frozen=True)
class _Columns:
    places: Mapping[str, int]
    """Ours → its place."""
    warnings: list[str]

    @classmethod
    def of(cls, names: Sequence[str], what: str) -> "_Columns":
        """Raises InvalidRequest for one that is missing, naming it and those that are there."""
        places: dict[str, int] = {}
        unused: list[str] = []
        for at, name in enumerate(names):
            ours = _ours(name)
            if ours and ours not in places:
                places[ours] = at
            elif name:
                unused.append(name)
        for wanted in _REQUIRED:
            if wanted not in places:
                there = ", ".join(name[:40] for name in names[:_SHOWN] if name) or "none"
                raise InvalidRequest(
                    f"The table has no {what} `{wanted}`. Its {what}s are: {there}.",
                    param="source",
                    hint="Name the columns in the first row: speaker, text, and if you like "
                    "instruct, voice, pause_after.",
                )
        return cls(places, _unused(unused))


def _ours(name: str) -> str | None:
    return _COLUMNS.get("_".join(naming.folded(name.strip()).replace("-", " ").split()))


def _unused(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(name[:40] for name in names[:_SHOWN])
    return [f"Nothing is made of these columns: {shown}."]


# --- JSON ---


def _of_items(items: Sequence[Any], title: str) -> Script:
    elements: list[Element] = []
    unused: dict[str, None] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise InvalidRequest(f"Item {number} is no object with `text`.", param="source")
        found: dict[str, Any] = {}
        for key, value in cast(dict[str, Any], item).items():
            if (ours := _ours(key)) and ours not in found:
                found[ours] = value
            else:
                unused[key] = None
        if "text" not in found:
            there = ", ".join(key[:40] for key in [*cast(dict[str, Any], item)][:_SHOWN]) or "none"
            raise InvalidRequest(
                f"Item {number} has no `text`. Its keys are: {there}.", param="source"
            )
        elements += _row(found, number, _ITEM)
    return Script(elements, title, warnings=_unused(list(unused)), unit=_ITEM)


# --- rows of either ---


def _row(found: Mapping[str, Any], number: int, what: str) -> Iterator[Element]:
    speaker = _text(found, "speaker", number, what)
    text = Words.of([Span(line, number) for line in _text(found, "text", number, what).split("\n")])
    pause = _pause(found, number, what)
    if not text.spans:
        if found:
            yield Aside(Words((Span(speaker, number),)), _NO_LINE)
        return
    if not speaker:
        yield Action(text)
        return
    name, beside = name_of(Words((Span(speaker, number),)))
    instruct = Words.of([Span(_text(found, "instruct", number, what), number)])
    yield replace(
        Speech(name, Span(speaker, number)),
        parts=(*beside, *(direction(instruct) if instruct.spans else ()), *directed(text)),
        voice=_text(found, "voice", number, what) or None,
        pause_after=pause,
    )


def _text(found: Mapping[str, Any], column: str, number: int, what: str) -> str:
    value = found.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{what} {number}: `{column}` is no text.", param="source")
    return manifest.printable(value).strip()


def _pause(found: Mapping[str, Any], number: int, what: str) -> float | None:
    value = found.get("pause_after")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if isinstance(value, str) and math.isnan(seconds):
        seconds = _comma(value)
    if not 0 <= seconds <= _LONGEST_PAUSE:
        raise InvalidRequest(
            f"{what} {number}: `pause_after` is {str(value)[:40]!r}; it takes seconds from 0 to "
            f"{_LONGEST_PAUSE:g}.",
            param="source",
        )
    return seconds


def _comma(value: str) -> float:
    """`0,8` as it is written where numbers have commas."""
    try:
        return float(value.strip().replace(",", "."))
    except ValueError:
        return math.nan
