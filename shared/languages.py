"""The ten languages of the model, as its checkpoints name them, with their ISO 639-1 codes."""

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


def guess(text: str) -> str:
    """The language that the script of `text` points to; Latin script counts as English.

    Kana decides for Japanese even among many ideographs, which Chinese shares.
    """
    names = [unicodedata.name(character, "") for character in text if character.isalpha()]
    for language, scripts in _SCRIPTS:
        hits = sum(any(script in name for script in scripts) for name in names)
        if hits and hits >= 0.1 * len(names):
            return language
    return "english"
