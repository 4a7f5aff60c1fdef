from pathlib import Path

import pytest

from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from shared.plans import narration, planning
from shared.plans.directory import Directory, Known
from shared.plans.plan import Line, Plan
from shared.requests.narration import Narration
from shared.text.sentences import Boundary
from tests.shared.documents import making

SAMPLE = (Path(__file__).parents[2] / "data/lighthouse.md").read_text()
VOICES = Directory({name: Known(name, name, "preset", "") for name in ("aiden", "ryan", "serena")})


def planned(text: str | bytes, name: str = "", **wishes: object) -> Plan:
    data = text.encode() if isinstance(text, str) else text
    request = Narration.parse({"text": "x", "language": "english", **wishes})
    return planning.plan(request, planning.Document(data, name), VOICES)


def voices(plan: Plan) -> list[tuple[str | None, str]]:
    return [(line.role.voice, line.text) for line in plan.lines]


def last_of(plan: Plan, chapter: int) -> Line:
    return [line for line in plan.lines if line.chapter == chapter][-1]


# --- the sample ---


def test_the_sample_has_its_title_and_chapters():
    plan = planned(SAMPLE)
    assert plan.title == "The Keeper of Hollow Point"
    assert [(it.number, it.title[:11]) for it in plan.chapters] == [
        (1, "Chapter One"),
        (2, "Chapter Two"),
    ]
    assert plan.lines[0].text == "Chapter One: A Light That Would Not Go Out"
    assert not plan.warnings


@pytest.mark.parametrize("dialogue", [None, "serena"])
def test_every_line_is_found_again_in_the_document(dialogue: str | None):
    for line in planned(SAMPLE, dialogue=dialogue).lines:
        where = line.where
        assert SAMPLE[where.start : where.end].replace("*", "") == line.text
        assert where.start is not None
        assert where.line == SAMPLE.count("\n", 0, where.start) + 1


def test_pauses_follow_what_ends():
    plan = planned(SAMPLE, pauses={"paragraph": 0.7, "chapter": 3.0})
    title, end_of_one, end = plan.lines[0], last_of(plan, 1), plan.lines[-1]
    assert (title.boundary, title.pause_after) == (Boundary.PARAGRAPH, 0.7)
    assert (end_of_one.boundary, end_of_one.pause_after) == (Boundary.CHAPTER, 3.0)
    assert (end.boundary, end.pause_after) == (Boundary.END, 0.0)


def test_an_inserted_paragraph_changes_no_other_line():
    before = {(line.said, line.seed) for line in planned(SAMPLE).lines}
    after = planned(SAMPLE.replace("At 9:15", "Nothing moved.\n\nAt 9:15")).lines
    assert [line.said for line in after if (line.said, line.seed) not in before] == [
        "Nothing moved."
    ]


# --- who speaks ---


def test_what_is_said_has_the_second_voice_and_who_says_it_the_first():
    assert voices(planned("“Well,” said Ann, “that is it.” She left.", dialogue="serena")) == [
        ("serena", "“Well,”"),
        ("ryan", "said Ann,"),
        ("serena", "“that is it.”"),
        ("ryan", "She left."),
    ]


def test_the_cast_counts_their_lines():
    plan = planned("“Well,” said Ann.", dialogue={"instruct": "dry"})
    assert [(it.name, it.lines, it.automatic) for it in plan.cast] == [
        ("Narrator", 1, False),
        ("Dialogue", 1, True),
    ]
    assert plan.cast[1].role.voice not in (None, "ryan")


def test_mark_up_says_who_speaks_and_how():
    text = "One. [voice:Aiden][speed:0.5][emotion:sad] Two. “Three,” she said. [/voice]Four."
    narrator = {"voice": "ryan", "speed": 0.8, "instruct": "calm"}
    plan = planned(text, dialogue="serena", narrator=narrator)
    assert plan.lines[0].role.voice == "ryan"
    two = plan.lines[1]
    assert (two.role.voice, two.role.speed, two.role.emotion) == ("aiden", 0.5, "sad")
    assert "Three" not in "".join(text for voice, text in voices(plan) if voice == "serena")


def test_directions_are_added_to_that_of_the_role():
    plan = planned("[emotion:out of breath] One.", narrator={"voice": "ryan", "instruct": "calm"})
    assert plan.lines[0].role.instruct == "calm; out of breath"


def test_a_voice_that_there_is_not_is_a_warning_with_its_line():
    plan = planned("One.\n\n[voice:nobody] Two.")
    assert voices(plan)[-1][0] == "ryan"
    assert any("'nobody' (line 3)" in warning for warning in plan.warnings)


def test_what_is_remarked_on_has_its_line_in_the_document():
    plan = planned("Chapter 1\n\nOne.\n\nChapter 2\n\nTwo.\n\nThree [nonsense:x] four.")
    assert any("[nonsense:x] (line 9)" in warning for warning in plan.warnings)


