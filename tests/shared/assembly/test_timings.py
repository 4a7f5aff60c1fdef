import json
from pathlib import Path

import pytest

from shared.assembly.timings import Timed, write
from shared.errors import StoreUnavailable

ROWS = [
    Timed(1, 0.75, 2.5, "The lamp turned.", chapter=1),
    Timed(3, 3661.0, 3662.0004999, "“Schön?”", speaker="Anna", chapter=2),
]


def test_lines_are_written_as_subtitles_and_for_programs(tmp_path: Path):
    paths = write(tmp_path, ROWS)
    assert [path.name for path in paths] == ["audio.srt", "audio.vtt", "timings.json"]
    srt, vtt, timings = (path.read_text(encoding="utf-8") for path in paths)
    assert "00:00:00,750 --> 00:00:02,500\nThe lamp turned." in srt
    assert "01:01:01,000 --> 01:01:02,000\nAnna: “Schön?”" in srt
    assert vtt.startswith("WEBVTT\n\n00:00:00.750 --> 00:00:02.500\nThe lamp turned.\n")
    assert json.loads(timings) == [
        {
            "number": 1,
            "start": 0.75,
            "end": 2.5,
            "text": "The lamp turned.",
            "speaker": "",
            "chapter": 1,
        },
        {
            "number": 3,
            "start": 3661.0,
            "end": 3662.0005,
            "text": "“Schön?”",
            "speaker": "Anna",
            "chapter": 2,
        },
    ]


def test_a_recording_without_lines_has_empty_timings(tmp_path: Path):
    srt, vtt, timings = write(tmp_path, [])
    assert (srt.read_text(), json.loads(timings.read_text())) == ("", [])
    assert vtt.read_text().startswith("WEBVTT")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(StoreUnavailable, match="timings could not be written"):
        write(tmp_path / "nowhere", ROWS)
