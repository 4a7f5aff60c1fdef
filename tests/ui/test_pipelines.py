"""What the pages of pipelines show of casts, lines and jobs, and what of it they send."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.client import AsyncClient
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Part
from shared.requests.role import Role
from shared.states import JobState
from shared.views import FitView, LineView, TakeView
from ui import (
    casting,
    fitting,
    line_rows,
    markup,
    plan_rows,
    recordings,
    result,
    retake,
    sieve,
    work,
)
from ui.dashboard import Dashboard
from ui.pages import queue

HOSTILE = "<img src=x onerror=alert(1)>"
ID = "01a2005f-f397-761a-8af3-2d823cf8e167"
DASHBOARD = Dashboard(AsyncClient())


def planned(count: int, *speakers: str) -> PlanView:
    """A plan of so many lines, spoken in turn."""
    lines = [
        Line(
            number=number,
            text=f"The {number}. Lamp.",
            said="The lamp.",
            role=Role(voice="serena"),
            speaker=speakers[number % len(speakers)],
            language="english",
            seed=number,
            seconds=2.0,
        )
        for number in range(1, count + 1)
    ]
    return PlanView(task="script", language="english", lines=lines, id="0" * 64)


def take(number: int = 1, **fields: Any) -> TakeView:
    known: dict[str, Any] = {"file": f"line-00003-take-{number}.flac", "seed": 7, "seconds": 1.5}
    known |= {"text": "You again.", "said": "You again.", "role": Role(voice="serena")}
    known |= dict.fromkeys(("notes", "retaken", "faults"), ())
    known |= {"finish_reason": "stop", "similarity": None, "made_at": 0.0, "job": "", "audio": ""}
    return TakeView.model_validate({**known, "number": number, **fields})


def line(*takes: TakeView, **fields: Any) -> LineView:
    known: dict[str, Any] = {"number": 3, "text": "You again.", "said": "You again."}
    known |= {"speaker": "TOLLA", "role": Role(voice="serena"), "language": "english"}
    known |= {"chapter": 0, "slot": None, "id": "", "state": "spoken", "why": "", "chosen": 1}
    known |= {"start": 0.0, "end": 1.5, "taken_over": "", "takes": takes or (take(),)}
    return LineView.model_validate({**known, **fields})


def row(shown: LineView, *spoken: int) -> str:
    return line_rows.row(DASHBOARD, ID, shown, {}, {"TOLLA": 9}, spoken)


def job(state: JobState, **fields: Any) -> JobView:
    known: dict[str, Any] = {"id": ID, "task": "script", "created_at": datetime.now(UTC), "seed": 1}
    known |= {"request": {"text": "TOLLA: You again.", "format": "mp3", "cast": {}}}
    return JobView.model_validate({**known, "state": state, **fields})


@pytest.mark.parametrize(
    ("cast", "voice", "expected"),
    [
        ({}, "ryan", {"TOLLA": {"voice": "ryan"}}),
        ({"Tolla": "serena"}, "ryan", {"Tolla": {"voice": "ryan"}}),
        ({"TOLLA": {"voice": "serena", "speed": 0.9}}, "", {"TOLLA": {"speed": 0.9}}),
        ({"TOLLA": {"description": "a gruff alto"}}, "ryan", {"TOLLA": {"voice": "ryan"}}),
        ({"TOLLA": "serena"}, "", {}),
    ],
)
def test_a_member_of_the_cast_gets_the_voice_that_is_chosen(
    cast: dict[str, Any], voice: str, expected: dict[str, Any]
):
    assert casting.mapped({**cast, "WREN": "aiden"}, "TOLLA", voice) == {
        **expected,
        "WREN": "aiden",
    }


def test_names_and_words_of_a_document_are_shown_as_text():
    part = Part(
        name=HOSTILE,
        role=Role(voice="ryan"),
        automatic=True,
        lines=1,
        seconds=1.0,
        sample=HOSTILE,
    )
    shown = casting.table([part], {}, {}, mapped=True)
    shown += row(line(take(faults=[HOSTILE]), text=HOSTILE, speaker=HOSTILE, id=HOSTILE))
    assert "<img" not in shown
    assert shown.count("&lt;img") >= 6


@pytest.mark.parametrize(
    ("speaker", "words", "first", "expected"),
    [
        ("*", "", 0, range(1, 51)),
        ("*", "", 100, range(101, 121)),
        ("", "", 0, range(2, 101, 2)),
        ("TOLLA", "lamp 11.", 0, [11, 111]),
        ("", "lamp 11.", 0, []),
    ],
)
def test_of_a_plan_a_page_of_the_lines_that_are_looked_for_is_shown(
    speaker: str, words: str, first: int, expected: Sequence[int]
):
    shown = plan_rows.lines(planned(120, "", "TOLLA"), {}, first, speaker, words)
    assert [int(number) for number in re.findall(r'data-line="(\d+)"', shown)] == [*expected]


def test_a_line_that_is_on_its_way_is_not_sent_a_second_time():
    first = work.more({"pending": {"job": 4}, "batch": 1}, [3, 4])
    assert (first["left"], first["batch"]) == ([3], 2)
    assert work.more(first, [3, 4]) == first


def test_one_line_that_waits_for_its_place_is_told_by_its_number():
    assert "Line 5 is spoken again" in work.told(work.more({}, [5]))
    assert work.told({}) == ""


def test_pages_of_lines_are_turned_back_to_the_first():
    view = sieve.turned(sieve.turned(sieve.wanting({"output": ID}), "next", 50), "next", 100)
    assert (view["after"], view["before"]) == (100, [0, 50])
    for after in (50, 0, 0):
        view = sieve.turned(view, "previous", 0)
        assert view["after"] == after


@pytest.mark.parametrize(
    ("length", "words"),
    [(59.94, "59.9 s"), (59.96, "1 min 0 s"), (3599.7, "1 h 0 min"), (7325.0, "2 h 2 min")],
)
def test_a_length_is_told_in_units_that_are_not_full(length: float, words: str):
    assert markup.seconds(length) == words


def test_those_who_speak_one_after_the_other_have_colours_far_apart():
    hues = markup.colours(["NARRATOR", "TOLLA", "NARRATOR", "WREN"])
    assert list(hues) == ["NARRATOR", "TOLLA", "WREN"]
    apart = abs(hues["TOLLA"] - hues["WREN"]) % 360
    assert min(apart, 360 - apart) > 60


def test_a_line_of_several_takes_offers_those_that_are_not_heard():
    shown = row(line(take(1), take(2), chosen=2))
    assert 'data-action="use" data-id="3/1"' in shown
    assert 'data-id="3/2"' not in shown
    assert f'src="/file/{ID}/line-00003-take-2.flac"' in shown


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (FitView(natural=2.0, room=2.5, rate=1.0, action="fits"), ""),
        (FitView(natural=3.0, room=2.5, rate=1.2, action="stretched"), "1.20 × faster"),
        (FitView(natural=3.0, room=1.0, rate=1.5, action="overrun", overrun=1.0), "1.0 s too long"),
        (
            FitView(natural=3.0, room=1.0, rate=1.5, action="cut", overrun=1.0),
            "1.0 s too long, cut off",
        ),
    ],
)
def test_a_cue_tells_what_was_done_to_make_it_fit(fit: FitView, words: str):
    assert fitting.told(fit) == words
    assert ("badge failed" in (fitting.shown(fit) or "")) == fit.strained


def test_a_line_tells_how_it_was_spoken_where_that_is_other_than_written():
    assert "Spoken" not in row(line())
    assert "Spoken: Number seven." in row(line(text="No. 7.", said="Number seven."))


def test_a_line_that_is_spoken_again_says_so():
    assert "spoken again" in row(line(), 3)
    assert "spoken again" not in row(line(), 4)


def test_of_another_take_only_what_is_other_than_planned_is_sent():
    shown = line(take(role=Role(voice="serena", emotion="tired", instruct="slow")))
    same = retake.changes(shown, " You again. ", "slow", "tired", "serena", 1.0, None)
    other = retake.changes(shown, "You.", "", "calm", "ryan", 1.2, 8.0)
    assert same == {}
    assert other == {
        "text": "You.", "instruct": None, "emotion": "calm", "voice": "ryan", "speed": 1.2,
        "seed": 8,
    }  # fmt: skip


def test_a_take_that_is_to_be_slower_and_nothing_else_is_the_same_take():
    shown = line(take(seed=7))
    slower = retake.changes(shown, "You again.", "", "", "serena", 0.8, None)
    both = retake.changes(shown, "You again.", "low", "", "serena", 0.8, None)
    assert slower == {"speed": 0.8, "seed": 7}
    assert both == {"speed": 0.8, "instruct": "low"}


def test_a_take_of_other_words_is_the_start_of_the_next_one():
    shown = line(take(1), take(2, text="You, again?"), chosen=2, text="You, again?")
    again = retake.changes(shown, "You, again?", "", "", "serena", 1.0, None)
    assert again == {"text": "You, again?"}


def test_of_a_pipeline_its_files_can_be_downloaded_and_the_recording_in_other_formats():
    names = ("stream.wav", "lines.json", "line-0a.flac", "audio.mp3")
    done = {"files": {name: {"bytes": 1} for name in names}}
    told = result.told(DASHBOARD, job(JobState.SUCCEEDED, result=done))
    assert told.index("audio.mp3") < told.index("stream.wav")
    assert f'href="/file/{ID}/audio.mp3"' in told
    assert "line-0a" not in told
    for format in ("wav", "flac", "opus"):
        assert f'href="/audio/{ID}.{format}"' in told
    assert f"/audio/{ID}.mp3" not in told


@pytest.mark.parametrize(
    ("format", "name"), [("wav", "audio.wav"), ("m4b", "audio.m4b"), ("pcm", "stream.wav")]
)
def test_the_player_of_a_pipeline_plays_its_finished_file(format: str, name: str):
    assert recordings.address(DASHBOARD, ID, "narration", format) == f"/file/{ID}/{name}"
    assert recordings.address(DASHBOARD, ID, "custom_voice", format) is None


def test_a_pipeline_that_was_stopped_can_be_gone_on_with():
    links = {"resume": f"/v1/jobs/{ID}/resume"}
    assert "kept; Resume" in result.told(DASHBOARD, job(JobState.CANCELLED, links=links))
    assert "Nothing was kept" in result.told(DASHBOARD, job(JobState.CANCELLED))


@pytest.mark.parametrize("step", ["pause", "resume"])
def test_a_queue_offers_the_step_that_a_pipeline_can_take(step: str):
    shown = queue.table(DASHBOARD, [job(JobState.PAUSED, links={step: ""})])
    assert f'data-action="{step}"' in shown
    assert "TOLLA: You again." in shown
