from pathlib import Path

from shared.documents import markdown
from shared.documents.book import Book

SAMPLE = Path(__file__).parents[2] / "data/lighthouse.md"
MIXED = """---
title: "The Lamp"
author: A. Keeper
lang: de-AT
---
# One

A *fine* [link](http://x/y "t") and ![pic](a.png)ends\\*. Note[^1]. <break time="1s"/> [pause:1]

> quoted
> twice

- item **one**

```python
x = 1
```

| a | b |
|---|---|
| c | d |

***

[^1]: The note
goes on.

<!-- hidden -->
# Two

<div>End.</div>

[ref]: http://x/z
"""


def texts(book: Book) -> list[list[str]]:
    return [[paragraph.text for paragraph in chapter.paragraphs] for chapter in book.chapters]


def test_a_single_heading_above_others_is_the_title_of_the_book():
    book = markdown.book(SAMPLE.read_text())
    assert book.title == "The Keeper of Hollow Point"
    assert [chapter.title for chapter in book.chapters] == [
        "Chapter One: A Light That Would Not Go Out",
        "Chapter Two: The Thing in the Fog",
    ]


def test_boxes_of_tasks_are_not_read():
    book = markdown.book("# List\n\n- [ ] one\n- [x] two\n\n[x] three\n")
    assert texts(book) == [["one", "two", "[x] three"]]


def test_marks_are_taken_away_and_those_of_speech_are_left():
    book = markdown.book(MIXED)
    assert texts(book)[0] == [
        'A fine link and ends*. Note. <break time="1s"/> [pause:1]',
        "quoted\ntwice",
        "item one",
        "a, b",
        "c, d",
    ]
    assert [it.strip() for it in texts(book)[1]] == ["End."]


def test_what_is_not_read_is_accounted_for():
    left = [(it.text, it.why) for it in markdown.book(MIXED).left_out]
    assert [text.split("\n")[0] for text, _ in left] == [
        "---",
        "![pic](a.png)",
        "```python",
        "***",
        "[^1]: The note",
        "<!-- hidden -->",
        "[ref]: http://x/z",
    ]


def test_the_header_says_title_author_and_language():
    book = markdown.book(MIXED)
    assert (book.title, book.author, book.language) == ("The Lamp", "A. Keeper", "german")


def test_every_word_is_found_again_in_the_source():
    book = markdown.book(MIXED)
    for chapter in book.chapters:
        for paragraph in chapter.paragraphs:
            for word in ("fine", "link", "ends", "Note", "twice", "one", "c", "d", "End."):
                at = paragraph.text.find(word)
                if at >= 0:
                    start, end = paragraph.span(at, at + len(word))
                    assert MIXED[start:end] == word
