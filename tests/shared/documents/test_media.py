import pytest

from shared.documents import media
from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from tests.shared.documents import making

TEXTS = [
    ("A line.", "", "text"),
    ("# One\n\nA line.", "", "markdown"),
    ("# One\n\nA line.", "one.txt", "text"),
    ("A line.", "one.MD", "markdown"),
    ("\ufeffWEBVTT\n\n00:01.000 --> 00:02.000\nHi", "a.txt", "vtt"),
    ("1\r\n00:00:01,000 --> 00:00:02,000\r\nHi", "", "srt"),
    ("[Script Info]\nTitle: x", "", "ass"),
    ('<?xml version="1.0"?>\n<FinalDraft DocumentType="Script">', "x.xml", "fdx"),
    ('[{"id": 1}]', "", "json"),
    ("id,text\n1,Hi", "lines.csv", "csv"),
    ("- id: 1", "lines.yml", "yaml"),
    ("Title: X\n\nINT. CELLAR - NIGHT\n\nDrip.", "", "fountain"),
    ("MZ is how this sentence begins.", "", "text"),
    ("<speak>Hi.</speak>", "", "text"),
]


@pytest.mark.parametrize(("text", "name", "what"), TEXTS)
def test_a_text_is_told_by_its_words_and_its_name(text: str, name: str, what: str):
    assert media.require_document(text.encode(), name) == what


def test_packed_books_are_told_by_what_is_in_them():
    assert media.require_document(making.epub({"a.xhtml": ""}), "a.zip") == "epub"
    assert media.require_document(making.word(), "") == "docx"


FOREIGN = [
    (b"%PDF-1.7 ...", "PDF"),
    (b"{\\rtf1 hello}", "RTF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Word"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
    (b"ID3\x03\0\0\0\0\0\0" * 9, "sound"),
    (b"MZ\x90\0\x03\0\0\0", "program"),
    (b"\x1f\x8b\x08\0\0\0", "archive"),
    (b"<!DOCTYPE html><html><p>Hi", "web page"),
    (b"<?xml version='1.0'?><tt/>", "XML"),
    (b"PK\3\4 cut off", "damaged"),
    (making.zipped({"xl/workbook.xml": "x"}), "neither"),
]


@pytest.mark.parametrize(("data", "said"), FOREIGN)
def test_what_is_no_document_is_named(data: bytes, said: str):
    with pytest.raises(UnreadableDocument, match=said) as refused:
        media.require_document(data, "book.txt")
    assert refused.value.next_step


@pytest.mark.parametrize("data", [b"", b" \n\t "])
def test_an_empty_file_is_said_to_be_empty(data: bytes):
    with pytest.raises(NothingToSay, match="empty"):
        media.require_document(data, "book.txt")
    assert issubclass(UnreadableDocument, InvalidRequest)
