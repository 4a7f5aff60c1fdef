import pytest

from shared.cues.cue import LoadedCue, Segment
from shared.cues.segments import apart, repeated


def cue(text: str, speaker: str = "") -> LoadedCue:
    return LoadedCue(1, 0, 1000, text, speaker=speaker)


def told(text: str, *known: str) -> list[tuple[str, str, str]]:
    return [(it.speaker, it.text, it.direction) for it in apart(cue(text), known).segments]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ANNA: By December\nwe were.", [("ANNA", "By December we were.", "")]),
        ("ANNA: (quietly) Enough.", [("ANNA", "Enough.", "quietly")]),
        ("BOB (V.O.): Hi.", [("BOB", "Hi.", "")]),
        ("BOB (angry): Hi.", [("BOB", "Hi.", "angry")]),
        ("[GUARD #2]: Halt!", [("GUARD #2", "Halt!", "")]),
        ("ANNA:\nHello there.", [("ANNA", "Hello there.", "")]),
        ("ANNA: Yes?\nBOB: No.", [("ANNA", "Yes?", ""), ("BOB", "No.", "")]),
        ("- ANNA: Yes?\n- No.", [("ANNA", "Yes?", ""), ("", "No.", "")]),
        ("- Hello.\n- Hi.", [("", "Hello.", ""), ("", "Hi.", "")]),
        ("Hello.\n-Hi.", [("", "Hello.", ""), ("", "Hi.", "")]),
        (">> Hello.\n&gt;&gt; Hi.", [("", "Hello.", ""), ("", "Hi.", "")]),
        ("He was\n— gone.", [("", "He was — gone.", "")]),
        ("-5 degrees.", [("", "-5 degrees.", "")]),
        ("At 10:30 we go.", [("", "At 10:30 we go.", "")]),
        ("See http://a.b", [("", "See http://a.b", "")]),
        ("Remember: never again.", [("", "Remember: never again.", "")]),
        ("he said: go", [("", "he said: go", "")]),
        (
            "<v Host>Well.</v> <v.loud Dr. Imre>Yes.",
            [("Host", "Well.", ""), ("Dr. Imre", "Yes.", "")],
        ),
        ("{\\an8}<i>One</i> <00:01.000>&amp; <c.red>two</c>", [("", "One & two", "")]),
        ("<ruby>漢<rt>かん</rt></ruby>字", [("", "漢字", "")]),
        ("[whispering] I know.", [("", "I know.", "whispering")]),
        ("[pause:1.5] I know.", [("", "[pause:1.5] I know.", "")]),
        ("I (coughs), well, know.", [("", "I, well, know.", "")]),
        ("[T]he key(s) [laughs]Yes.", [("", "[T]he key(s) Yes.", "")]),
        ("JOHN & MARY: Hi.", [("JOHN & MARY", "Hi.", "")]),
    ],
)
def test_a_cue_is_taken_apart_by_who_speaks(text: str, found: list[tuple[str, str, str]]):
    assert told(text) == found


@pytest.mark.parametrize(
    "text",
    ["[engine starting]", "(whispering)", "♪ music ♪", "♪ la la\nla ♪", "ANNA: [sighs]", "（笑）"],
)
def test_sounds_are_not_said_but_told(text: str):
    apart_ = apart(cue(text))
    assert not apart_.segments
    assert len(apart_.sounds) == 1


def test_the_speaker_of_the_file_speaks_unless_the_text_names_one():
    assert apart(cue("Hi.", "Bob")).segments == [Segment("Hi.", "Bob")]
    assert apart(cue("ANNA: Hi.", "Bob")).segments == [Segment("Hi.", "ANNA")]


def test_a_name_without_capitals_or_of_many_words_has_to_be_known():
    assert told("李雷：你好") == [("", "李雷：你好", "")]
    known = repeated([cue("李雷：你好"), cue("李雷：再见"), cue("他说：好"), cue("他说：好")])
    assert told("李雷：你好", *known) == [("李雷", "你好", "")]
    assert told("他说：你好", *known) == [("", "他说：你好", "")]
    assert told("The Old Man At The Door: Hm.", "the old man at the door")[0][0] != ""
