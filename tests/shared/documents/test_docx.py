import pytest

from shared.documents import docx, packed
from shared.errors import UnreadableDocument
from tests.shared.documents.making import changed, word

MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"


def test_headings_are_chapters_and_rows_of_tables_are_read():
    book = docx.book(word())
    assert (book.title, book.author) == ("The Lamp", "A. Keeper")
    assert [(it.title, [p.text for p in it.paragraphs]) for it in book.chapters] == [
        ("One", ["It turned.", "Ship, Tons", "Marigold, 300"]),
        ("Two", ["Later", "It stopped."]),
    ]


def test_headings_are_known_in_any_language_by_their_style():
    german = changed(
        word(),
        {
            "word/styles.xml": ('w:styleId="Heading1"', 'w:styleId="berschrift1"'),
            "word/document.xml": ('w:val="Heading1"', 'w:val="berschrift1"'),
        },
    )
    assert [it.title for it in docx.book(german).chapters] == ["One", "Two"]


def test_macros_are_ignored_and_said_to_be():
    data = changed(
        word(), {"[Content_Types].xml": (MAIN, MACRO)}, **{"word__vbaProject.bin": b"\0evil"}
    )
    book = docx.book(data)
    assert [it.title for it in book.chapters] == ["One", "Two"]
    assert any("macros" in warning for warning in book.warnings)


def test_footnotes_are_not_read_and_said_to_be():
    data = changed(
        word(),
        {
            "word/document.xml": (
                "It turned.</w:t>",
                'It turned.</w:t><w:footnoteReference w:id="2"/>',
            )
        },
    )
    assert any("footnotes" in warning for warning in docx.book(data).warnings)


def test_entities_are_refused():
    data = changed(
        word(),
        {"word/document.xml": ("<w:document", '<!DOCTYPE x [<!ENTITY a "ha">]><w:document')},
    )
    with pytest.raises(UnreadableDocument, match="entities"):
        docx.book(data)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packed, "LARGEST", 100_000)
    data = changed(word(), {}, **{"word__bomb.xml": b" " * 200_000})
    with pytest.raises(UnreadableDocument, match="too large"):
        docx.book(data)


def test_missing_parts_are_said():
    data = changed(word(), {"_rels/.rels": ("word/document.xml", "word/nowhere.xml")})
    with pytest.raises(UnreadableDocument, match="missing"):
        docx.book(data)
