from pathlib import Path
from typing import Any

import pytest

from shared.errors import InvalidRequest, NothingToSay
from shared.plans.casting import FEW_VOICES
from shared.plans.plan import Line, Plan, Where
from shared.plans.planning import Document, plan
from shared.requests.script import Script
from shared.text.sentences import Boundary
from tests.shared.plans.known_voices import PRESETS

DATA = Path(__file__).parents[2] / "data"
BAKERY = (DATA / "table-read.fountain").read_text()
MARKET = (DATA / "dialogue.txt").read_text()


def planned(text: str, name: str = "", **request: Any) -> Plan:
    asked = Script.parse({"text": text or " ", "language": "english", **request})
    return plan(asked, Document(text.encode(), name), PRESETS)


def brief(line: Line) -> tuple[str, str, str | None, float]:
    return (line.speaker, line.text, line.role.instruct, line.pause_after)


def texts(made: Plan) -> list[str]:
    return [f"{line.speaker}: {line.text}" for line in made.lines]


# --- the samples ---


def test_the_screenplay():
    made = planned(BAKERY, cast={"Élodie": {"voice": "serena", "instruct": "proud"}})
    okafor, elodie = "INSPECTOR OKAFOR", "ÉLODIE"
    assert [brief(line) for line in made.lines] == [
        (elodie, "Stay.", "proud; to the dough", 0.25),
        (elodie, "Stay. Good.", "proud; to the dough", 0.6),
        (okafor, "Is this the establishment that reported...", None, 0.25),
        (okafor, '..."a missing yeast"?', "checks tablet", 0.6),
        (elodie, "Stolen. Not missing. Bernard does not wander.", "proud", 0.8),
        (okafor, "You named your yeast Bernard.", None, 0.6),
        (
            elodie,
            "He is one hundred and six years old, Inspector. He crossed forty million miles in my "
            "grandmother's coat.",
            "proud; fiercely",
            0.6,
        ),
        (
            "TANNOY",
            "Attention. Dust front arriving in 12 minutes. All residents to shelter level B.",
            None,
            0.6,
        ),
        (okafor, "Then we have eleven. Who else has a key?", None, 0.6),
        (elodie, "Nobody.", "proud", 0.6),
        (okafor, "Nobody?", None, 0.6),
        (elodie, "...My sister.", "proud; small voice", 0.0),
    ]
    assert [line.number for line in made.lines if line.beside] == [11]
    assert {line.number: line.role.emotion for line in made.lines if line.role.emotion} == {
        9: "whispering"
    }
    assert "twelve minutes" in made.lines[7].said
    assert made.title == "The Last Bakery on Mars"
    assert [chapter.title for chapter in made.chapters] == ["INT. HELLAS BASIN BAKERY - MORNING"]
    assert [(part.name, part.role.voice, part.automatic, part.lines) for part in made.cast] == [
        (elodie, "serena", False, 6),
        (okafor, "ryan", True, 5),
        ("TANNOY", "aiden", True, 1),
    ]
    assert made.warnings == []


def test_the_screenplay_with_a_narrator():
    made = planned(BAKERY, narrator="dylan")
    assert [line.text for line in made.lines if not line.speaker] == [
        "INT. HELLAS BASIN BAKERY - MORNING",
        "Red light through a scratched dome. ÉLODIE (40s) kneads dough in low gravity. It keeps "
        "trying to leave.",
        "The airlock hisses. INSPECTOR OKAFOR (50s) enters, brushing dust from his sleeves.",
    ]
    assert made.lines[0].said == "Interior, HELLAS BASIN BAKERY - MORNING"
    assert [skipped.text for skipped in made.skipped] == [
        "Title: The Last Bakery on Mars",
        "Credit: a short scene",
        "CUT TO:",
    ]
    assert "dylan" not in [part.role.voice for part in made.cast]


@pytest.mark.parametrize("narrator", [None, "dylan"])
def test_every_line_of_the_screenplay_is_accounted_for(narrator: str | None):
    made = planned(BAKERY, narrator=narrator)
    lines = BAKERY.split("\n")
    cues = {n for n, line in enumerate(lines, 1) if line.isupper() and lines[n : n + 1] != [""]}
    directions = {n for n, line in enumerate(lines, 1) if line.startswith("(")}
    found = {line.where.line for line in made.lines} | {it.where.line for it in made.skipped}
    assert {n for n, line in enumerate(lines, 1) if line} == found | cues | directions


