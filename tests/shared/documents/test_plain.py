import pytest

from shared.documents import plain, titles
from shared.documents.book import Book


def shape(book: Book) -> list[tuple[str, list[str]]]:
    return [(it.title, [p.text for p in it.paragraphs]) for it in book.chapters]


TITLES = """Chapter 12|CHAPTER ONE|Chapter One: A Light|Chapter 3 The Fog|PART II|Epilogue|Kapitel 3
Erstes Kapitel|第一章|第十二章 港口|제1장|제 2 장 바다|Глава 1|ГЛАВА ПЕРВАЯ|Capítulo 4
Capítulo primero|Capitolo 2|Chapitre IV|Chapitre premier|Пролог|プロローグ"""
PROSE = """Chapter one was hard to read.|chapter 12|Chapter 3 the fog came|Part of it was true
Book a room for me, please.|第一次见面|Introduction of new laws was slow|12"""


@pytest.mark.parametrize("line", TITLES.replace("\n", "|").split("|"))
def test_a_line_like_a_title_begins_a_chapter(line: str):
    assert titles.begins_chapter(line)


@pytest.mark.parametrize("line", PROSE.replace("\n", "|").split("|"))
def test_a_line_of_prose_does_not(line: str):
    assert not titles.begins_chapter(line)


def test_a_text_without_titles_is_one_chapter_without_title():
    assert shape(plain.book("A line\nbroken.\n\nAnother.")) == [
        ("", ["A line\nbroken.", "Another."])
    ]


def test_titles_cut_a_text_whether_or_not_blank_lines_are_around_them():
    text = "The Lamp\nby A. Keeper\n\nCHAPTER ONE\nIt was\nnight.\n\nChapter 2\n\nDay.\n"
    book = plain.book(text)
    assert shape(book)[1:] == [("CHAPTER ONE", ["It was\nnight."]), ("Chapter 2", ["Day."])]
    assert book.chapters[0].front


def test_prose_before_the_first_title_is_no_front_matter():
    book = plain.book("It begins before it begins.\n\nChapter 1\n\nDay.\n")
    assert [chapter.front for chapter in book.chapters] == [False, False]


def test_markers_go_before_all_other_titles():
    text = "<<METADATA_TITLE: The Lamp>>\n<<CHAPTER: One>>\nA.\n\n<<CHAPTER_MARKER:Two>>\nB.\n"
    book = plain.book(text + "\nChapter 3\n\nC.\n")
    assert book.title == "The Lamp"
    assert shape(book) == [("One", ["A."]), ("Two", ["B.", "Chapter 3", "C."])]


def test_a_paragraph_may_be_a_line():
    assert shape(plain.book("One.\nTwo!\n“Three?”\n")) == [("", ["One.", "Two!", "“Three?”"])]


def test_contents_and_licence_are_left_out():
    text = (
        "The licence.\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n"
        "Chapter 1\nChapter 2\nChapter 3\n\nChapter 1\n\nA.\n\nChapter 2\n\nB.\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK X ***\nMore licence.\n"
    )
    book = plain.book(text)
    assert shape(book) == [("Chapter 1", ["A."]), ("Chapter 2", ["B."])]
    assert [it.text for it in book.left_out if "contents" in it.why] == [
        "Chapter 1",
        "Chapter 2",
        "Chapter 3",
    ]
    assert "licence" in book.left_out[0].why
