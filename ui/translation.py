"""The dashboard's words in the language that it is set to; they are written in English here.

A language is one file, `ui/locales/LANGUAGE.po`, beside the template `dashboard.pot` that lists all
that there is to translate. What the service itself says, such as its errors, comes as it says it.
"""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages import mofile, pofile

from shared.errors import ConfigurationError

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"
"""The language in which the words are written, which needs no file."""

_spoken = [NullTranslations()]
"""The one of this process, which runs one dashboard in one language."""


def speak(language: str) -> None:
    """Let the dashboard of this process speak a language. Raises ConfigurationError."""
    _spoken[0] = NullTranslations() if language == SOURCE else read(LOCALES / f"{language}.po")


def languages() -> list[str]:
    """Those that the dashboard can speak."""
    return sorted([SOURCE, *(path.stem for path in LOCALES.glob("*.po"))])


def read(path: Path) -> GNUTranslations:
    """A file of translations. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            catalogue = pofile.read_po(file, locale=path.stem.partition("-")[0])
    except FileNotFoundError as error:
        known = ", ".join(languages())
        raise ConfigurationError(
            f"The dashboard does not speak {path.stem!r}.",
            hint=f"GRADIO_LANGUAGE is one of {known}.",
        ) from error
    compiled = BytesIO()
    mofile.write_mo(compiled, catalogue)
    return GNUTranslations(BytesIO(compiled.getvalue()))


def tr(text: str, **values: object) -> str:
    """A text of ours in the dashboard's language, its `{names}` filled in with the values."""
    return _filled(_spoken[0].gettext(text) if text else "", values)


def plural(one: str, many: str, count: int, **values: object) -> str:
    """The same of a text that depends on a number, which it knows as `{count}`."""
    return _filled(_spoken[0].ngettext(one, many, count), {"count": f"{count:,}", **values})


def mark(text: str) -> str:
    """A text that stands in a table, and is translated where it is shown."""
    return text


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text