def test_the_dialogue():
    made = planned(MARKET)
    assert [brief(line) for line in made.lines] == [
        ("NARRATOR", "The market closes at dusk.", None, 0.25),
        ("NARRATOR", "It is always dusk.", None, 0.6),
        ("TOLLA", "You again. I told you, no more maps. The last one bit somebody.", None, 0.6),
        ("WREN", "I don't want a map. I want to know what's behind the blue door.", None, 0.6),
        ("TOLLA", "Behind the blue door? Debts, mostly.", "laughing", 0.6),
        (
            "NARRATOR",
            "She did not laugh for long. At 10:30 the bell rang, and every lamp in the row went "
            "out.",
            None,
            0.6,
        ),
        ("WREN", "Tolla... somebody's paid.", None, 0.0),
    ]
    assert [line.role.emotion for line in made.lines] == [
        None, None, "tired", None, None, None, "whispering",
    ]  # fmt: skip
    assert [line.where.line for line in made.lines] == [1, 1, 2, 3, 4, 5, 6]
    assert made.skipped == []


@pytest.mark.parametrize("source", [BAKERY, MARKET])
def test_places_are_exact(source: str):
    made = planned(source, narrator="dylan")
    for line in made.lines:
        assert source[line.where.start : line.where.end] == line.text
        assert line.where.start is not None
        assert source[: line.where.start].count("\n") + 1 == line.where.line


# --- pauses, scenes, who ---


def test_beats_are_silence_after_what_was_said_and_before_all():
    made = planned("ANA: (beat) Hey. (pause) You. (long pause)\nBOB: (beat) Ho.", beat=1.5)
    assert made.opening == 1.5
    assert [line.pause_after for line in made.lines] == [1.5, 3.0, 0.0]


def test_scenes_are_chapters_and_those_that_are_silent_leave_a_gap():
    made = planned("# One\n\nANA: Hey.\n\n# Two\n\n# Three\n\nBOB: Ho.\n", pauses={"chapter": 3})
    assert [(chapter.number, chapter.title) for chapter in made.chapters] == [
        (1, "One"),
        (3, "Three"),
    ]
    assert [(line.chapter, line.boundary, line.pause_after) for line in made.lines] == [
        (1, Boundary.CHAPTER, 3.0),
        (3, Boundary.END, 0.0),
    ]


@pytest.mark.parametrize(
    ("narrates", "read"),
    [
        ("all", ["One", "Rain.", "Hey."]),
        ("headings", ["One", "Hey."]),
        ("action", ["Rain.", "Hey."]),
    ],
)
def test_what_the_narrator_reads(narrates: str, read: list[str]):
    made = planned("# One\n\nRain.\n\nANA: Hey.", narrator="ryan", narrates=narrates)
    assert [line.text for line in made.lines] == read
    assert len(made.lines) + len(made.skipped) == 3


def test_a_character_who_narrates_is_the_narrator():
    narrator = {"voice": "eric", "instruct": "old"}
    made = planned("Erzähler: Regen.\n\nANA: Hey.\n\nDust.", narrator=narrator)
    assert [line.role.voice for line in made.lines] == ["eric", "ryan", "eric"]
    assert [line.speaker for line in made.lines] == ["Erzähler", "ANA", ""]
    cast = planned("NARRATOR: Rain.", narrator=narrator, cast={"Narrator": "dylan"})
    assert cast.lines[0].role.voice == "dylan"


def test_a_narrator_without_a_voice_gets_one_of_its_own():
    made = planned("Rain.\n\nANA: Hey.", narrator={"instruct": "old"}, cast={"Ana": "ryan"})
    assert [line.role.voice for line in made.lines] == ["serena", "ryan"]


def test_a_role_of_nobody_is_told():
    made = planned("ANA: Hey.", cast={"Anna": "ryan", "ana": "eric"})
    assert made.warnings == ["`cast` has a role for 'Anna', but nobody of that name speaks."]


def test_five_hundred_speakers_share_voices():
    made = planned("\n".join(f"Guard {n}: Halt." for n in range(500)))
    assert (len(made.cast), made.warnings) == (500, [FEW_VOICES])


