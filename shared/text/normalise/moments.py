"""Dates and times of the day in words."""

import re
from datetime import date

from shared.text.normalise.amounts import Rule
from shared.text.normalise.numerals import (
    Gender,
    cardinal,
    digits,
    form,
    native_korean,
    ordinal,
    year,
)
from shared.text.normalise.tongues import LETTER, Tongue

# --- dates ------------------------------------------------------------------------------------

_INFLECTED = re.compile(
    r"\b(?:am|vom|zum|den|dem|des|im|seit|bis|ab|einem|einen|zur|der|die|das)\s+$", re.IGNORECASE
)
"""German words after which an ordinal ends in -n, or in -e after an article."""
_ARTICLE = re.compile(r"\b(?:der|die|das)\s+$", re.IGNORECASE)


def dates(tongue: Tongue) -> list[Rule]:
    """`2026-03-05`, the language's own order of numbers, and days with a month in words."""
    rules: list[Rule] = [
        (
            re.compile(r"(?<![\w./-])(\d{4})-(\d{2})-(\d{2})(?![\w/]|-\d)"),
            lambda match: _numeric(match, match[3], match[2], match[1], tongue),
        )
    ]
    if tongue.name in ("chinese", "japanese", "korean"):
        return rules + _eastern(tongue)
    rules.append(
        (
            re.compile(r"(?<![\w.,/-])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?![\w/]|[.,]\d)"),
            lambda match: _by_locale(match, tongue),
        )
    )
    return rules + _WRITTEN.get(tongue.name, _romance)(tongue)


def _by_locale(match: re.Match[str], tongue: Tongue) -> str:
    first, second = match[1], match[3]
    month_first = tongue.name == "english" and match[2] == "/" and int(first) <= 12
    day, month = (second, first) if month_first else (first, second)
    return _numeric(match, day, month, match[4], tongue)


def _numeric(match: re.Match[str], day: str, month: str, in_year: str, tongue: Tongue) -> str:
    try:
        date(int(in_year), int(month), int(day))
    except ValueError:
        return match[0]
    return _date(int(day), int(month), int(in_year), tongue, match.string[: match.start()])


def _date(day: int, month: int, in_year: int | None, tongue: Tongue, before: str = "") -> str:
    name = tongue.month(month)
    said_year = year(in_year, tongue) if in_year is not None else ""
    match tongue.name:
        case "english":
            said = f"{name} {ordinal(day, tongue)}"
            return f"{said}, {said_year}" if said_year else said
        case "german":
            return f"{german_ordinal(day, tongue, before)} {name} {said_year}".rstrip()
        case "russian":
            said = f"{ordinal(day, tongue, 'n', 'g')} {name}"
            return f"{said} {ordinal(in_year, tongue, 'm', 'g')} года" if in_year else said
        case "spanish" | "portuguese":
            first = "primeiro" if day == 1 and tongue.name == "portuguese" else ""
            said = f"{first or cardinal(day, tongue)} de {name}"
            return f"{said} de {said_year}" if said_year else said
        case "french" | "italian":
            said_day = ordinal(1, tongue) if day == 1 else cardinal(day, tongue)
            return f"{said_day} {name} {said_year}".rstrip()
        case "korean":
            return f"{said_year}년 {_korean_month(month, tongue)} {cardinal(day, tongue)}일"
        case "japanese":
            era = f"{cardinal(in_year or 0, tongue)}年"
            return f"{era}{cardinal(month, tongue)}月{cardinal(day, tongue)}日"
        case _:
            return f"{said_year}年{cardinal(month, tongue)}月{cardinal(day, tongue)}日"


def german_ordinal(number: int, tongue: Tongue, before: str) -> str:
    """With the ending that what stands before it asks for."""
    near = before[-20:]
    said = ordinal(number, tongue)
    if _ARTICLE.search(near):
        return said
    return f"{said}n" if _INFLECTED.search(near) else f"{said}r"


def _english(tongue: Tongue) -> list[Rule]:
    written = r"(?P<month>[A-Z][a-z]{2,8})"
    point = r"(?:\.(?=,? \d{4}))?"
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\w/:%]|[.,]\d)"
    in_year = r"(?:,? (?P<year>\d{4})(?![\w/:%-]|[.,]\d))?"

    def american(match: re.Match[str]) -> str:
        return _written(match, tongue)

    def british(match: re.Match[str]) -> str:
        number = _month_of(match["month"], tongue)
        if number is None or not 1 <= int(match["day"]) <= 31:
            return match[0]
        the = "" if re.search(r"\bthe $", match.string[: match.start()][-5:], re.I) else "the "
        said = f"{the}{ordinal(int(match['day']), tongue)} of {tongue.month(number)}"
        return f"{said}, {year(int(match['year']), tongue)}" if match["year"] else said

    return [
        (re.compile(rf"\b{written}\.? {day}{in_year}"), american),
        (re.compile(rf"(?<![\w.,/:-]){day} (?:of )?{written}\b{point}{in_year}"), british),
    ]


