"""The ten languages of the model, as its checkpoints name them, with their ISO 639-1 codes."""

import re
import unicodedata

from shared.errors import UnknownLanguage

AUTO = "auto"

CODES: dict[str, str] = {
    "chinese": "zh",
    "english": "en",
    "japanese": "ja",
    "korean": "ko",
    "german": "de",
    "french": "fr",
    "russian": "ru",
    "portuguese": "pt",
    "spanish": "es",
    "italian": "it",
}
NAMES = {code: name for name, code in CODES.items()}


def canonical(language: str) -> str:
    """`English`, `en`, `EN-gb` and `english` are all `english`; `auto` stays `auto`.

    Raises UnknownLanguage.
    """
    wanted = language.strip().lower()
    if wanted == AUTO or wanted in CODES:
        return wanted
    code = wanted.replace("_", "-").split("-")[0]
    if code in NAMES:
        return NAMES[code]
    raise UnknownLanguage(
        f"There is no language {language!r}. Known are: auto, {', '.join(CODES)}, "
        f"and their ISO codes ({', '.join(NAMES)}).",
        param="language",
    )


_SCRIPTS = (
    ("japanese", ("HIRAGANA", "KATAKANA")),
    ("korean", ("HANGUL",)),
    ("russian", ("CYRILLIC",)),
    ("chinese", ("CJK",)),
)
_FREQUENT: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": "the and of to was with that his her you is not it they this have are for i",
        "german": "der die das und ist nicht ein eine ich sie mit den dem auf war auch von zu es "
        "er wir für im bei",
        "french": "le les des est et une dans qui pas vous nous je elle sur avec pour ce au du il "
        "ne c'est un",
        "spanish": "el los las y es una en que no se por con su está pero lo como más del un al",
        "portuguese": "o os as e é uma em que não se por com seu está mas do da no na um ao você",
        "italian": "il gli di e è una che non si per con sono ma della lo un del le nel i",
    }.items()
}
"""Words of every text of the languages that share the Latin script."""
_OWN_LETTERS = {
    "german": "ßäü",
    "french": "çèêœù",
    "spanish": "ñ¿¡",
    "portuguese": "ãõ",
    "italian": "ìò",
}
"""Letters and marks that hardly any of the others has."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LOOKED_AT = 20_000
"""Characters that a guess is made from."""


def guess(text: str) -> str:
    """The language that `text` is likely to be in: by its script, and by its most frequent words.

    Kana decides for Japanese even among many ideographs, which Chinese shares. Latin script counts
    as English unless more words and letters point elsewhere.
    """
    text = text[:_LOOKED_AT]
    names = [unicodedata.name(character, "") for character in text if character.isalpha()]
    for language, scripts in _SCRIPTS:
        hits = sum(any(script in name for script in scripts) for name in names)
        if hits and hits >= 0.1 * len(names):
            return language
    return _guess_of_latin(text.casefold().replace("’", "'"))


def _guess_of_latin(text: str) -> str:
    words = _WORD.findall(text)

    def score(language: str) -> int:
        frequent = sum(word in _FREQUENT[language] for word in words)
        return frequent + sum(text.count(letter) for letter in _OWN_LETTERS.get(language, ""))

    # The first of equals, which is English.
    return max(_FREQUENT, key=score)
