import pytest

from shared.documents import epub, packed
from shared.documents.book import Book
from shared.errors import UnreadableDocument
from tests.shared.documents.making import PNG, page, zipped
from tests.shared.documents.making import epub as made

NAV = (
    '<nav epub:type="toc"><ol><li><a href="one%20page.xhtml">One: A Light</a>'
    '<ol><li><a href="one%20page.xhtml#later">Later</a></li></ol></li>'
    '<li><a href="rest.xhtml#two">Two</a></li></ol></nav>'
)
PAGES = {
    "cover.xhtml": page('<img src="c.png" alt="A lamp"/><p>The Lamp</p>'),
    "rights.xhtml": page("<p>© 2026 A. Keeper. All rights reserved.</p>", "copyright-page"),
    "one%20page.xhtml": page(
        "<h1>One</h1><h2>A Light</h2><p>It&nbsp;turned<br/>twice."
        "<sup epub:type='noteref'>1</sup></p>"
        '<h3 id="later">Later</h3><table><tr><td>a</td><td>b</td></tr></table>'
        "<aside epub:type='footnote'>A note.</aside><script>alert(1)</script>"
    ),
    "rest.xhtml": page('<p>It went on.</p><h1 id="two">Two</h1><p>It <em>stop</em>ped.</p>'),
}


def shape(book: Book) -> list[tuple[str, list[str]]]:
    return [(it.title, [p.text for p in it.paragraphs]) for it in book.chapters if not it.front]


def test_the_contents_say_where_chapters_begin():
    assert shape(epub.book(made(PAGES, nav=NAV))) == [
        ("One: A Light", ["It\xa0turned\ntwice.", "Later", "a, b", "It went on."]),
        ("Two", ["It stopped."]),
    ]


def test_contents_of_the_second_edition_say_so_too():
    ncx = (
        '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://x/ncx.dtd"><ncx><navMap>'
        '<navPoint><navLabel><text>Two</text></navLabel><content src="rest.xhtml#two"/></navPoint>'
        "</navMap></ncx>"
    )
    item = (
        '<manifest><item id="x" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    )
    book = epub.book(made(PAGES, rest=item, others={"OEBPS/toc.ncx": ncx}))
    assert shape(book)[-1] == ("Two", ["It stopped."])


def test_without_contents_each_page_is_a_chapter():
    assert [title for title, _ in shape(epub.book(made(PAGES)))] == ["One", ""]


def test_cover_and_rights_are_front_matter():
    book = epub.book(made(PAGES, nav=NAV))
    assert [it.id for it in book.chapters if it.front] == [
        "OEBPS/cover.xhtml",
        "OEBPS/rights.xhtml",
    ]


def test_tags_and_cover_come_from_the_package():
    book = epub.book(made(PAGES))
    assert (book.title, book.author, book.language) == ("The Lamp", "A. Keeper", "german")
    assert book.cover == PNG == epub.cover(made(PAGES))


def test_pictures_and_footnotes_are_accounted_for():
    left = [(it.text, it.id) for it in epub.book(made(PAGES)).left_out]
    assert ("A lamp", "OEBPS/cover.xhtml") in left
    assert ("A note.", "OEBPS/one page.xhtml") in left


def test_what_is_looked_at_is_left_out_with_its_text():
    book = epub.book(made({"a.xhtml": page("<p>One <math><mi>x</mi></math> two.</p>")}))
    assert shape(book) == [("", ["One two."])]
    assert [it.text for it in book.left_out] == ["x"]


def test_broken_pages_are_read_as_a_browser_would():
    book = epub.book(made({"a.xhtml": "<html><title/><body><p>One<p>Two &unknown; <b>three."}))
    assert [text.split()[0] for _, texts in shape(book) for text in texts] == ["One", "Two"]
    assert "broken" in book.warnings[0]


def test_links_that_leave_the_zip_lead_nowhere():
    spine = '<spine><itemref idref="i0"/><itemref idref="i1"/></spine>'
    pages = {"../../../etc/passwd": "x", "a.xhtml": page("<p>Here.</p>")}
    book = epub.book(made(pages, spine=spine, without="OEBPS/../../../etc/passwd"))
    assert shape(book) == [("", ["Here."])]
    assert "passwd" in book.warnings[0]


ENCRYPTED = (
    '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/'
    'xmlenc#aes128-cbc"/></EncryptedData></encryption>'
)
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><container>&b;</container>'
FAULTS = {
    "spine": made(PAGES, spine="<spine/>"),
    "no spine": made(PAGES, spine=""),
    "no META-INF/container.xml": made(PAGES, without="META-INF/container.xml"),
    "no package file": made(PAGES, without="OEBPS/book.opf"),
    "DRM": made(PAGES, others={"META-INF/encryption.xml": ENCRYPTED}),
    "no XML": made(PAGES, others={"META-INF/container.xml": LAUGHS}),
    "zip": b"PK\3\4" + b"\0" * 100,
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_book_that_cannot_be_read_says_why(said: str):
    with pytest.raises(UnreadableDocument, match=said):
        epub.book(FAULTS[said])


def test_a_zip_bomb_is_not_unpacked():
    bomb = b"<p>" + b"\n" * (packed.LARGEST_PART + 1)
    with pytest.raises(UnreadableDocument, match="too large"):
        epub.book(made({"a.xhtml": bomb}))


def test_all_parts_together_are_no_bomb_either(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packed, "LARGEST", 10_000)
    with pytest.raises(UnreadableDocument, match="too large"):
        epub.book(made({f"{at}.xhtml": page("<p>x</p>" * 500) for at in range(4)}))


def test_scrambled_fonts_lock_nothing():
    fonts = ENCRYPTED.replace(
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.idpf.org/2008/embedding"
    )
    assert epub.book(made(PAGES, others={"META-INF/encryption.xml": fonts})).chapters
    assert zipped({})
