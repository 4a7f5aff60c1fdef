"""Money, measures, percentages and fractions in words."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal, get_currency_name
from babel.units import format_unit

from shared.text.normalise.numerals import Gender, Number, cardinal, form, parse, spell
from shared.text.normalise.tongues import LETTER, Tongue

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
"""What is looked for, and what is said for it."""

# --- money ------------------------------------------------------------------------------------

_SIGNS = {
    "US$": "USD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY",
    "₽": "RUB", "₩": "KRW", "₹": "INR",
}  # fmt: skip
_SIGN = r"US\$|R\$|[$€£¥￥₽₩₹]|(?:USD|EUR|GBP|JPY|CNY|CHF|BRL|RUB|KRW|INR)(?![A-Za-z])"

_Noun = tuple[Gender, tuple[str, ...]]
_CENT_RU: _Noun = ("m", ("цент", "цента", "центов", "цента"))
_MONEY: dict[str, dict[str, tuple[_Noun, _Noun]]] = {
    "english": {
        "USD": (("", ("dollar", "dollars")), ("", ("cent", "cents"))),
        "EUR": (("", ("euro", "euros")), ("", ("cent", "cents"))),
        "GBP": (("", ("pound", "pounds")), ("", ("penny", "pence"))),
    },
    "german": {
        "USD": (("m", ("Dollar",)), ("m", ("Cent",))),
        "EUR": (("m", ("Euro",)), ("m", ("Cent",))),
        "GBP": (("n", ("Pfund",)), ("m", ("Penny", "Pence"))),
    },
    "french": {
        "USD": (("m", ("dollar", "dollars")), ("m", ("cent", "cents"))),
        "EUR": (("m", ("euro", "euros")), ("m", ("centime", "centimes"))),
        "GBP": (("f", ("livre", "livres")), ("m", ("penny", "pence"))),
    },
    "spanish": {
        "USD": (("m", ("dólar", "dólares")), ("m", ("centavo", "centavos"))),
        "EUR": (("m", ("euro", "euros")), ("m", ("céntimo", "céntimos"))),
        "GBP": (("f", ("libra", "libras")), ("m", ("penique", "peniques"))),
    },
    "italian": {
        "USD": (("m", ("dollaro", "dollari")), ("m", ("centesimo", "centesimi"))),
        "EUR": (("m", ("euro",)), ("m", ("centesimo", "centesimi"))),
        "GBP": (("f", ("sterlina", "sterline")), ("m", ("penny", "pence"))),
    },
    "portuguese": {
        "USD": (("m", ("dólar", "dólares")), ("m", ("centavo", "centavos"))),
        "EUR": (("m", ("euro", "euros")), ("m", ("cêntimo", "cêntimos"))),
        "GBP": (("f", ("libra", "libras")), ("m", ("penny", "pence"))),
        "BRL": (("m", ("real", "reais")), ("m", ("centavo", "centavos"))),
    },
    "russian": {
        "USD": (("m", ("доллар", "доллара", "долларов", "доллара")), _CENT_RU),
        "EUR": (("m", ("евро",)), _CENT_RU),
        "GBP": (
            ("m", ("фунт", "фунта", "фунтов", "фунта")),
            ("m", ("пенс", "пенса", "пенсов", "пенса")),
        ),
        "RUB": (
            ("m", ("рубль", "рубля", "рублей", "рубля")),
            ("f", ("копейка", "копейки", "копеек", "копейки")),
        ),
    },
    "chinese": {"CNY": (("", ("元",)), ("", ("分",)))},
    "japanese": {"USD": (("", ("ドル",)), ("", ("セント",)))},
    "korean": {
        "USD": (("", ("달러",)), ("", ("센트",))),
        "JPY": (("", ("엔",)), ("", ("센",))),
        "KRW": (("", ("원",)), ("", ("전",))),
    },
}
"""Names as they are said, where Babel's are too formal: major and minor unit."""
_LARGE = {
    "english": "thousand|million|billion|trillion",
    "german": "Tausend|Million|Millionen|Milliarde|Milliarden",
}
_SHORT_LARGE = {"k": "thousand", "m": "million", "bn": "billion"}
"""As English sticks them to a sum: `£5m`."""


_ENDS = re.compile(r"\s*(?:$|[A-ZА-ЯЁ])")
"""After an abbreviation that ends a sentence."""


def money(tongue: Tongue) -> list[Rule]:
    """`$3.50`, `12,50 €`, `EUR 5`, `$5 million`; a sum that letters stick to stays as it is."""
    large = _LARGE.get(tongue.name)
    more = rf"(?: (?P<large>{large})(?![a-z]))?" if large else ""
    short = r"(?P<short>[kKmM]|bn)?" if tongue.name == "english" else ""
    end = rf"(?![{LETTER}]|[.,]\d)"
    before = rf"(?<![{LETTER}$])(?P<sign>{_SIGN}) ?(?P<number>{tongue.numeral}){short}{more}{end}"
    after = rf"(?<![{LETTER}.,:/-])(?P<number>{tongue.numeral}){more} ?(?P<sign>{_SIGN}|руб\.|₽)"
    return [
        (re.compile(before), lambda match: _money(match, tongue)),
        (re.compile(after), lambda match: _money(match, tongue)),
    ]


