"""The rules of a language in their order, and a text read by them."""

import re
from functools import lru_cache

from shared.text.normalise.abbreviations import abbreviations
from shared.text.normalise.addresses import addresses, without_pictures
from shared.text.normalise.amounts import Rule, fractions, measures, money
from shared.text.normalise.counts import (
    chapters,
    counts,
    ordinals,
    ranges,
    signs,
    telephones,
    years,
)
from shared.text.normalise.moments import dates, times
from shared.text.normalise.numerals import cardinal, digits, ordinal
from shared.text.normalise.tongues import TONGUES, Tongue

_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
_WIDE_SIGN = re.compile(r"(?<=\d)[：．](?=\d)|(?<=\d)％")
_NARROW = str.maketrans("：．％", ":.%")
_DIGIT = re.compile(r"[0-9½¼¾⅓⅔]")
_SIGN = re.compile(r"[&@#+=×№º.§]|n°|\b[IVXLC]+\b")
_WITHOUT_POINTS = ("french", "russian")
"""Languages with abbreviations that nothing gives away: `Mme`, `млн`."""
_LETTERS_SAID = frozenset(["characters", "spell-out", "verbatim"])


def spoken(text: str, language: str) -> str:
    """A piece of text as it is read aloud. What is uncertain stays as it is; nothing is raised."""
    tongue = TONGUES[language]
    text = without_pictures(text, tongue)
    if tongue.blankless or language == "korean":
        text = text.translate(_WIDE)
        text = _WIDE_SIGN.sub(lambda sign: sign[0].translate(_NARROW), text)
    if language in _WITHOUT_POINTS or _SIGN.search(text):
        text = _by(_worded(tongue), text)
    return _by(_numbered(tongue), text) if _DIGIT.search(text) else text


def _by(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text


def said_as(text: str, way: str, language: str) -> str:
    """What `<say-as interpret-as="way">` holds, in words; as it is where it does not fit."""
    tongue = TONGUES[language]
    number = re.fullmatch(r"\d{1,40}", re.sub(r"[\s,.]", "", text)) if text.strip() else None
    match way:
        case "digits" | "telephone":
            return digits(text, tongue) if any(c.isdecimal() for c in text) else text
        case "ordinal" if number:
            return ordinal(int(number[0][:12]), tongue)
        case "cardinal" | "number" if number:
            return cardinal(int(number[0]), tongue)
        case _ if way in _LETTERS_SAID:
            return tongue.glue.join(_character(c, tongue) for c in text if not c.isspace())
        case _:
            return spoken(text, language)


def _character(character: str, tongue: Tongue) -> str:
    if character.isdecimal() and character.isascii():
        return cardinal(int(character), tongue)
    words = {".": tongue.dot, "/": tongue.slash, "@": tongue.at, "-": tongue.dash}
    return words.get(character, character.upper())


@lru_cache
def _worded(tongue: Tongue) -> tuple[Rule, ...]:
    """Those that do not need a digit; they come first, for some take digits with them."""
    return (*addresses(tongue), *abbreviations(tongue), *signs(tongue), *chapters(tongue))


@lru_cache
def _numbered(tongue: Tongue) -> tuple[Rule, ...]:
    return (
        *dates(tongue),
        *telephones(tongue),
        *times(tongue),
        *ranges(tongue),
        *fractions(tongue),
        *money(tongue),
        *measures(tongue),
        *ordinals(tongue),
        *years(tongue),
        *counts(tongue),
    )