def test_a_pause_in_mark_up_goes_before_that_of_the_boundary():
    plan = planned("One. [pause:2]\n\nTwo.\n\n[pause:3]\n\nThree.")
    assert [line.pause_after for line in plan.lines] == [2.0, 3.0, 0.0]
    assert not plan.skipped


# --- what is read ---

BOOK = (
    "The Lamp\n\n<<CHAPTER: One>>\n\nFirst.\n\n***\n\n<<CHAPTER: Two>>\n\nSecond.\n\n"
    "<<CHAPTER: Acknowledgements>>\n\nThanks."
)


def test_what_is_not_read_is_skipped_for_a_reason():
    plan = planned(BOOK, only=[2])
    assert [line.text for line in plan.lines] == ["Two", "Second."]
    assert [(it.number, it.title) for it in plan.chapters] == [(2, "Two")]
    assert sorted(it.text.split("\n")[0] for it in plan.skipped) == [
        "***",
        "Acknowledgements",
        "One",
        "The Lamp",
    ]


def test_front_matter_is_read_if_it_is_wanted():
    assert planned(BOOK, skip_front_matter=False).lines[0].text == "The Lamp"


def test_a_break_is_skipped_and_leaves_the_pause():
    plan = planned(BOOK, announce=False)
    assert [line.text for line in plan.lines] == ["First.", "Second."]
    assert {"***", "One", "Two"} < {it.text for it in plan.skipped}


def test_without_chapters_it_is_one():
    plan = planned(BOOK, chapters="none")
    assert {line.chapter for line in plan.lines} == {1}
    assert [line.text for line in plan.lines] == ["One", "First.", "Two", "Second."]


def test_a_chapter_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(InvalidRequest, match="no chapter 7; there are 1 to 2"):
        planned(BOOK, only=[1, 7])


def test_the_language_is_that_of_the_book_unless_another_is_asked_for():
    book = making.epub({"a.xhtml": making.page("<p>Das Licht ging an.</p>")})
    assert planned(book, language="auto").lines[0].language == "german"
    assert planned(book, language="italian").lines[0].language == "italian"
    assert planned("Он ушёл.", language="auto").language == "russian"


def test_front_matter_tells_nothing_of_the_language():
    front = "Copyright: all rights of this book and of the text are with the author."
    text = f"{front}\n\n# Eins\n\nDas Licht.\n\n# Zwei\n\nDer Hund."
    assert planned(text, "a.md", language="auto").language == "german"


def test_mark_up_in_a_title_is_remarked_and_is_not_in_the_title():
    plan = planned("# [foo:x] One\n\nFirst.\n\n# Two\n\nSecond.", "a.md")
    assert [it.title for it in plan.chapters] == ["One", "Two"]
    assert any("[foo:x] (line 1)" in warning for warning in plan.warnings)


def test_places_in_a_book_of_files_are_those_of_its_chapter():
    book = making.epub({"a.xhtml": making.page("<h1>One</h1><p>It was.</p><p>It is.</p>")})
    where = planned(book).lines[-1].where
    assert (where.id, where.line, where.start, where.end) == ("OEBPS/a.xhtml", None, 9, 15)


def test_the_cover_is_that_of_the_epub():
    book = making.epub({"a.xhtml": making.page("<p>Hi.</p>")})
    assert narration.cover_of(planning.Document(book, "a.epub")) == making.PNG
    assert narration.cover_of(planning.Document(b"Hi.", "a.txt")) is None


# --- bad input ---


@pytest.mark.parametrize("text", ["", " \n ", "***\n\n***", "```\ncode\n```"])
def test_a_document_with_nothing_to_say_is_refused(text: str):
    with pytest.raises(NothingToSay):
        planned(text)


def test_a_word_document_with_macros_is_read_with_a_warning():
    data = making.changed(making.word(), {}, **{"word__vbaProject.bin": b"\0"})
    plan = planned(data, "a.docm")
    assert plan.lines[0].text == "One"
    assert any("macros" in warning for warning in plan.warnings)


@pytest.mark.parametrize("name", ["lines.csv", "a.srt", "a.fountain"])
def test_what_other_pipelines_read_is_refused_with_their_name(name: str):
    with pytest.raises(UnreadableDocument) as refused:
        planned("Hello there.", name)
    assert "pipeline" in (refused.value.next_step or "")


@pytest.mark.parametrize("mark", ["word ", "“a", "‘a ", "„ab“ ", "字", "a—b, "])
def test_a_sentence_of_fifty_thousand_characters_is_read_in_parts(mark: str):
    plan = planned(mark * (50_000 // len(mark)), dialogue="serena")
    assert max(len(line.said) for line in plan.lines) < 1_000


@pytest.mark.parametrize(
    ("sent", "field"), [({"text": " "}, "text"), ({"source": "0" * 64}, "source")]
)
def test_an_empty_document_is_refused_where_it_came_in(sent: dict[str, str], field: str):
    with pytest.raises(NothingToSay) as refusal:
        planning.plan(Narration.parse(sent), planning.Document(b" "), VOICES)
    assert refusal.value.param == field
