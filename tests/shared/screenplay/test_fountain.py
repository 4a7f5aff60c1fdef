from pathlib import Path

import pytest

from shared.plans.plan import Where
from shared.screenplay import fountain
from shared.screenplay.elements import Words
from tests.shared.screenplay.written import brief, said

SAMPLE = (Path(__file__).parents[2] / "data" / "table-read.fountain").read_text()


def test_the_sample():
    script = fountain.read(SAMPLE)
    assert script.title == "The Last Bakery on Mars"
    assert brief(script) == [
        "- Title: The Last Bakery on Mars",
        "- Credit: a short scene",
        "= INT. HELLAS BASIN BAKERY - MORNING",
        "! Red light through a scratched dome. ÉLODIE (40s) kneads dough in low gravity. It keeps "
        "trying to leave.",
        "ÉLODIE: (to the dough) Stay. Stay. Good.",
        "! The airlock hisses. INSPECTOR OKAFOR (50s) enters, brushing dust from his sleeves.",
        "INSPECTOR OKAFOR: Is this the establishment that reported... (checks tablet) "
        '..."a missing yeast"?',
        "ÉLODIE: Stolen. Not missing. Bernard does not wander.",
        "INSPECTOR OKAFOR: (beat) You named your yeast Bernard.",
        "ÉLODIE: (fiercely) He is one hundred and six years old, Inspector. He crossed forty "
        "million miles in my grandmother's coat.",
        "TANNOY: Attention. Dust front arriving in 12 minutes. All residents to shelter level B.",
        "INSPECTOR OKAFOR: (whispering) Then we have eleven. Who else has a key?",
        "ÉLODIE: Nobody.",
        "INSPECTOR OKAFOR ^: Nobody?",
        "ÉLODIE: (small voice) ...My sister.",
        "- CUT TO:",
    ]


@pytest.mark.parametrize(
    ("cue", "name"),
    [
        ("ÉLODIE (CONT'D)", "ÉLODIE"),
        ("@McAvoy", "McAvoy"),
        ("DR. O’NEIL & SON", "DR. O’NEIL & SON"),
        ("李雷", "李雷"),
        ("R2D2 #3", "R2D2 #3"),
    ],
)
def test_names(cue: str, name: str):
    script = fountain.read(f"INT. A\n\n{cue}\nHello.\n", cast=["李雷"])
    assert said(script) == [f"{name}: Hello."]


@pytest.mark.parametrize(
    "text", ["BANG!\nThe door.", "李雷\n你好。", "INT. ÉCOLE\nA class.", "ÉLODIE\n\nShe runs."]
)
def test_what_is_no_name(text: str):
    assert said(fountain.read(f"EXT. B\n\n{text}\n")) == []


def test_what_is_hidden_ends_no_speech_and_moves_no_line():
    text = "BOB\n[[why?]]\nHello [[a\nnote]] there,\n/* all\nof it */\nyou.\n\nANNA\n  Oh."
    script = fountain.read(text)
    assert brief(script) == [
        "BOB: Hello there, you.",
        "- [[why?]]",
        "- [[a note]]",
        "- /* all of it */",
        "ANNA: Oh.",
    ]
    words = script.speeches[1].parts[0]
    assert isinstance(words, Words)
    assert words.where() == Where(line=10, start=text.index("Oh."), end=len(text))


def test_what_is_never_closed_hides_nothing():
    script = fountain.read("BOB\nHello /* there.\n\n[[ She goes.")
    assert brief(script) == ["BOB: Hello there.", "! She goes."]
    assert script.warnings == [
        "Line 2: '/*' is never closed, so it hides nothing.",
        "Line 4: '[[' is never closed, so it hides nothing.",
    ]


def test_lyrics_are_said_and_the_outline_is_not():
    script = fountain.read("# Act\n\n= They meet.\n\n===\n\nBOB\n~La la\n~la.\n\n>The End<")
    assert brief(script) == ["- # Act", "- = They meet.", "- ===", "BOB: La la la.", "! The End"]


@pytest.mark.parametrize(
    ("carets", "dual"),
    [
        (("", "^", ""), [False, True, False]),
        (("", "^", "^"), [False, False, True]),
        (("^", "", ""), [True, False, False]),
    ],
)
def test_a_caret_is_on_the_second_or_on_both(carets: tuple[str, ...], dual: list[bool]):
    text = "\n\n".join(f"{n} {c}\nHey." for n, c in zip(("ANN", "BOB", "CY"), carets, strict=True))
    assert [speech.dual for speech in fountain.read(text).speeches] == dual


def test_a_block_of_many_lines_is_read_to_its_end():
    script = fountain.read("BOB\n" + "Word.\n" * 1_000)
    assert said(script) == ["BOB: " + " ".join(["Word."] * 1_000)]