def _money(match: re.Match[str], tongue: Tongue) -> str:
    code = "RUB" if match["sign"] == "руб." else _SIGNS.get(match["sign"], match["sign"])
    if code == "JPY" and tongue.name == "chinese" and match["sign"] in "¥￥":
        code = "CNY"
    number = parse(match["number"], tongue)
    found = match.groupdict()
    large = found.get("large") or _SHORT_LARGE.get((found.get("short") or "").lower())
    if large:
        return f"{spell(number, tongue)} {large} {_name(code, Decimal(1_000_000), tongue)}"
    known = _MONEY[tongue.name].get(code)
    ends = match["sign"].endswith(".") and _ENDS.match(match.string, match.end())
    point = "." if ends else ""
    if known and len(number.fraction) == 2 and tongue.name != "chinese":
        return _with_cents(number, known, tongue) + point
    gender = known[0][0] if known else "m"
    said = spell(_short(number), tongue, gender)
    return f"{said}{tongue.glue}{_name(code, _short(number).value, tongue)}{point}"


def _with_cents(number: Number, money: tuple[_Noun, _Noun], tongue: Tongue) -> str:
    (gender, names), (minor_gender, minor_names) = money
    whole, cents = int(number.whole), int(number.fraction)
    glue = tongue.glue
    major = f"{cardinal(whole, tongue, gender)}{glue}{form(names, whole, tongue)}"
    minor = f"{cardinal(cents, tongue, minor_gender)}{glue}{form(minor_names, cents, tongue)}"
    if not cents:
        return major
    if not whole:
        return minor
    match tongue.name:
        case "english":
            return f"{major} and {minor}"
        case "german" | "french":
            return f"{major} {cardinal(cents, tongue)}"
        case "spanish":
            return f"{major} con {minor}"
        case "italian" | "portuguese":
            return f"{major} e {minor}"
        case _:
            return f"{major}{glue}{minor}"


def _name(code: str, value: Decimal, tongue: Tongue) -> str:
    known = _MONEY[tongue.name].get(code)
    if known:
        return form(known[0][1], value, tongue)
    return get_currency_name(code, count=value, locale=tongue.locale)


def _short(number: Number) -> Number:
    """Without zeros at the end, which nobody says."""
    return Number(number.whole, number.fraction.rstrip("0"))


# --- measures ---------------------------------------------------------------------------------

_UNITS = {
    "km/h": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour",
    "km²": "area-square-kilometer", "km2": "area-square-kilometer", "km": "length-kilometer",
    "cm": "length-centimeter", "mm": "length-millimeter", "m/s": "speed-meter-per-second",
    "m²": "area-square-meter", "m2": "area-square-meter", "m³": "volume-cubic-meter",
    "m3": "volume-cubic-meter", "m": "length-meter", "mph": "speed-mile-per-hour",
    "mi": "length-mile", "ft": "length-foot", "lbs.": "mass-pound", "lb.": "mass-pound",
    "lbs": "mass-pound", "lb": "mass-pound", "oz.": "mass-ounce", "oz": "mass-ounce",
    "kg": "mass-kilogram", "mg": "mass-milligram", "g": "mass-gram", "t": "mass-tonne",
    "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "l": "volume-liter", "L": "volume-liter", "ha": "area-hectare",
    "°C": "temperature-celsius", "℃": "temperature-celsius", "°F": "temperature-fahrenheit",
    "℉": "temperature-fahrenheit", "°": "angle-degree", "kB": "digital-kilobyte",
    "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte",
    "TB": "digital-terabyte", "Hz": "frequency-hertz", "kHz": "frequency-kilohertz",
    "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz", "kWh": "energy-kilowatt-hour",
    "kW": "power-kilowatt", "MW": "power-megawatt", "W": "power-watt", "V": "electric-volt",
    "hPa": "pressure-hectopascal", "min": "duration-minute", "ms": "duration-millisecond",
    "км/ч": "speed-kilometer-per-hour", "м/с": "speed-meter-per-second",
    "км": "length-kilometer", "см": "length-centimeter", "мм": "length-millimeter",
    "м": "length-meter", "кг": "mass-kilogram", "мл": "volume-milliliter", "л": "volume-liter",
    "мин": "duration-minute", "ГБ": "digital-gigabyte", "МБ": "digital-megabyte",
    "кВт": "power-kilowatt",
}  # fmt: skip
"""Signs and the units of CLDR that they stand for."""
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_FEMININE = {
    "german": ("Tonne", "Meile", "Unze", "Minute", "Millisekunde", "Kilowattstunde"),
    "french": ("livre", "once", "tonne", "minute", "milliseconde"),
    "spanish": ("libra", "onza", "tonelada", "milla"),
    "italian": ("libbra", "oncia", "tonnellata"),
    "portuguese": ("libra", "onça", "tonelada", "milha"),
    "russian": ("тонна", "тонны", "унция", "унции", "миля", "мили", "минута", "минуты",
                "миллисекунда", "миллисекунды"),
}  # fmt: skip
_SAID = {
    "chinese": {
        "length-kilometer": "{}公里", "length-meter": "{}米", "length-centimeter": "{}厘米",
        "length-millimeter": "{}毫米", "length-mile": "{}英里", "length-foot": "{}英尺",
        "volume-liter": "{}升", "volume-milliliter": "{}毫升", "volume-centiliter": "{}厘升",
        "area-square-meter": "{}平方米", "area-square-kilometer": "{}平方公里",
        "volume-cubic-meter": "{}立方米", "area-hectare": "{}公顷", "duration-minute": "{}分钟",
        "mass-tonne": "{}吨", "mass-milligram": "{}毫克", "energy-kilowatt-hour": "{}千瓦时",
        "power-kilowatt": "{}千瓦", "power-watt": "{}瓦", "digital-gigabyte": "{}GB",
        "digital-megabyte": "{}MB", "digital-kilobyte": "{}KB", "digital-terabyte": "{}TB",
    },
    "japanese": {"angle-degree": "{}度", "duration-minute": "{}分", "duration-millisecond":
                 "{}ミリ秒"},
    "korean": {"duration-minute": "{}분", "duration-millisecond": "{}밀리초", "mass-tonne":
               "{}톤"},
    "portuguese": {"mass-tonne": "{} toneladas"},
}  # fmt: skip
"""Where Babel has no name, or one that nobody says."""


