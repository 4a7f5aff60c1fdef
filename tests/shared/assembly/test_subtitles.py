"""The recording of subtitles, from tones."""

import csv
import json
from pathlib import Path

import pytest
import soundfile

from shared.assembly.assembling import Assembled, Materials, assemble
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import CueTooLong
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
