"""What the columns of a table mean, whichever engine it comes from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from babel import localedata

from shared import languages

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "key", "keys", "lineid", "localizationkey", "localizationkeys"),
    "character": ("character", "speaker", "speakingvoice", "actor"),
    "text": ("text", "spokendialogue", "line", "source", "sourcestring"),
    "language": ("language", "lang", "locale"),
    "voice": ("voice",),
    "instruct": ("instruct", "direction", "voiceactordirection", "comment"),
    "seed": ("seed",),
    "takes": ("takes",),
    "filename": ("filename", "audiofilename"),
    "context": ("context",),
    "group": ("group",),
    "notes": ("notes",),
    "emotion": ("emotion",),
    "speed": ("speed",),
}
"""Names of each meaning, the likeliest first, without blanks, dashes and capitals: of ours, of Yarn
Spinner's and Godot's string tables, and of Unreal's dialogue scripts (FDialogueScriptEntry)."""

_UNSEEN = re.compile(r"[\s_\-]+")
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_NAMED = re.compile(rf".*\(({_CODE.pattern})\)\s*")
"""Unity's columns: `English (United Kingdom)(en-GB)`."""
_YARN = frozenset({"node", "linenumber", "lock"})
"""Columns that only Yarn Spinner's string tables have."""


@dataclass(frozen=True)
class Locale:
    """A column with the texts of one language."""

    column: str
    code: str
    """As the column has it."""
    language: str | None
    """Canonical; None for one that the model does not speak."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they mean."""

    by_meaning: dict[str, str]
    """A key of `ALIASES` → the column, in the table's words."""
    locales: list[Locale]
    """Only where no column has the text of all languages."""
    unread: list[str]
    """Columns of languages that are kept but not spoken, as another column has the text."""
    strings: bool
    """It is a table of strings for translation, which need not name characters."""

    @classmethod
    def of(cls, names: Iterable[str]) -> "Columns":
        """What the columns of these names mean; those that begin with `_` mean nothing."""
        columns = [name for name in names if not name.startswith(("_", "?"))]
        locales = _locales(columns)
        rest = {_plain(name): name for name in reversed(columns)}
        for locale in locales:
            rest.pop(_plain(locale.column), None)
        found = {
            meaning: rest[alias]
            for meaning in ALIASES
            if (alias := next((it for it in _order(meaning, locales) if it in rest), None))
        }
        spoken = [] if "text" in found else locales
        return cls(
            by_meaning=found,
            locales=spoken,
            unread=[locale.column for locale in locales if locale not in spoken],
            strings=bool(spoken) or not _YARN.isdisjoint(rest),
        )


def recognised(names: Iterable[str]) -> int:
    """How many columns mean something."""
    columns = Columns.of(names)
    return len(columns.by_meaning) + len(columns.locales)


def _order(meaning: str, locales: list[Locale]) -> tuple[str, ...]:
    """In Unity's tables `Key` is the name, and `Id` a number that nobody knows."""
    names = ALIASES[meaning]
    return (*names[1:], names[0]) if meaning == "id" and locales else names


def _locales(columns: list[str]) -> list[Locale]:
    """None where no column is of a language that the model speaks."""
    found = [locale for column in columns if (locale := _locale(column))]
    return found if any(locale.language for locale in found) else []


def _locale(column: str) -> Locale | None:
    name = column.strip()
    if name.lower() in languages.CODES:
        return Locale(column, languages.CODES[name.lower()], name.lower())
    unity = _NAMED.fullmatch(name)
    code = unity[1] if unity else name
    match = _CODE.fullmatch(code)
    if match is None or _plain(code) in ALIASES:
        return None
    base = match[1].lower()
    if base not in languages.NAMES and not localedata.exists(base):
        return None
    return Locale(column, code, languages.NAMES.get(base))


def _plain(name: str) -> str:
    return _UNSEEN.sub("", name).casefold()