def measures(tongue: Tongue) -> list[Rule]:
    """`52 km/h`, `2.5 kg`, `-3 °C`, `50 %`."""
    start = rf"(?<![{LETTER}.,:/])(?<![{LETTER}]-)(?P<minus>[-−])?(?P<number>{tongue.numeral})"
    return [
        (
            re.compile(rf"{start} ?(?P<unit>{_UNIT})(?![{LETTER}²³/])"),
            lambda match: _measure(match, tongue),
        ),
        (re.compile(rf"{start} ?[%％]"), lambda match: _percent(match, tongue)),
    ]


def _measure(match: re.Match[str], tongue: Tongue) -> str:
    unit = match["unit"]
    if unit.endswith(".") and not match.string[match.end() :].strip():
        unit, point = unit[:-1], "."
    else:
        point = ""
    number = parse(match["number"], tongue)
    pattern = _pattern(_UNITS[unit], number.value, tongue)
    noun = pattern.replace("{}", "").split()
    feminine = bool(noun) and noun[0].startswith(_FEMININE.get(tongue.name, ()) or "?")
    said = _signed(match, spell(number, tongue, "f" if feminine else "m"), tongue)
    return pattern.replace("{}", said) + point


@lru_cache(maxsize=5_000)
def _pattern(unit: str, value: Decimal, tongue: Tongue) -> str:
    """`{} kilograms`."""
    said = _SAID.get(tongue.name, {}).get(unit)
    if said:
        return said
    written = str(format_decimal(value, locale=tongue.locale))
    whole = str(format_unit(value, unit, length="long", locale=tongue.locale))
    pattern = whole.replace(written, "{}", 1).replace("\xa0", " ")
    return pattern.replace(" ", "") if tongue.blankless else pattern


def _percent(match: re.Match[str], tongue: Tongue) -> str:
    number = parse(match["number"], tongue)
    said = _signed(match, spell(number, tongue), tongue)
    if tongue.name == "chinese":
        return f"{tongue.percent[0]}{said}"
    return f"{said}{tongue.glue}{form(tongue.percent, number.value, tongue)}"


def _signed(match: re.Match[str], said: str, tongue: Tongue) -> str:
    return f"{tongue.minus}{tongue.glue}{said}" if match["minus"] else said


# --- fractions --------------------------------------------------------------------------------

_VULGAR = "½¼¾⅓⅔"


def fractions(tongue: Tongue) -> list[Rule]:
    """`½`, `2½`, `2 ½`."""
    pattern = re.compile(rf"(?:(?<![{LETTER}.,/])(\d{{1,6}}) ?)?([{_VULGAR}])(?![\d/])")
    return [(pattern, lambda match: _fraction(match, tongue))]


def _fraction(match: re.Match[str], tongue: Tongue) -> str:
    part = tongue.halves[_VULGAR.index(match[2])]
    if not match[1]:
        return part
    blank = tongue.glue
    return f"{cardinal(int(match[1]), tongue)}{blank}{tongue.andhalf}{blank}{part}"
