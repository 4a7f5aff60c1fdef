"""The list of what there is to translate follows the code, and translations follow the list."""

from pathlib import Path

import pytest
from babel.messages import pofile
from click.testing import CliRunner

from shared.requests import CONTRACTS
from tools import translations


def test_the_list_has_the_words_of_pages_and_of_contracts():
    found = set(translations.texts(translations.template()))
    assert {"For developers", "{count} job", "{count} jobs"} <= found
    for contract in CONTRACTS.values():
        assert {contract.title, contract.summary} <= found


def test_the_list_is_the_same_each_time_and_names_no_lines():
    first, second = (translations._written(translations.template()) for _ in range(2))
    assert first == second
    assert b"#: ui/snippets.py\n" in first
    assert b".py:" not in first


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a translation that is behind."""
    monkeypatch.setattr(translations, "LOCALES", tmp_path)
    monkeypatch.setattr(translations, "TEMPLATE", tmp_path / "dashboard.pot")
    path = tmp_path / "de.po"
    path.write_text(
        '# By hand.\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "For developers"\nmsgstr "Für Entwickler"\n\n'
        'msgid "Quagga"\nmsgstr "Quagga"\n'
    )
    return path


def test_a_translation_follows_the_list_and_loses_nothing(german: Path):
    assert CliRunner().invoke(translations.main, ["--check"]).exit_code == 1
    done = CliRunner().invoke(translations.main)
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(translations.main, ["--check"]).exit_code == 0

    with german.open("rb") as file:
        catalogue = pofile.read_po(file, locale="de")
    message = catalogue.get("For developers")
    assert message is not None
    assert message.string == "Für Entwickler"
    assert catalogue.get("Queue") is not None
    assert "Quagga" in catalogue.obsolete
    assert german.read_text().startswith("# By hand.")


def test_a_translation_that_could_not_be_shown_is_told(german: Path):
    with german.open("a") as file:
        file.write('\nmsgid "{count} job"\nmsgid_plural "{count} jobs"\n')
        file.write('msgstr[0] "{count} Auftrag"\nmsgstr[1] "{anzahl} Aufträge"\n')
    done = CliRunner().invoke(translations.main)
    assert done.exit_code == 1
    assert "de.po: '{anzahl} Aufträge' cannot be shown" in done.output
