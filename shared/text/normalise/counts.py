"""Plain numbers in words: cardinals, ordinals, years, ranges, digit strings, Roman numerals."""

import re

from shared.text.normalise.amounts import Rule
from shared.text.normalise.moments import german_ordinal
from shared.text.normalise.numerals import (
    Case,
    Gender,
    Number,
    cardinal,
    digits,
    native_korean,
    ordinal,
    parse,
    spell,
    year,
)
from shared.text.normalise.tongues import LETTER, Tongue
from shared.text.sentences import GERMAN_COUNTED

_START = rf"(?<![{LETTER}.,:/°#+{{])(?<![{LETTER}.,:/][-–−])(?<!\d['’′])"
_END = rf"(?![{LETTER}/°²³]|[-–]\d|[.,:'’′]\d)"

# --- ordinals ---------------------------------------------------------------------------------

_GERMAN_ARTICLE = re.compile(r"\b[Dd](?:er|ie|as|en|em|es) $")
_GERMAN_DAY = re.compile(r"\b(?:[AaIi]m|[Zz]um|[Vv]om) $")
"""`am 3.` may end a sentence; its point is then kept."""
_GERMAN_BEFORE = re.compile(r"\b(?:[Zz]ur|[Ss]eit|[Bb]is|[Aa]b|[Bb]eim|[Ii]ns) $")
_GERMAN_COUNTED = re.compile(rf" (?:[a-zäöü]|{GERMAN_COUNTED})")
_RUSSIAN_ENDINGS: dict[str, tuple[Gender, Case]] = {
    "й": ("m", "n"), "ый": ("m", "n"), "ий": ("m", "n"), "я": ("f", "n"), "ая": ("f", "n"),
    "е": ("n", "n"), "ое": ("n", "n"), "го": ("m", "g"), "ого": ("m", "g"), "му": ("m", "d"),
    "ому": ("m", "d"), "м": ("m", "p"), "ом": ("m", "p"),
}  # fmt: skip


def ordinals(tongue: Tongue) -> list[Rule]:
    """`3rd`, `der 3. Mann`, `2ème`, `1º`, `3-й`, `第3`, `3번째`."""
    match tongue.name:
        case "english":
            pattern = rf"{_START}(\d{{1,6}}|\d{{1,3}}(?:,\d{{3}})+)(?:st|nd|rd|th)\b"
            return [(re.compile(pattern), lambda m: ordinal(_int(m[1]), tongue))]
        case "german":
            pattern = rf"(?<={_BLANK}){_START}(\d{{1,3}})\.(?= [a-zäöüA-ZÄÖÜ]|[“»\"]*\s*$)"
            return [(re.compile(pattern), lambda m: _german(m, tongue))]
        case "french":
            pattern = rf"{_START}(\d{{1,4}})(er|re|ère|ème|eme|nd|nde|e)s?\b"
            return [(re.compile(pattern), lambda m: _french(m, tongue))]
        case "spanish" | "italian" | "portuguese":
            pattern = rf"{_START}(\d{{1,4}})\.?(er\b|[ºª°](?![CF]))"
            return [(re.compile(pattern), lambda m: _iberian(m, tongue))]
        case "russian":
            endings = "|".join(sorted(_RUSSIAN_ENDINGS, key=len, reverse=True))
            pattern = rf"{_START}(\d{{1,4}})-({endings})\b"
            return [(re.compile(pattern), lambda m: _russian(m, tongue))]
        case "korean":
            return [
                (re.compile(r"제 ?(\d{1,6})(?!\d)"), lambda m: ordinal(int(m[1]), tongue)),
                (
                    re.compile(
                        rf"{_START}(\d{{1,2}}) ?(?=번째|시간|살|명|개|마리|권|병|잔|시(?!오))"
                    ),
                    lambda m: f"{native_korean(int(m[1]))} ",
                ),
            ]
        case _:
            return [(re.compile(r"第(\d{1,6})(?!\d)"), lambda m: ordinal(int(m[1]), tongue))]


_BLANK = r"\s"


def _german(match: re.Match[str], tongue: Tongue) -> str:
    before = match.string[: match.start()][-20:]
    counted = _GERMAN_COUNTED.match(match.string[match.end() :][:24])
    article = _GERMAN_ARTICLE.search(before)
    if not (article or _GERMAN_DAY.search(before) or (counted and _GERMAN_BEFORE.search(before))):
        return match[0]
    more = match.string[match.end() :].strip('“»" ')
    ends = not more or not (article or counted)
    return german_ordinal(int(match[1]), tongue, before) + "." * ends


