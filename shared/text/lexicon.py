"""Words and how they are to be read, from `configs/lexicon/` and from requests."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from shared import languages, strict_yaml
from shared.errors import ConfigurationError
from shared.text.clean import clean, has_speech

FOLDER = Path(__file__).resolve().parent.parent.parent / "configs" / "lexicon"

_BLANKLESS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Scripts in which a word may stand in the middle of others; Korean ones take endings."""
_UNIT = re.compile(rf"[{_BLANKLESS}]|[^\W{_BLANKLESS}]+|[^\w\s]")
_WORD_CHARACTER = re.compile(rf"[^\W{_BLANKLESS}]")

_Spelling = Annotated[str, Field(min_length=1, max_length=200)]
_ENTRIES = TypeAdapter(dict[_Spelling, _Spelling], config=ConfigDict(strict=True))


@dataclass(frozen=True)
class Entry:
    """A word that was found: `text[start:end]` is read as `spelling`."""

    start: int
    end: int
    spelling: str


class Lexicon:
    """Words, the longest first, found in one pass however many there are."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._by_first: dict[str, list[tuple[str, str, bool]]] = {}
        for word, spelling in entries.items():
            written, said = clean(word)[0], clean(spelling)[0]
            first = _UNIT.search(written)
            if first and said:
                exact = written != written.lower()
                known = self._by_first.setdefault(first[0].casefold(), [])
                known.append((written, said, exact))
        for known in self._by_first.values():
            known.sort(key=lambda entry: (len(entry[0]), entry[2]), reverse=True)

    def find(self, text: str) -> Iterator[Entry]:
        """Entries in order, none within another."""
        if not self._by_first:
            return
        end = 0
        for unit in _UNIT.finditer(text):
            known = self._by_first.get(unit[0].casefold())
            if not known or unit.start() < end:
                continue
            found = _longest(text, unit.start(), known)
            if found:
                end = found.end
                yield found


def read(file: Path) -> dict[str, str]:
    """The entries of a file. Raises ConfigurationError, which names the file and the key."""
    entries = strict_yaml.read(file, _ENTRIES, lambda found: {} if found is None else found)
    for word, spelling in entries.items():
        if not has_speech(word) or not has_speech(spelling):
            raise ConfigurationError(f"{word} in {file}: There is nothing to say in it.")
    return entries


def read_all(folder: Path) -> dict[str, dict[str, str]]:
    """The entries of each language that has a file. Raises ConfigurationError."""
    lexica: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.yaml")):
        if file.stem not in languages.CODES:
            known = ", ".join(languages.CODES)
            raise ConfigurationError(f"{file} is named for no language; there are {known}.")
        lexica[file.stem] = read(file)
    return lexica


def of(language: str, more: Mapping[str, str] | None = None) -> Lexicon:
    """The lexicon of a language, with entries of a request that go before its own."""
    return Lexicon({**LEXICA.get(language, {}), **more}) if more else _OWN[language]


def _longest(text: str, start: int, known: list[tuple[str, str, bool]]) -> Entry | None:
    for written, said, exact in known:
        end = start + len(written)
        found = text[start:end]
        fits = found == written or (not exact and found.casefold() == written.casefold())
        if fits and not _goes_on(text, end):
            return Entry(start, end, said)
    return None


def _goes_on(text: str, end: int) -> bool:
    """True in the middle of a word."""
    return bool(
        end < len(text)
        and _WORD_CHARACTER.match(text[end - 1])
        and _WORD_CHARACTER.match(text[end])
    )


def _required(folder: Path) -> dict[str, dict[str, str]]:
    """The lexica, so that no process starts with one that is broken.

    This happens while modules are loaded, before any program could say what is wrong.
    """
    try:
        return read_all(folder)
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(2) from error


LEXICA: dict[str, dict[str, str]] = _required(FOLDER)
_OWN = {language: Lexicon(LEXICA.get(language, {})) for language in languages.CODES}
