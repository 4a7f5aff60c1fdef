"""Words as they are written, with the times of what was said for them."""

from worker.aligning.written import written
from worker.engine.protocol import WordTime


def timed(said: str, *words: str, step: float = 1.0) -> list[WordTime]:
    """Each of the words in its place, a second long."""
    found: list[WordTime] = []
    reached = 0
    for number, word in enumerate(words):
        first = said.index(word, reached)
        reached = first + len(word)
        found.append(WordTime(first, reached, number * step, (number + 1) * step))
    return found


def told(text: str, said: str, *words: str) -> list[tuple[str, float, float]]:
    return [(it.text, it.start, it.end) for it in written(text, said, timed(said, *words))]


def test_words_keep_the_signs_that_touch_them():
    text = "“Well-known,” he\nsaid — no."
    assert told(text, text, "Well-known", "he", "said", "no") == [
        ("“Well-known,”", 0, 1),
        ("he", 1, 2),
        ("said —", 2, 3),
        ("no.", 3, 4),
    ]


def test_a_number_has_the_time_of_all_words_that_it_is_read_as():
    said = "In nineteen ninety, Doctor Smith paid five dollars."
    words = said.replace(",", "").replace(".", "").split()
    assert told("In 1990, Dr. Smith paid $5.", said, *words) == [
        ("In", 0, 1),
        ("1990,", 1, 3),
        ("Dr.", 3, 4),
        ("Smith", 4, 5),
        ("paid", 5, 6),
        ("$5.", 6, 8),
    ]


def test_what_cannot_be_told_apart_is_one_word():
    said = "about five kilometres north"
    assert told("ca. 5 km north", said, *said.split()) == [
        ("ca. 5 km", 0, 3),
        ("north", 3, 4),
    ]


def test_what_nobody_has_timed_joins_the_word_before_it_or_the_first():
    assert told("😀 one two three", "😀 one two three", "one", "three") == [
        ("😀 one two", 0, 1),
        ("three", 1, 2),
    ]


def test_without_times_there_are_no_words():
    assert written("one two", "one two", []) == []


def test_ideographs_are_words_and_signs_stay_where_they_stand():
    text = "你好，世界。「今」天"
    assert told(text, text, "你", "世", "界", "今", "天") == [
        ("你好，", 0, 1),
        ("世", 1, 2),
        ("界。", 2, 3),
        ("「今」", 3, 4),
        ("天", 4, 5),
    ]


def test_parts_of_a_word_are_one_where_it_is_written_as_one():
    assert told("불빛이 돌았다.", "불빛이 돌았다.", "불빛", "이", "돌았다") == [
        ("불빛이", 0, 2),
        ("돌았다.", 2, 3),
    ]