def _french(match: re.Match[str], tongue: Tongue) -> str:
    feminine = match[2] in ("re", "ère")
    return ordinal(int(match[1]), tongue, "f" if feminine else "m")


def _iberian(match: re.Match[str], tongue: Tongue) -> str:
    said = ordinal(int(match[1]), tongue, "f" if match[2] == "ª" else "m")
    return re.sub(r"(primer|tercer)o$", r"\1", said) if match[2] == "er" else said


def _russian(match: re.Match[str], tongue: Tongue) -> str:
    gender, case = _RUSSIAN_ENDINGS[match[2]]
    return ordinal(int(match[1]), tongue, gender, case)


# --- years and ranges -------------------------------------------------------------------------

_IN_YEAR = {
    "english": r"\b(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Bb]efore|[Aa]fter|[Aa]round|[Cc]irca|[Ff]rom"
    r"|[Oo]f|[Yy]ear|January|February|March|April|May|June|July|August|September|October|November"
    r"|December|[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter) $",
    "german": r"\b(?:[Ii]n|[Ii]m|[Ss]eit|[Jj]ahre?|[Bb]is|[Uu]m|[Vv]on|[Aa]b|Januar|Februar|März"
    r"|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember) $",
}


def years(tongue: Tongue) -> list[Rule]:
    """`in 1998`, `the 1990s`; only where years are read unlike other numbers."""
    if tongue.name not in _IN_YEAR:
        return []
    before = re.compile(_IN_YEAR[tongue.name])

    def said(match: re.Match[str]) -> str:
        number = int(match[1])
        likely = before.search(match.string[: match.start()][-12:])
        return year(number, tongue) if likely or number >= 1700 else match[0]

    rules: list[Rule] = [(re.compile(rf"{_START}(1\d\d\d|20\d\d){_END}(?! ?%)"), said)]
    if tongue.name == "english":
        decade = re.compile(rf"{_START}['’]?((?:1[1-9]|20)?[1-9]0)['’]?s\b")
        rules.insert(0, (decade, lambda match: _decade(match[1], tongue)))
    return rules


def _decade(written: str, tongue: Tongue) -> str:
    said = year(int(written), tongue) if len(written) == 4 else cardinal(int(written), tongue)
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def ranges(tongue: Tongue) -> list[Rule]:
    """`5–10`, and `5-10` where it is no score or telephone number (`555-1234`)."""
    pattern = re.compile(
        rf"{_START}({tongue.numeral})( ?[–~〜] ?|-)(?=({tongue.numeral})(?![\d/]|[-–]\d|[.,:]\d))"
    )

    def through(match: re.Match[str]) -> str:
        first, last = parse(match[1], tongue), parse(match[3], tongue)
        is_call = match[2] == "-" and (len(match[1]), len(match[3])) == (3, 4)
        if match[1].startswith("0") or first.value >= last.value or is_call:
            return match[0]
        return f"{match[1]}{tongue.glue}{tongue.through}{tongue.glue}"

    return [(pattern, through)]


# --- everything else --------------------------------------------------------------------------

_TELEPHONE = re.compile(
    rf"(?<![{LETTER}.,:/-])(?:\+\d{{1,3}}|0\d{{1,5}})(?:[ /-]?\(?\d{{1,6}}\)?){{1,6}}"
    r"(?![\w.,:/-]\d)"
)
_AMERICAN = re.compile(
    r"(?<![\w.,:/-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w-]|[.,]\d)"
)
_CHINESE_MOBILE = re.compile(r"(?<![\d.,-])1[3-9]\d{9}(?![\d.,-]\d|\d)")
_SHORTEST_TELEPHONE = 7
_ROMAN = r"(?P<roman>(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b(?!\.\w)"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def telephones(tongue: Tongue) -> list[Rule]:
    """`+49 30 1234567`, `090-1234-5678`: digit by digit, in groups."""

    def said(match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match[0])
        if sum(map(len, groups)) < _SHORTEST_TELEPHONE:
            return match[0]
        comma = "，" if tongue.name == "chinese" else "、" if tongue.name == "japanese" else ", "
        spoken = comma.join(digits(group, tongue) for group in groups)
        return f"{tongue.plus}{tongue.glue}{spoken}" if match[0].startswith("+") else spoken

    rules: list[Rule] = [(_TELEPHONE, said)]
    if tongue.name == "english":
        rules.append((_AMERICAN, said))
    if tongue.name == "chinese":
        rules.append((_CHINESE_MOBILE, lambda match: digits(match[0], tongue)))
    return rules


