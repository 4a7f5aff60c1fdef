"""Numbers in words, by num2words and, for Chinese, cn2an."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, cast

import num2words as _num2words  # pyright: ignore[reportMissingTypeStubs]

from shared.text.normalise.tongues import Tongue

Gender = Literal["", "m", "f", "n"]
"""Of the noun that follows; empty where none does."""
Case = Literal["n", "g", "d", "p"]

_MOST_DIGITS = 12
"""Longer numbers are read digit by digit: nobody follows them otherwise."""
_SINGLE_DIGITS = ("english", "german", "chinese", "japanese", "korean", "russian")
"""Languages in which what follows the decimal separator is read digit by digit."""


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    whole: str
    """Digits."""
    fraction: str = ""
    """Digits after the decimal separator, if any."""

    @property
    def value(self) -> Decimal:
        """Its value."""
        return Decimal(f"{self.whole}.{self.fraction}" if self.fraction else self.whole)


def parse(written: str, tongue: Tongue) -> Number:
    """What `tongue.numeral` matched."""
    whole, _, fraction = written.partition(tongue.decimal)
    return Number(re.sub(r"\D", "", whole), fraction)


@lru_cache(maxsize=20_000)
def plural(value: Decimal | int, tongue: Tongue) -> str:
    """The plural form of CLDR that goes with a number: `one`, `few`, `many`, `other`."""
    return str(tongue.babel.plural_form(value))


def form(forms: tuple[str, ...], value: Decimal | int, tongue: Tongue) -> str:
    """The one of `forms` (one, few, many, other; or one, other; or only one) that fits."""
    order = ("one", "few", "many", "other") if len(forms) == 4 else ("one", "other")
    kind = plural(value, tongue)
    place = order.index(kind) if kind in order else -1
    return forms[min(place, len(forms) - 1)]


@lru_cache(maxsize=20_000)
def cardinal(number: int, tongue: Tongue, before: Gender = "") -> str:
    """`one hundred and five`; the form that stands before a noun where one follows."""
    if len(str(abs(number))) > _MOST_DIGITS:
        return digits(str(abs(number)), tongue)
    if tongue.name == "chinese":
        # A tenth of a second to import, of every process that may never meet Chinese.
        import cn2an  # pyright: ignore[reportMissingTypeStubs]

        return str(cast(Any, cn2an).an2cn(str(number)))
    options = {"gender": before} if tongue.name == "russian" and before else {}
    words = _words(number, tongue, "cardinal", **options)
    return _before(words, number, tongue.name, before)


@lru_cache(maxsize=20_000)
def ordinal(number: int, tongue: Tongue, gender: Gender = "m", case: Case = "n") -> str:
    """`third`; in Russian in a case of its own, elsewhere masculine or feminine."""
    match tongue.name:
        case "chinese" | "japanese":
            return f"第{cardinal(number, tongue)}"
        case "korean":
            return f"제{cardinal(number, tongue)}"
        case "russian":
            options = {"gender": gender or "m", "case": case}
            return _words(number, tongue, "ordinal", **options)
        case "french":
            return "première" if number == 1 and gender == "f" else _plain(number, tongue)
        case "spanish" | "portuguese" | "italian" if gender == "f":
            words = _plain(number, tongue).split(" ")
            return " ".join(f"{word[:-1]}a" if word.endswith("o") else word for word in words)
        case _:
            return _plain(number, tongue)


@lru_cache(maxsize=5_000)
def year(number: int, tongue: Tongue) -> str:
    """`nineteen ninety-eight`."""
    match tongue.name:
        case "english" | "german":
            return _words(number, tongue, "year").replace("oh-", "oh ")
        case "chinese":
            return digits(str(number), tongue)
        case _:
            return cardinal(number, tongue)


def digits(text: str, tongue: Tongue) -> str:
    """Digit by digit; everything else in `text` is left out."""
    zero = {"korean": "공", "japanese": "ゼロ"}.get(tongue.name)
    said = [zero if d == "0" and zero else cardinal(int(d), tongue) for d in text if d.isdecimal()]
    return ("" if tongue.name == "korean" else tongue.glue).join(said)


def spell(number: Number, tongue: Tongue, before: Gender = "") -> str:
    """A number in words, whole or decimal."""
    if not number.fraction:
        if len(number.whole) > 1 and number.whole.startswith("0"):
            return digits(number.whole, tongue)
        return cardinal(int(number.whole), tongue, before)
    if tongue.name == "russian" and len(number.fraction) <= 3 and int(number.fraction):
        return _words(f"{int(number.whole)}.{number.fraction}", tongue, "cardinal")
    fraction = _fraction(number.fraction, tongue)
    blank = "" if tongue.blankless else " "
    whole = cardinal(int(number.whole), tongue)
    return f"{whole}{blank}{tongue.point}{blank}{fraction}"


def _fraction(written: str, tongue: Tongue) -> str:
    significant = written.lstrip("0")
    if tongue.name in _SINGLE_DIGITS or len(significant) > 2 or not significant:
        zero = "영" if tongue.name == "korean" else cardinal(0, tongue)
        said = [zero if d == "0" else cardinal(int(d), tongue) for d in written]
        return tongue.glue.join(said)
    zeros = [cardinal(0, tongue)] * (len(written) - len(significant))
    return " ".join([*zeros, cardinal(int(significant), tongue)])


def _plain(number: int, tongue: Tongue) -> str:
    return _words(number, tongue, "ordinal")


def _words(number: int | str, tongue: Tongue, to: str, **options: str) -> str:
    said = str(cast(Any, _num2words).num2words(number, lang=tongue.code, to=to, **options))
    return said.replace(",", "")


def _before(words: str, number: int, language: str, gender: Gender) -> str:
    """`eins` is `ein` before a noun, and so on in each language."""
    if not gender:
        return words
    feminine = gender == "f"
    match language:
        case "german" if number == 1:
            return "eine" if feminine else "ein"
        case "french" if feminine and re.search(r"\bun$", words):
            return f"{words}e"
        case "spanish" if words.endswith("uno"):
            short = re.sub(r"veintiuno$", "veintiún", words)
            return f"{words[:-1]}a" if feminine else re.sub(r"uno$", "un", short)
        case "italian" if number == 1:
            return "una" if feminine else "un"
        case "portuguese" if feminine:
            words = re.sub(r"\bum$", "uma", re.sub(r"\bdois$", "duas", words))
            return re.sub(r"(?<=[dtr])(?:z)?entos\b", lambda m: m[0].replace("os", "as"), words)
        case _:
            return words


_KOREAN_ONES = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"]
_KOREAN_TENS = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"]


def native_korean(number: int) -> str:
    """What counts things and hours, up to 99: `스물한`."""
    if number == 20:
        return "스무"
    return (_KOREAN_TENS[number // 10] + _KOREAN_ONES[number % 10]) or "영"
