from pathlib import Path

import pytest

from shared.screenplay import dialogue
from shared.screenplay.elements import Words
from tests.shared.screenplay.written import brief, said

SAMPLE = (Path(__file__).parents[2] / "data" / "dialogue.txt").read_text()


def test_the_sample():
    assert brief(dialogue.read(SAMPLE)) == [
        "NARRATOR: The market closes at dusk. It is always dusk.",
        "TOLLA: (tired) You again. I told you, no more maps. The last one bit somebody.",
        "WREN: I don't want a map. I want to know what's behind the blue door.",
        "TOLLA: (laughing) Behind the blue door? Debts, mostly.",
        "NARRATOR: She did not laugh for long. At 10:30 the bell rang, and every lamp in the row "
        "went out.",
        "WREN: (whispering) Tolla... somebody's paid.",
    ]


@pytest.mark.parametrize(
    ("line", "speech"),
    [
        ("ANA: (whispering) Hey.", "ANA: (whispering) Hey."),
        ("BOB (shouting): Hey.", "BOB: (shouting) Hey."),
        ("[Guard #2]: Hey.", "Guard #2: Hey."),
        ("**Élodie:** Hey.", "Élodie: Hey."),
        ("**Élodie**: Hey.", "Élodie: Hey."),
        ("**Élodie (sadly):** Hey.", "Élodie: (sadly) Hey."),
        ("**Élodie** (sadly): Hey.", "Élodie: (sadly) Hey."),
        ("- *Ana*: Hey.", "Ana: Hey."),
        ("> __Ana:__ Hey.", "Ana: Hey."),
        ("李雷（低声）：嗨。", "李雷: (低声) 嗨。"),
        ("Dr. Smith : Hey.", "Dr. Smith: Hey."),
        ("Guard 2: 10 men!", "Guard 2: 10 men!"),
        ("ANA (V.O.): (beat) Hey.", "ANA: (beat) Hey."),
    ],
)
def test_names(line: str, speech: str):
    assert said(dialogue.read(line)) == [speech]


@pytest.mark.parametrize(
    "line",
    [
        "Time was 10:30 when it rang.",
        "At 10:30 it rang.",
        "Note: http://example.org",
        "http://example.org",
        "What I want to say: nothing.",
        "She said: nothing.",
        "[laugh] Well.",
        "[pause:1.5] Well.",
        "12: no name",
        "[pause 2s]",
    ],
)
def test_what_is_no_name(line: str):
    script = dialogue.read(f"ANA: Hey.\n{line}")
    assert [speech.character for speech in script.speeches] == ["ANA"]
    assert len(script.elements) == 1


def test_a_long_name_counts_when_it_comes_twice_or_is_in_the_cast():
    once = "the man with the hat: Hey."
    assert said(dialogue.read(f"{once}\n{once}")) == [once, once]
    assert said(dialogue.read(once, cast=["The Man with the Hat"])) == [once]


def test_names_in_brackets_without_a_colon():
    assert said(dialogue.read("[Ana] Hey.\n[Bob] Ho.")) == ["Ana: Hey.", "Bob: Ho."]


def test_names_in_small_letters_where_there_are_no_others():
    assert said(dialogue.read("ana: hey\nbob: ho")) == ["ana: hey", "bob: ho"]


def test_a_name_in_bold_begins_a_speech_after_one_in_brackets():
    assert said(dialogue.read("[Ana]: Hey.\n**Bob:** Ho.")) == ["Ana: Hey.", "Bob: Ho."]


def test_lines_go_on_until_an_empty_one():
    text = "Title: Dusk\n\n# Night\n\nANA: One\ntwo.\n(sighs)\nThree.\n\nShe\ngoes.\n\n[Rain.]\n---"
    script = dialogue.read(text)
    assert script.title == "Dusk"
    assert brief(script) == [
        "- Title: Dusk",
        "= Night",
        "ANA: One two. (sighs) Three.",
        "! She goes.",
        "! Rain.",
        "- ---",
    ]


@pytest.mark.parametrize(
    ("line", "element"),
    [
        ("[door slams]", "! door slams"),
        ("[Enter BOB]", "! Enter BOB"),
        ("Scene 2: the harbor", "= Scene 2: the harbor"),
        ("Act III: Night", "= Act III: Night"),
    ],
)
def test_what_stands_between_speeches_ends_them(line: str, element: str):
    assert brief(dialogue.read(f"ANA: Hey.\n{line}\nANA: Ho.")) == [
        "ANA: Hey.",
        element,
        "ANA: Ho.",
    ]


def test_places_are_exact():
    text = "\nANA: One (laughs) two."
    (speech,) = dialogue.read(text).speeches
    words = speech.parts[2]
    assert isinstance(words, Words)
    where = words.where()
    assert (where.line, text[where.start : where.end]) == (2, "two.")