def _german(tongue: Tongue) -> list[Rule]:
    pattern = (
        r"(?<![\w.,/:-])(?P<day>\d{1,2})\. (?P<month>[A-ZÄ][a-zä]{2,8})\b"
        r"(?: (?P<year>\d{4})(?![\w/:%-]|[.,]\d))?"
    )
    short = re.compile(r"(?<![\w.,/:-])(\d{1,2})\.(\d{1,2})\.(?![\d\w])(?=\s*\S)")

    def day_and_month(match: re.Match[str]) -> str:
        day, month = int(match[1]), int(match[2])
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return match[0]
        return _date(day, month, None, tongue, match.string[: match.start()])

    return [(re.compile(pattern), lambda m: _written(m, tongue)), (short, day_and_month)]


def _romance(tongue: Tongue) -> list[Rule]:
    of = " de " if tongue.name in ("spanish", "portuguese") else " "
    in_year = r" (?:de|del) " if tongue.name in ("spanish", "portuguese") else " "
    pattern = (
        rf"(?<![\w.,/:-])(?P<day>\d{{1,2}})(?:er|º|°)?{of}(?P<month>[^\W\d_]{{3,10}})\b"
        rf"(?:{in_year}(?P<year>\d{{4}})(?![\w/:%-]|[.,]\d))?"
    )
    return [(re.compile(pattern), lambda match: _written(match, tongue))]


def _russian(tongue: Tongue) -> list[Rule]:
    pattern = (
        r"(?<![\w.,/:-])(?P<day>\d{1,2}) (?P<month>[а-я]{3,9})\b"
        r"(?: (?P<year>\d{4})(?: г\.| года\b)?(?![\w/:%-]|[.,]\d))?"
    )
    return [
        (re.compile(pattern), lambda match: _written(match, tongue)),
        (
            re.compile(r"(?<![\w.,/:-])(?P<year>\d{4})(?: (?P<word>г\.|год[ауе]?\b))"),
            lambda match: _russian_year(match, tongue),
        ),
    ]


_RUSSIAN_CASES = (
    (re.compile(r"\bво?\s+$", re.IGNORECASE), "p", "году"),
    (re.compile(r"\b(?:с|до|от|после|около|из)\s+$", re.IGNORECASE), "g", "года"),
    (re.compile(r"\bко?\s+$", re.IGNORECASE), "d", "году"),
)


def _russian_year(match: re.Match[str], tongue: Tongue) -> str:
    before, number = match.string[: match.start()][-12:], int(match["year"])
    written = match["word"]
    for preposition, case, noun in _RUSSIAN_CASES:
        if preposition.search(before) and written in ("г.", noun):
            return f"{ordinal(number, tongue, 'm', case)} {noun}"  # pyright: ignore[reportArgumentType]
    if written in ("г.", "год"):
        return f"{ordinal(number, tongue)} год"
    if written == "года":
        return f"{ordinal(number, tongue, 'm', 'g')} года"
    return match[0]


_WRITTEN = {"english": _english, "german": _german, "russian": _russian}


def _written(match: re.Match[str], tongue: Tongue) -> str:
    """A day and a month in words."""
    number, day = _month_of(match["month"], tongue), int(match["day"])
    if number is None or not 1 <= day <= 31:
        return match[0]
    in_year = int(match["year"]) if match["year"] else None
    return _date(day, number, in_year, tongue, match.string[: match.start()])


def _month_of(word: str, tongue: Tongue) -> int | None:
    return tongue.months.get(word.lower())


def _eastern(tongue: Tongue) -> list[Rule]:
    def year_month_day(match: re.Match[str]) -> str:
        return _numeric(match, match[3], match[2], match[1], tongue)

    full = r"(?<![\w./-])(\d{4})(?:/|\. ?)(\d{1,2})(?:/|\. ?)(\d{1,2})"
    tail = r"(?![A-Za-z\d/]|-\d)" + (r"\.?" if tongue.name == "korean" else "")
    rules: list[Rule] = [(re.compile(full + tail), year_month_day)]
    if tongue.name == "chinese":
        pattern = re.compile(r"(?<!\d)(\d{4})(?= ?年)")
        rules.append((pattern, lambda match: digits(match[1], tongue)))
    if tongue.name == "korean":
        pattern = re.compile(r"(?<!\d)(6|06|10)(?= ?월)")
        rules.append((pattern, lambda match: _korean_month(int(match[1]), tongue)[:-1]))
    return rules


def _korean_month(month: int, tongue: Tongue) -> str:
    return {6: "유월", 10: "시월"}.get(month, f"{cardinal(month, tongue)}월")


