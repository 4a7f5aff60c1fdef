"""The recording of subtitles, from tones."""

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.assembly.assembling import Assembled, Materials, assemble
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import CueTooLong
from shared.plans.plan import Slot
from tests.shared.assembly.materials import DATA, materials, planned


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Materials, Assembled]:
    request, plan = planned("subtitles", (DATA / "dubbing.srt").read_text())
    given = materials(tmp_path_factory.mktemp("subtitles"), request, plan)
    return given, assemble(given)


def test_the_mix_is_as_long_as_the_film_to_the_sample(made):
    given, assembled = made
    assert assembled.samples == 15 * SAMPLE_RATE
    assert soundfile.info(given.folder / "audio.wav").frames == 15 * SAMPLE_RATE
    assert soundfile.info(given.folder / "stem-anna.wav").frames == 15 * SAMPLE_RATE


def test_cues_begin_when_they_should(made):
    given, assembled = made
    for place in assembled.placed:
        slot = given.plan.by_number[place.number].slot
        assert slot
        assert place.start == pytest.approx(slot.start, abs=1 / SAMPLE_RATE)


def test_the_report_accounts_for_every_cue(made):
    given, _ = made
    told = json.loads((given.folder / "report.json").read_text())
    assert [(it["cue"], it["state"], it["action"]) for it in told] == [
        (1, "spoken", "fits"),
        (2, "spoken", "stretched"),
        (3, "skipped", "The cue is a sound."),
        (4, "spoken", "overrun"),
        (5, "spoken", "fits"),
        (6, "spoken", "fits"),
    ]
    with (given.folder / "report.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 6


def test_a_hopeless_cue_is_hurried_and_said_to_be_late(made):
    given, assembled = made
    told = json.loads((given.folder / "report.json").read_text())[3]
    assert told["rate"] == 1.5
    assert told["overrun"] == pytest.approx(told["natural"] / 1.5 - told["room"], abs=0.01)
    assert "run over their time" in " ".join(assembled.warnings)


HASTY = """1
00:00:01,000 --> 00:00:02,000
A long line that nobody could say.

2
00:00:02,100 --> 00:00:04,000
Next.

3
00:00:09,000 --> 00:00:10,000
Last.
"""


def hasty(folder: Path, **changes: object) -> Assembled:
    request, plan = planned("subtitles", HASTY, **changes)
    return assemble(materials(folder, request, plan, seconds={1: 3.0, 2: 1.0, 3: 0.9}))


def test_shifted_cues_wait_for_the_one_before_and_catch_up(tmp_path: Path):
    first, second, third = hasty(tmp_path, overrun="shift").placed
    assert first.end > 2.1
    assert second.start == pytest.approx(first.end + 0.08, abs=0.001)
    assert third.start == pytest.approx(9.0)


CHAIN = """1
00:00:00,000 --> 00:00:02,000
Nobody could say that in its time.

2
00:00:02,000 --> 00:00:05,000
This fits.

3
00:00:05,000 --> 00:00:07,000
=Stop.

4
00:00:20,000 --> 00:00:21,000
On time.
"""


def test_a_cue_that_fits_but_comes_late_holds_up_the_next_one(tmp_path: Path):
    request, plan = planned("subtitles", CHAIN, overrun="shift")
    spoken = {1: 6.0, 2: 2.9, 3: 1.5, 4: 0.8}
    placed = assemble(materials(tmp_path, request, plan, seconds=spoken)).placed
    for before, now in itertools.pairwise(placed):
        assert now.start >= before.end + 0.079
    assert placed[3].start == 20


def test_what_is_not_heard_is_told_with_its_reason(tmp_path: Path):
    request, plan = planned("subtitles", CHAIN, duration=10)
    given = materials(tmp_path, request, plan, missing=frozenset({2}))
    assembled = assemble(given)
    told = {it["line"]: it for it in json.loads((given.folder / "report.json").read_text())}
    assert (told[2]["state"], told[2]["start"]) == ("failed", 2.0)
    assert "lines.json" in told[2]["action"]
    assert (told[4]["state"], told[4]["action"]) == (
        "failed",
        "It begins after the end of the film.",
    )
    assert "left out: 4." in " ".join(assembled.warnings)
    assert "'=Stop." in (given.folder / "report.csv").read_text()


def test_a_cue_without_any_time_is_left_out_where_cues_are_cut(tmp_path: Path):
    request, plan = planned("subtitles", HASTY, overrun="cut", borrow=False)
    first = plan.lines[0].model_copy(update={"slot": Slot(start=1.0, end=1.0)})
    short = plan.model_copy(update={"lines": [first, *plan.lines[1:]]})
    assembled = assemble(materials(tmp_path, request, short))
    assert [it.number for it in assembled.placed] == [2, 3]
    assert "left out: 1." in " ".join(assembled.warnings)


def test_a_plan_that_does_not_say_how_long_the_film_is(tmp_path: Path):
    request, plan = planned("subtitles", HASTY)
    bare = plan.model_copy(update={"duration": None})
    assert assemble(materials(tmp_path, request, bare)).samples == 10 * SAMPLE_RATE


def test_the_stems_of_a_limited_mix_are_together_the_mix(tmp_path: Path):
    text = "1\n00:00:00,000 --> 00:00:04,000\nANNA: One.\nBEN: Two.\n\n"
    text += "2\n00:00:01,000 --> 00:00:03,000\nCARL: Three.\n"
    request, plan = planned("subtitles", text, loudness="podcast", cast={"ANNA": "ryan"})
    given = materials(tmp_path, request, plan, levels={1: 0.9, 2: 0.1, 3: 0.9})
    assemble(given)
    stems = [soundfile.read(path)[0] for path in sorted(given.folder.glob("stem-*.wav"))]
    mix = soundfile.read(given.folder / "audio.wav")[0]
    assert len(stems) >= 2
    assert np.abs(sum(stems) - mix).max() < (len(stems) + 1) / 32_768


def test_a_shifted_end_makes_the_mix_longer(tmp_path: Path):
    request, plan = planned("subtitles", HASTY, overrun="shift")
    assembled = assemble(materials(tmp_path, request, plan, seconds={3: 5.0}))
    assert assembled.samples > 10 * SAMPLE_RATE


def test_a_cue_that_runs_beyond_the_film_is_cut_off_with_it(tmp_path: Path):
    request, plan = planned("subtitles", HASTY)
    assembled = assemble(materials(tmp_path, request, plan, seconds={3: 5.0}))
    assert assembled.samples == 10 * SAMPLE_RATE
    assert assembled.placed[-1].end == pytest.approx(10.0)


def test_a_job_that_must_not_overrun_fails_and_names_the_cue(tmp_path: Path):
    with pytest.raises(CueTooLong, match=r"Cue 1 at 1\.000 s"):
        hasty(tmp_path, overrun="fail")


def test_a_film_that_is_longer_than_its_subtitles_stays_so(tmp_path: Path):
    assert hasty(tmp_path, duration=12.5).samples == 12.5 * SAMPLE_RATE


@pytest.mark.slow
def test_two_hours_end_on_the_sample(tmp_path: Path):
    cues = [(index * 600.0 + 0.001 * index, index) for index in range(12)]
    text = "".join(
        f"{index + 1}\n{clock(start)} --> {clock(start + 2)}\nHere.\n\n" for start, index in cues
    )
    request, plan = planned("subtitles", text, stems=False, duration=7_200, loudness="off")
    assembled = assemble(materials(tmp_path, request, plan))
    assert assembled.samples == 7_200 * SAMPLE_RATE
    for (start, _), place in zip(cues, assembled.placed, strict=True):
        assert round(place.start * SAMPLE_RATE) == round(start * SAMPLE_RATE)


def clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    rest, milliseconds = divmod(milliseconds, 1000)
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d},{milliseconds:03d}"