def chapters(tongue: Tongue) -> list[Rule]:
    """`Chapter IV`; a Roman numeral is one only after such a word."""
    if not tongue.chapters:
        return []
    pattern = re.compile(rf"\b(?P<word>(?i:{tongue.chapters})) {_ROMAN}")
    return [(pattern, lambda m: f"{m['word']} {cardinal(_roman(m['roman']), tongue)}")]


def signs(tongue: Tongue) -> list[Rule]:
    """`№ 5`, `#5`, `#tag`, `a & b`, `2 + 2 = 4`, `3 × 4`."""
    blank = tongue.glue
    lone = {"&": tongue.ampersand, "@": tongue.at}

    def between(match: re.Match[str]) -> str:
        return f"{blank}{lone[match[1]]}{blank}"

    def arithmetic(match: re.Match[str]) -> str:
        words = {"+": tongue.plus, "=": tongue.equals, "×": tongue.times}
        return f"{blank}{words[match[1]]}{blank}"

    return [
        (re.compile(r"(?:№|\bn\.?º|\bn°|#) ?(?=\d)"), lambda _: f"{tongue.number}{blank}"),
        (re.compile(rf"(?<![\w#&])#(?=[^\W\d_])"), lambda _: f"{tongue.hashtag}{blank}"),  # noqa: F541
        (re.compile(r"(?<=\S) ([&@]) (?=\S)"), between),
        (re.compile(r"(?<=[\d\w)]) ([+=×]) (?=[\d(])"), arithmetic),
        (re.compile(r"(?<=\d)(×)(?=\d)"), arithmetic),
    ]


_COUNTED = re.compile(
    "[个個位只隻条條张張本件次天岁歲种種杯瓶辆輛座间間家倍]|分[钟鐘]|小[时時]|公[里斤]"
)
"""What two of are 两 in Chinese; 2月, 2号 and 2楼 are ordinals."""


def counts(tongue: Tongue) -> list[Rule]:
    """Every number that nothing else has taken; what sticks to letters stays as it is."""
    minus = r"(?P<minus>(?<![\w)\]])[-−](?=\d))?"
    end = rf"(?![{LETTER}/°²³]|[-–−][\d]|[.,:'’′]\d)"

    def said(match: re.Match[str]) -> str:
        number = parse(match["number"], tongue)
        follows = match.string[match.end() :][:2]
        if _depends_on_noun(number, follows, tongue):
            return match[0]
        two = tongue.name == "chinese" and match["number"] == "2" and _COUNTED.match(follows)
        words = "两" if two else spell(number, tongue)
        return f"{tongue.minus}{tongue.glue}{words}" if match["minus"] else words

    pattern = rf"{_START}{minus}(?<![.,:/])(?P<number>{tongue.numeral}){end}"
    return [(re.compile(pattern), said)]


def _depends_on_noun(number: Number, follows: str, tongue: Tongue) -> bool:
    """True for `2 toneladas`: the numeral agrees with the noun, whose gender nobody knows here."""
    if number.fraction or not re.fullmatch(r" [^\W\d_]", follows):
        return False
    ones, tens = int(number.whole[-1]), number.whole[-2:]
    match tongue.name:
        case "german" | "italian":
            return number.whole == "1"
        case "french":
            return ones == 1 and tens not in ("11", "71", "91")
        case "spanish":
            return (ones == 1 and tens != "11") or int(number.whole) % 1000 >= 200
        case "portuguese":
            unsure = ones in (1, 2) and tens not in ("11", "12")
            return unsure or int(number.whole) % 1000 >= 200
        case "russian":
            return ones in (1, 2) and tens not in ("11", "12")
        case _:
            return False


def _int(written: str) -> int:
    return int(written.replace(",", ""))


def _roman(written: str) -> int:
    values = [_VALUES[letter] for letter in written]
    return sum(
        -value if any(later > value for later in values[n + 1 : n + 2]) else value
        for n, value in enumerate(values)
    )