# --- times of the day -------------------------------------------------------------------------

_NOT_BEFORE = rf"(?<![{LETTER}.,:/-])"
_NOT_AFTER = r"(?![A-Za-z0-9_/]|[:.,]\d)"
_HOURS = {
    "german": r"(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))? Uhr\b|(?P<h2>\d{1,2}):(?P<m2>\d{2})",
    "french": r"(?P<h>\d{1,2}) ?h(?: ?(?P<m>\d{2}))?|(?P<h2>\d{1,2}):(?P<m2>\d{2})",
    "spanish": r"(?P<h>\d{1,2}):(?P<m>\d{2})(?: ?h\b)?|(?P<h2>\d{1,2})(?P<m2>) ?h\b",
    "italian": r"(?P<h>\d{1,2}):(?P<m>\d{2})|(?<=[Oo]re )(?P<h2>\d{1,2})\.(?P<m2>\d{2})",
    "portuguese": r"(?P<h>\d{1,2}) ?h(?: ?(?P<m>\d{2}))?|(?P<h2>\d{1,2}):(?P<m2>\d{2})(?: ?h\b)?",
}
_OF_HOURS = {
    "german": ("m", ("Uhr",)),
    "french": ("f", ("heure", "heures")),
    "spanish": ("f", ("hora", "horas")),
    "italian": ("f", ("",)),
    "portuguese": ("f", ("hora", "horas")),
    "russian": ("m", ("час", "часа", "часов", "часа")),
}  # fmt: skip


def times(tongue: Tongue) -> list[Rule]:
    """`6:45 p.m.`, `18 h 30`, `8h15`, `7.45 Uhr`."""
    plain = r"(?P<h>\d{1,2}):(?P<m>\d{2})"
    if tongue.name == "english":
        plain += r"(?P<half> ?(?:[ap]\.m\.|[AaPp][Mm]\b))?"
    pattern = re.compile(
        rf"{_NOT_BEFORE}(?:{_HOURS.get(tongue.name, plain)}){_NOT_AFTER}(?![-–]\d)"
    )
    return [(pattern, lambda match: _time(match, tongue))]


def _time(match: re.Match[str], tongue: Tongue) -> str:
    found = match.groupdict()
    hour = int(found["h"] or found.get("h2") or 0)
    written = found["m"] or found.get("m2")
    minute = int(written or 0)
    if hour > 24 or minute > 59:
        return match[0]
    match tongue.name:
        case "english":
            return _english_time(hour, minute, found["half"], tongue)
        case "chinese" | "japanese":
            return _eastern_time(hour, minute, tongue)
        case "korean":
            said = native_korean(hour) if 1 <= hour <= 12 else cardinal(hour, tongue)
            return f"{said} 시 {cardinal(minute, tongue)} 분" if minute else f"{said} 시"
        case "russian":
            if not minute:
                return f"{cardinal(hour, tongue)} {_hours(hour, tongue)}"
            zero = f"{cardinal(0, tongue)} " if minute < 10 else ""
            return f"{cardinal(hour, tongue)} {zero}{cardinal(minute, tongue)}"
        case _:
            return _western_time(hour, minute, tongue, counted=not written)


def _western_time(hour: int, minute: int, tongue: Tongue, counted: bool) -> str:
    """`counted`: no minutes were written, `8 h`, which may be a length of time."""
    gender: Gender = "m" if tongue.name == "german" else "f"
    said, noun = cardinal(hour, tongue, gender), _hours(hour, tongue)
    minutes = cardinal(minute, tongue) if minute else ""
    match tongue.name:
        case "german" | "french":
            return f"{said} {noun} {minutes}".rstrip()
        case "italian":
            return f"{said} e {minutes}" if minute else said
        case "portuguese":
            return f"{said} e {minutes}" if minute else f"{said} {noun}"
        case _:
            return f"{said} y {minutes}" if minute else f"{said} {noun}" if counted else said


def _english_time(hour: int, minute: int, half: str | None, tongue: Tongue) -> str:
    said = cardinal(hour, tongue)
    if minute:
        said += f" oh {cardinal(minute, tongue)}" if minute < 10 else f" {cardinal(minute, tongue)}"
    elif not half:
        said += " o'clock" if 1 <= hour <= 12 else " hundred"
    return f"{said} {half.strip()}" if half else said


def _eastern_time(hour: int, minute: int, tongue: Tongue) -> str:
    noun = "点" if tongue.name == "chinese" else "時"
    said = f"{cardinal(hour, tongue)}{noun}"
    if not minute:
        return said
    zero = "零" if minute < 10 and tongue.name == "chinese" else ""
    return f"{said}{zero}{cardinal(minute, tongue)}分"


def _hours(hour: int, tongue: Tongue) -> str:
    return form(_OF_HOURS[tongue.name][1], hour, tongue)
