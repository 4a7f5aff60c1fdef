import pytest

from shared.errors import UnknownVoice
from shared.plans.casting import FEW_VOICES, Casting
from shared.plans.plan import Line
from shared.requests.role import Role
from shared.speakers import SPEAKERS
from tests.shared.plans.known_voices import PRESETS


def line(speaker: str, text: str = "Hey.") -> Line:
    return Line(
        number=1, text=text, said=text, role=Role(), speaker=speaker, language="english", seed=1,
        seconds=1.5,
    )  # fmt: skip


def test_each_gets_a_voice_that_nobody_else_has():
    casting = Casting({"Ana": Role(voice="serena")}, PRESETS, "english", [Role(voice="ryan")])
    voices = [casting.role(f"Guard {n}").voice for n in range(7)]
    assert sorted([*map(str, voices), "ryan", "serena"]) == sorted(SPEAKERS)
    assert casting.warnings == []


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("chinese", ["serena", "dylan", "vivian", "uncle_fu", "eric"]),
        ("japanese", ["ono_anna", "ryan"]),
        ("english", ["ryan", "serena"]),
    ],
)
def test_voices_at_home_in_the_language_go_first(language: str, first: list[str]):
    casting = Casting({}, PRESETS, language)
    assert [casting.role(f"Guard {n}").voice for n in range(len(first))] == first


def test_voices_are_shared_when_there_are_more_characters():
    casting = Casting({}, PRESETS, "english")
    voices = {str(casting.role(f"Guard {n}").voice) for n in range(500)}
    assert (voices, casting.warnings) == (set(SPEAKERS), [FEW_VOICES])


def test_a_name_is_the_same_in_any_case_and_with_any_blanks():
    casting = Casting({"Élodie  Roux": Role(voice="serena")}, PRESETS, "english")
    assert casting.role("ÉLODIE ROUX").voice == "serena"
    assert casting.role("Bob") == casting.role("BOB")


def test_a_role_without_a_voice_gets_one_and_keeps_the_rest():
    casting = Casting({"Bob": Role(instruct="wary")}, PRESETS, "english")
    assert casting.role("BOB") == Role(voice="ryan", instruct="wary")


def test_the_request_counts_before_the_document():
    casting = Casting(
        {"Ana": Role(voice="serena"), "Cy": Role(description="old man")}, PRESETS, "english"
    )
    assert casting.role("Ana", "dylan").voice == "serena"
    assert casting.role("Cy", "dylan").voice is None


@pytest.mark.parametrize("given", [{}, {"Bob": Role(instruct="wary")}])
def test_the_document_says_who_speaks_line_by_line(given: dict[str, Role]):
    casting = Casting(given, PRESETS, "english")
    asked = ["Dylan", "eric", None]
    assert [casting.role("Bob", voice).voice for voice in asked] == ["dylan", "eric", "dylan"]


def test_a_voice_that_is_not_there():
    with pytest.raises(UnknownVoice, match="'Nobody'"):
        Casting({}, PRESETS, "english").role("Bob", "Nobody")


def test_parts_tell_who_says_how_much():
    casting = Casting({"Ana": Role(voice="serena")}, PRESETS, "english")
    for name in ("BOB", "Ana", "Mute"):
        casting.role(name)
    bob, ana = casting.parts([line("Bob"), line("ANA"), line("ana", "Hey, you!"), line("")])
    assert (bob.name, bob.automatic, bob.lines, bob.seconds) == ("BOB", True, 1, 1.5)
    assert (ana.name, ana.automatic, ana.lines, ana.sample) == ("Ana", False, 2, "Hey, you!")