def test_mark_up_holds_for_its_passage():
    made = planned("ANA: Hey. [voice:Dylan][speed:1.2] Ho.\nBOB: [pause:2] Oh.")
    assert [(line.role.voice, line.role.speed, line.pause_after) for line in made.lines] == [
        ("ryan", 1.0, 0.25),
        ("dylan", 1.2, 2.0),
        ("serena", 1.0, 0.0),
    ]


def test_mark_up_that_nobody_knows_is_told_with_its_line():
    made = planned("ANA: Hey.\nBOB: [zzz] Ho.")
    assert [line.said for line in made.lines] == ["Hey.", "Ho."]
    (warning,) = made.warnings
    assert warning.startswith("Line 2: ")
    assert "[zzz]" in warning
    assert "line 1" not in warning


def test_a_line_that_is_put_before_changes_no_other():
    before = planned("ANA: Hello there.\nBOB: Hey.").lines
    after = planned("ANA: Oh.\nANA: Hello there.\nBOB: Hey.").lines
    assert [line.seed for line in after][1:] == [line.seed for line in before]


# --- tables ---


def test_a_table_says_who_speaks_how_and_what_follows():
    made = planned("who,text,style,voice,pause\nANA,Hey.,dryly,eric,1.5\nANA,Ho.,,,\n,Rain.,,,")
    assert [(line.role.voice, line.role.emotion, line.pause_after) for line in made.lines] == [
        ("eric", "sarcastic", 1.5),
        ("eric", None, 0.0),
    ]
    assert [line.where for line in made.lines] == [Where(line=2), Where(line=3)]
    assert [(it.where.line, it.text) for it in made.skipped] == [(4, "Rain.")]


def test_links_and_pictures_are_no_directions():
    made = planned("ANA: See [the map](a/b.html) ![map](b.png) (softly) now.")
    assert [(line.text, line.role.instruct) for line in made.lines] == [
        ("See the map", None),
        ("now.", "softly"),
    ]


def test_the_language_is_that_of_all_that_is_said_whatever_its_mark_up():
    tag = "<say-as interpret-as='digits'>1</say-as>"
    made = planned(f"ANA: {tag} {tag} {tag} Wo?\nBOB: Der Hund ist weg.", language="auto")
    assert {line.language for line in made.lines} == {"german"}


# --- what is wrong ---


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ANA:\n\nBOB: Ho.", "Nothing is said here."),
        ("ANA: ***\n\nBOB: Ho.", "Nothing in it can be spoken."),
        ("BOB: Ho. (exits)", "It is a direction, and nothing is said after it."),
    ],
)
def test_nothing_is_left_out_without_a_word(text: str, why: str):
    made = planned(text)
    assert texts(made) == ["BOB: Ho."]
    assert [skipped.why for skipped in made.skipped] == [why]


def test_a_direction_before_what_cannot_be_spoken_is_accounted_for():
    made = planned("BOB: Ho. (exits) …")
    assert [skipped.text for skipped in made.skipped] == ["…", "exits"]


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_script(text: str):
    with pytest.raises(NothingToSay):
        planned(text)


def test_prose_is_read_by_a_narrator_or_not_at_all():
    with pytest.raises(InvalidRequest, match="Nobody speaks") as caught:
        planned("Rain fell. Nobody came.")
    assert (caught.value.param, "narrator" in str(caught.value.next_step)) == ("text", True)
    assert texts(planned("Rain fell.\n\nNobody came.", narrator="ryan")) == [
        ": Rain fell.",
        ": Nobody came.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who,text,voice\nANA,Hey.,Nobody\n", "Row 2: There is no voice 'Nobody'"),
        ("ANA: Hey.\nBOB: [voice:Nobody] Ho.", "Line 2: There is no voice 'Nobody'"),
        (f"who,text\n{'B' * 101},Ho.\n", "Row 2: the name has more than 100 characters."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str):
    with pytest.raises(InvalidRequest) as caught:
        planned(text)
    assert caught.value.message.startswith(message)


def test_a_document_of_pauses_is_refused():
    request = Script.parse({"text": "x", "language": "english"})
    document = Document("\n\n".join(["ANNA: So. [pause:60]"] * 120).encode())
    with pytest.raises(InvalidRequest, match="hours in all"):
        plan(request, document, PRESETS)
