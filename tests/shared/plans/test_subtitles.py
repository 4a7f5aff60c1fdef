from pathlib import Path
from typing import Any

import pytest

from shared.errors import InvalidRequest, NothingToSay
from shared.plans.casting import FEW_VOICES
from shared.plans.plan import Plan, Slot
from shared.plans.planning import Document, plan
from shared.requests.subtitles import Subtitles
from tests.shared.plans.known_voices import PRESETS

DATA = Path(__file__).parents[2] / "data"


def planned(text: str | bytes, name: str = "", **fields: Any) -> Plan:
    data = text.encode() if isinstance(text, str) else text
    return plan(Subtitles.parse({"text": "x", **fields}), Document(data, name), PRESETS)


def srt(*texts: str) -> str:
    return "\n".join(
        f"{n}\n00:{n // 60:02}:{n % 60:02},000 --> 00:{n // 60:02}:{n % 60:02},900\n{text}\n"
        for n, text in enumerate(texts, 1)
    )


def test_the_dubbing_sample_is_spoken_but_for_its_sound():
    made = planned((DATA / "dubbing.srt").read_bytes(), "dubbing.srt", cast={"ANNA": "serena"})
    assert [(line.where.line, line.speaker, line.role.voice) for line in made.lines] == [
        (1, "", "ryan"),
        (2, "ANNA", "serena"),
        (4, "MIKHAIL", "aiden"),
        (5, "", "ryan"),
        (6, "ANNA", "serena"),
    ]
    assert made.lines[3].text == "We lost one truck. Just one."
    assert made.lines[4].role.instruct == "quietly"
    assert made.lines[2].slot == Slot(start=6.2, end=7.1)
    assert [(skip.where.line, skip.text, skip.why) for skip in made.skipped] == [
        (3, "[engine starting]", "The cue is a sound.")
    ]
    assert made.warnings == ["Cue 6 begins before an earlier one ends."]
    assert made.duration == 15.0
    assert {line.pause_after for line in made.lines} == {0}


def test_the_interview_sample_has_two_speakers():
    made = planned((DATA / "interview.vtt").read_bytes(), "interview.vtt")
    assert [line.speaker for line in made.lines] == ["Host", "Dr. Imre", "Host", "Dr. Imre"]
    assert len({part.role.voice for part in made.cast} - {"ryan"}) == 2
    assert not made.skipped


def test_speakers_of_one_cue_share_its_time_as_their_words_need_it():
    made = planned("1\n00:00:01,000 --> 00:00:04,000\n- ANNA: Yes, that is it.\n- Yes.\n")
    first, second = (line.slot for line in made.lines)
    assert first
    assert second
    assert (first.start, first.end, second.end) == (1.0, second.start, 4.0)
    assert first.end - first.start > second.end - second.start


def test_every_cue_is_spoken_or_skipped():
    made = planned(srt("Hi.", "♪ la ♪", "", "…", "(sighs)", "No (sighs).", "ANNA:"))
    spoken = {line.where.line for line in made.lines}
    assert spoken == {1, 6}
    assert {skip.where.line for skip in made.skipped} | spoken == set(range(1, 8))


def test_a_direction_that_names_a_mood_is_one():
    made = planned(
        srt("ANNA: (sadly) Gone.", "ANNA (loud): Gone."),
        cast={"Anna": {"voice": "serena", "instruct": "old"}},
    )
    assert [(line.role.emotion, line.role.instruct) for line in made.lines] == [
        ("sad", "old"),
        (None, "old; loud"),
    ]


def test_mark_up_in_a_cue_is_followed_and_never_read_aloud():
    made = planned(srt("[voice:Serena]Hello [pause:1] you."))
    assert (made.lines[0].text, made.lines[0].role.voice) == ("Hello you.", "serena")
    assert made.warnings == [
        "Cue 1 (line 2): It is spoken in one go, so the pauses that it asks for are left out."
    ]


def test_tags_and_names_tell_nothing_of_the_language():
    made = planned(srt("<i>Das ist gut.</i>", "<i>Er</i> <i>ging</i>.", "THE MAN: Ach."))
    assert made.language == "german"


def test_the_language_is_that_of_all_cues():
    made = planned(srt("Привет, как дела?", "OK."))
    assert {line.language for line in made.lines} == {"russian"}


def test_a_voice_that_names_nobody_is_the_usual_one():
    assert planned(srt("Hi."), voice={"speed": 1.2}).lines[0].role.voice == "ryan"


def test_five_hundred_speakers_share_the_voices():
    made = planned(srt(*(f"MAN {n}: Hi." for n in range(500))))
    assert len(made.cast) == 500
    assert made.warnings == [FEW_VOICES]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n", "There is no cue"),
        (srt("Hi.", "Hm. " * 1100), "Cue 2 (line 6) has 4,399 characters"),
        (srt("x " * 30_000), "Cue 1 (line 2) has 59,999 characters"),
        (srt("[voice:Nobody]Hi."), "Cue 1 (line 2): There is no voice 'Nobody'"),
        ("1\n100:00:00,000 --> 100:00:01,000\nHi.\n", "Cue 1 (line 2) ends at 100:00:01.000"),
    ],
)
def test_what_is_wrong_in_a_cue_is_refused_with_its_number(text: str, message: str):
    with pytest.raises(InvalidRequest) as refusal:
        planned(text)
    assert message in refusal.value.message
    assert refusal.value.param == "text"


@pytest.mark.parametrize("text", ["\n", srt("[door slams]", "♪")])
def test_nothing_to_say_is_said(text: str):
    with pytest.raises(NothingToSay):
        planned(text)
