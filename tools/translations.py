"""`python -m tools.translations`: list what there is to translate, and keep translations up to it.

Writes `ui/locales/dashboard.pot` from the texts of `ui/` and of the contracts, and lets each
`.po` file follow; `--check` only compares. Either fails at a translation that could not be shown.
"""

import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

import click
from babel.messages import Catalog, extract, pofile

from shared import languages
from shared.emotions import EMOTIONS
from shared.requests import CONTRACTS
from shared.settings import ROOT
from ui.field import Field, fields, heading
from ui.translation import LOCALES

TEMPLATE = LOCALES / "dashboard.pot"
_KEYWORDS: dict[str, Any] = {"tr": None, "mark": None, "plural": (1, 2)}
_WIDTH = 100
_HEADER = """\
# What the dashboard says, to be translated.
# Written by `python -m tools.translations`: copy it to LANGUAGE.po, and translate there."""

Said = tuple[str | tuple[str, ...], str]
"""A text, or one with its plural; and the file that it comes from."""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the list has drifted.")
def main(check: bool) -> None:
    """Write the list of what there is to translate, and let each translation follow it."""
    found = template()
    stale = [(path, text) for path, text in _rendered(found) if _read(path) != text]
    for path, text in stale:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        wrong = f"{name} has drifted: run `python -m tools.translations`."
        click.echo(wrong if check else f"{name} is written.")
        if not check:
            path.write_bytes(text)
    wrong = [*_wrong()]
    for told in wrong:
        click.echo(told)
    sys.exit(1 if wrong or (check and stale) else 0)


def template() -> Catalog:
    """All that there is to translate, by the alphabet."""
    catalogue = Catalog(header_comment=_HEADER, fuzzy=False, charset="utf-8")
    for text, file in sorted({*_of_sources(), *_of_contracts()}, key=_order):
        # Files without lines: those change with every edit.
        catalogue.add(text, locations=[(file, 0)])
    return catalogue


def _rendered(found: Catalog) -> Iterator[tuple[Path, bytes]]:
    """Every file of the folder as it should be."""
    yield TEMPLATE, _written(found)
    for path in sorted(LOCALES.glob("*.po")):
        yield path, followed(path, found)


def followed(path: Path, found: Catalog) -> bytes:
    """A translation that knows all texts there are now; what is gone is kept as a comment.

    A text that changed a little keeps its translation, marked `fuzzy` and not shown.
    """
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale=path.stem.partition("-")[0])
    catalogue.update(found, update_header_comment=False, update_creation_date=False)
    return _written(catalogue)


def _written(catalogue: Catalog) -> bytes:
    """As a file; the header says nothing that changes from day to day."""
    made = BytesIO()
    shown = Catalog(
        locale=catalogue.locale,
        header_comment=catalogue.header_comment,
        charset="utf-8",
        fuzzy=False,
    )
    for message in catalogue:
        if message.id:
            shown[message.id] = message
    shown.obsolete = catalogue.obsolete
    pofile.write_po(
        made, shown, width=_WIDTH, sort_output=True, include_lineno=False, omit_header=True
    )
    lines = [*shown.header_comment.splitlines(), *_header(shown)]
    return "\n".join(lines).encode() + b"\n\n" + made.getvalue().strip(b"\n") + b"\n"


def _header(catalogue: Catalog) -> Iterator[str]:
    yield from ('msgid ""', 'msgstr ""')
    yield '"Content-Type: text/plain; charset=utf-8\\n"'
    if catalogue.locale:
        yield f'"Language: {catalogue.locale_identifier}\\n"'
        yield f'"Plural-Forms: {catalogue.plural_forms}\\n"'


def _wrong() -> Iterator[str]:
    """Translations that ask for a `{name}` which their text does not have."""
    for path in sorted(LOCALES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = pofile.read_po(file, locale=path.stem.partition("-")[0])
        for message in catalogue:
            known = {name for text in _forms(message.id) for name in _names(text)}
            for text in _forms(message.string if message.id else ""):
                if not known.issuperset(_names(text)):
                    names = ", ".join(sorted(known)) or "none"
                    yield f"{path.name}: {text!r} cannot be shown; the names it may use: {names}."


def _forms(text: Any) -> Iterable[str]:
    """A text, or all the forms of one that has a plural."""
    forms = [text] if isinstance(text, str) else text
    return [form for form in forms if form]


def _names(text: str) -> set[str]:
    """What stands in braces; the whole text where they do not match."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


# --- where texts come from -------------------------------------------------------------------


def _of_sources() -> Iterator[Said]:
    """What modules of `ui` mark as texts of ours."""
    for path in sorted((ROOT / "ui").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        with path.open("rb") as file:
            for _, text, _, _ in extract.extract("python", file, keywords=_KEYWORDS):
                if text:
                    yield _one(text), name


def _one(text: Any) -> str | tuple[str, ...]:
    return text if isinstance(text, str) else tuple(filter(None, text))


def _of_contracts() -> Iterator[Said]:
    """What forms show of contracts, languages and moods."""
    for contract in CONTRACTS.values():
        name = f"shared/requests/{contract.name}.py"
        texts = [contract.title, contract.summary]
        for field in fields(contract):
            texts += _of_field(field)
        yield from ((text, name) for text in texts if text)
    yield from ((name.capitalize(), "shared/languages.py") for name in languages.CODES)
    for mood in EMOTIONS.values():
        yield from ((text, "configs/emotions.yaml") for text in (mood.name, mood.description))


def _of_field(field: Field) -> list[str]:
    """Labels, what is told of them, and choices that are words; codes such as `wav` stay."""
    words = [title for title, value in field.choices if title != str(value)]
    fold = [heading(field.outer)] if field.part else []
    return [*fold, field.label, field.info, *words]


def _order(said: Said) -> tuple[tuple[str, ...], str]:
    """By the alphabet; a text that has a plural elsewhere comes before that."""
    text, file = said
    return ((text,) if isinstance(text, str) else text), file


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def texts(catalogue: Iterable[Any]) -> Iterator[str]:
    """The texts of a catalogue, each form of a plural by itself."""
    for message in catalogue:
        yield from _forms(message.id)


if __name__ == "__main__":
    main()
