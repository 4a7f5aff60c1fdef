from shared.plans.plan import Where
from shared.screenplay.elements import Span, Words, lines_of

SOURCE = "  one two\nthree four"
WORDS = Words.of(lines_of(SOURCE))


def test_words_on_several_lines_are_one_text():
    assert WORDS.text == "one two three four"


def test_a_place_in_the_text_is_a_place_in_the_document():
    start = WORDS.text.index("two")
    where = WORDS.where(start, start + len("two three"))
    assert where == Where(line=1, start=6, end=15)
    assert SOURCE[6:15] == "two\nthree"


def test_a_part_keeps_its_place_and_loses_its_blanks():
    part = WORDS.cut(7, 14)
    assert (part.text, part.where()) == ("three", Where(line=2, start=10, end=15))


def test_rows_of_a_table_have_no_places_but_their_number():
    assert Words.of([Span("Hello.", 7)]).where(0, 5) == Where(line=7)
