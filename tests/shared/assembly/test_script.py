"""The recording of a script, from tones."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.assembly.assembling import Assembled, Materials, assemble
from shared.audio.pcm import SAMPLE_RATE, Samples
from tests.shared.assembly.materials import DATA, materials, planned


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Materials, Assembled]:
    text = (DATA / "table-read.fountain").read_text()
    request, plan = planned("script", text, narrator="uncle_fu", loudness="off")
    given = materials(tmp_path_factory.mktemp("script"), request, plan)
    return given, assemble(given)


def sound(given: Materials, name: str) -> Samples:
    return np.asarray(soundfile.read(given.folder / name)[0], np.float32)


def test_the_files_that_were_named_are_all_there_and_no_others(made):
    given, assembled = made
    assert {path.name for path in assembled.files} == {it.name for it in given.folder.iterdir()}
    assert {"audio.wav", "stem-elodie.wav", "stem-tannoy.wav", "lines.zip", "audio.vtt"} <= {
        path.name for path in assembled.files
    }


def test_dual_dialogue_is_heard_together(made):
    given, assembled = made
    place = {it.number: it for it in assembled.placed}
    beside = next(line for line in given.plan.lines if line.beside)
    assert place[beside.number].start == pytest.approx(place[beside.number - 1].start)
    after = place[beside.number + 1].start
    both = max(place[beside.number].end, place[beside.number - 1].end)
    assert after - both == pytest.approx(beside.pause_after, abs=0.3)


def test_a_line_follows_the_one_before_after_its_pause(made):
    given, assembled = made
    for before, now in zip(assembled.placed, assembled.placed[1:], strict=False):
        lines = given.plan.by_number
        if not (lines[before.number].beside or lines[now.number].beside):
            gap = now.start - before.end
            assert gap == pytest.approx(lines[before.number].pause_after, abs=1 / SAMPLE_RATE)


def test_the_stems_together_are_the_mix(made):
    given, _ = made
    stems = [sound(given, path.name) for path in given.folder.glob("stem-*.wav")]
    assert np.abs(sum(stems) - sound(given, "audio.wav")).max() < len(stems) * 2 / 32_768


def test_every_line_is_a_file(made):
    given, assembled = made
    with zipfile.ZipFile(given.folder / "lines.zip") as packed:
        assert len(packed.namelist()) == len(assembled.placed)
        data, rate = soundfile.read(io.BytesIO(packed.read("lines/00001-narrator.wav")))
    assert rate == SAMPLE_RATE
    first = assembled.placed[0]
    assert len(data) / rate == pytest.approx(first.end - first.start)


def test_subtitles_name_the_speakers(made):
    given, _ = made
    assert "<v ÉLODIE>" in (given.folder / "audio.vtt").read_text()
    assert "INSPECTOR OKAFOR: " in (given.folder / "audio.srt").read_text()


DUAL = "ANNA\nOne is here.\n\nShe waits.\n\nANNA\nTwo is here.\n\nBEN ^\nThree is here.\n"


@pytest.mark.parametrize(("missing", "second"), [(frozenset[int](), 2), (frozenset({2}), None)])
def test_dual_dialogue_is_beside_the_speech_before_it_alone(
    tmp_path: Path, missing: frozenset[int], second: int | None
):
    request, plan = planned("script", DUAL, form="fountain", loudness="off")
    assert [line.beside for line in plan.lines] == [False, False, True]
    made = assemble(materials(tmp_path, request, plan, missing=missing))
    place = {it.number: it for it in made.placed}
    assert place[3].start > place[1].end
    assert second is None or place[3].start == place[second].start


def test_a_line_that_failed_leaves_no_gap(tmp_path: Path):
    request, plan = planned("script", "ANNA: One.\n\nBEN: Two.\n\nANNA: Three.", loudness="off")
    assembled = assemble(materials(tmp_path, request, plan, missing=frozenset({2})))
    assert [it.number for it in assembled.placed] == [1, 3]
    first, last = assembled.placed
    assert last.start - first.end == pytest.approx(plan.lines[0].pause_after, abs=1e-4)


def test_a_crowd_has_stems_of_those_who_say_most(tmp_path: Path):
    text = "\n\n".join(f"PERSON {number}: Here." for number in range(42))
    request, plan = planned("script", text, loudness="off")
    assembled = assemble(materials(tmp_path, request, plan))
    assert len(list((tmp_path / "out").glob("stem-*"))) == 40
    assert "none of 2 others" in " ".join(assembled.warnings)
