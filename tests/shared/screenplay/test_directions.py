import pytest

from shared.screenplay.directions import directed, direction, name_of
from shared.screenplay.elements import Beat, Direction, Part, Span, Words


def words(text: str) -> Words:
    return Words.of([Span(text, 1, 0)])


def brief(parts: list[Part]) -> list[str]:
    return [_brief(part) for part in parts]


def _brief(part: Part) -> str:
    match part:
        case Beat():
            return "*"
        case Direction(inside):
            return f"({inside.text})"
        case _:
            return part.text


@pytest.mark.parametrize(
    "text",
    [
        "(beat)",
        "(A beat.)",
        "(long pause)",
        "(Pause)",
        "( a silence )",
        "（停顿）",
        "(un temps)",
    ],
)
def test_silences(text: str):
    assert direction(words(text)) == [Beat()]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(to the dough)", ["(to the dough)"]),
        ("(beat, then softly)", ["*", "(softly)"]),
        ("(beats the drum)", ["(beats the drum)"]),
        ("（小声）", ["(小声)"]),
        ("(CONT'D)", []),
        ("(V.O., filtered)", []),
        ("()", []),
    ],
)
def test_directions(text: str, parts: list[str]):
    assert brief(direction(words(text))) == parts


@pytest.mark.parametrize(
    ("cue", "name", "beside"),
    [
        ("TANNOY (V.O.)", "TANNOY", []),
        ("BOB (O.S.) (CONT’D)", "BOB", []),
        ("MARY  ANN (PRE-LAP) (weary)", "MARY ANN", ["(weary)"]),
        ("李雷（低声）", "李雷", ["(低声)"]),
        ("(V.O.)", "(V.O.)", []),
    ],
)
def test_a_name_is_without_where_its_voice_comes_from(cue: str, name: str, beside: list[str]):
    found, parts = name_of(words(cue))
    assert (found, brief(parts)) == (name, beside)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('reported... (checks tablet) ..."it"?', ["reported...", "(checks tablet)", '..."it"?']),
        ("No. (beat) Yes.", ["No.", "*", "Yes."]),
        ("your key(s) and (1984) stay", ["your key(s) and (1984) stay"]),
        (
            "I went (as I had every single morning since May) home.",
            ["I went (as I had every single morning since May) home."],
        ),
    ],
)
def test_short_directions_are_taken_out_of_what_is_said(text: str, parts: list[str]):
    assert brief(directed(words(text))) == parts
