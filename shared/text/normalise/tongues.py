"""What differs between the languages when numbers and signs are read aloud."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from babel import Locale
from babel.dates import get_month_names

Width = Literal["abbreviated", "wide"]

LETTER = "A-Za-zÀ-ɏА-яЁё0-9_"
"""Of a word that digits can be a part of, `F16`; not those of scripts without blanks."""


@dataclass(frozen=True, eq=False)
class Tongue:
    """A language, read aloud."""

    name: str
    code: str
    """Of num2words."""
    locale: str
    """Of Babel."""
    group: str
    """Between thousands."""
    decimal: str
    point: str
    """The decimal separator as it is said."""
    minus: str
    percent: tuple[str, ...]
    """By plural form: one, few, many and other, or only one and other, or one for all."""
    number: str
    """`№`."""
    through: str
    """Between the ends of a range."""
    dot: str
    slash: str
    at: str
    dash: str
    underscore: str
    ampersand: str
    hashtag: str
    plus: str
    equals: str
    times: str
    halves: tuple[str, str, str, str, str]
    """½ ¼ ¾ ⅓ ⅔."""
    andhalf: str
    """Between a whole number and a fraction."""
    chapters: str = ""
    """Words after which a Roman numeral stands, as a pattern."""

    @property
    def blankless(self) -> bool:
        """True if words are not divided by blanks."""
        return self.name in ("chinese", "japanese")

    @property
    def glue(self) -> str:
        """Between two words."""
        return "" if self.blankless else " "

    @cached_property
    def numeral(self) -> str:
        """A pattern for a number as it is written in this language."""
        group, decimal = f"[{self.group}]", f"[{self.decimal}]"
        return rf"\d{{1,3}}(?:{group}\d{{3}}){{1,5}}(?!\d)(?:{decimal}\d{{1,9}})?(?!\d)" + (
            rf"|\d{{1,40}}(?:{decimal}\d{{1,9}})?(?!\d)"
        )

    @cached_property
    def babel(self) -> Locale:
        """What Babel knows of the language."""
        return Locale.parse(self.locale)

    @cached_property
    def months(self) -> dict[str, int]:
        """Names and abbreviations, in lower case and without points."""
        widths: tuple[Width, ...] = ("abbreviated", "wide")
        return {
            str(get_month_names(width, locale=self.locale)[number]).rstrip(".").lower(): number
            for width in widths
            for number in range(1, 13)
        }

    def month(self, number: int) -> str:
        """The name, as it stands beside a day."""
        return str(get_month_names("wide", locale=self.locale)[number])


TONGUES: dict[str, Tongue] = {
    tongue.name: tongue
    for tongue in (
        Tongue(
            "english", "en", "en_US", ",", ".", "point", "minus", ("percent",), "number", "to",
            "dot", "slash", "at", "dash", "underscore", "and", "hashtag", "plus", "equals",
            "times", ("a half", "a quarter", "three quarters", "a third", "two thirds"), "and",
            "chapter|part|book|volume|act|scene|section",
        ),
        Tongue(
            "german", "de", "de_DE", ".", ",", "Komma", "minus", ("Prozent",), "Nummer", "bis",
            "Punkt", "Schrägstrich", "at", "Minus", "Unterstrich", "und", "Hashtag", "plus",
            "gleich", "mal",
            ("ein halb", "ein Viertel", "drei Viertel", "ein Drittel", "zwei Drittel"), "und",
            "kapitel|teil|band|buch|akt|szene|abschnitt",
        ),
        Tongue(
            "french", "fr", "fr_FR", " ", ",", "virgule", "moins", ("pour cent",), "numéro", "à",
            "point", "barre oblique", "arobase", "tiret", "tiret bas", "et", "hashtag", "plus",
            "égale", "fois",
            ("un demi", "un quart", "trois quarts", "un tiers", "deux tiers"), "et",
            "chapitre|partie|tome|livre|acte|scène",
        ),
        Tongue(
            "spanish", "es", "es_ES", ".", ",", "coma", "menos", ("por ciento",), "número", "a",
            "punto", "barra", "arroba", "guion", "guion bajo", "y", "hashtag", "más", "igual a",
            "por", ("medio", "un cuarto", "tres cuartos", "un tercio", "dos tercios"), "y",
            "capítulo|parte|tomo|libro|acto|escena",
        ),
        Tongue(
            "italian", "it", "it_IT", ".", ",", "virgola", "meno", ("per cento",), "numero", "a",
            "punto", "barra", "chiocciola", "trattino", "trattino basso", "e", "hashtag", "più",
            "uguale", "per",
            ("mezzo", "un quarto", "tre quarti", "un terzo", "due terzi"), "e",
            "capitolo|parte|tomo|libro|atto|scena",
        ),
        Tongue(
            "portuguese", "pt_BR", "pt_BR", ".", ",", "vírgula", "menos", ("por cento",),
            "número", "a", "ponto", "barra", "arroba", "hífen", "sublinhado", "e", "hashtag",
            "mais", "igual a", "vezes",
            ("meio", "um quarto", "três quartos", "um terço", "dois terços"), "e",
            "capítulo|parte|tomo|livro|ato|cena",
        ),
        Tongue(
            "russian", "ru", "ru_RU", " ", ",", "запятая", "минус",
            ("процент", "процента", "процентов", "процента"), "номер", "—", "точка", "слэш",
            "собака", "дефис", "подчёркивание", "и", "хештег", "плюс", "равно", "умножить на",
            ("половина", "четверть", "три четверти", "треть", "две трети"), "и",
            "глава|часть|том|книга|акт|сцена",
        ),
        Tongue(
            "chinese", "zh", "zh_CN", ",", ".", "点", "负", ("百分之",), "号码", "到", "点",
            "斜杠", "艾特", "杠", "下划线", "和", "话题", "加", "等于", "乘",
            ("二分之一", "四分之一", "四分之三", "三分之一", "三分之二"), "又",
        ),
        Tongue(
            "japanese", "ja", "ja_JP", ",", ".", "点", "マイナス", ("パーセント",), "番号", "から",
            "ドット", "スラッシュ", "アットマーク", "ハイフン", "アンダーバー", "アンド",
            "ハッシュタグ", "プラス", "イコール", "かける",
            ("二分の一", "四分の一", "四分の三", "三分の一", "三分の二"), "と",
        ),
        Tongue(
            "korean", "ko", "ko_KR", ",", ".", "점", "마이너스", ("퍼센트",), "번호", "에서",
            "점", "슬래시", "골뱅이", "하이픈", "밑줄", "앤드", "해시태그", "더하기", "는",
            "곱하기", ("이분의 일", "사분의 일", "사분의 삼", "삼분의 일", "삼분의 이"), "와",
        ),
    )
}  # fmt: skip
