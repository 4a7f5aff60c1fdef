"""An NPC pack, from tones."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.assembly.assembling import Assembled, Materials, assemble
from shared.audio import loudness
from tests.shared.assembly.materials import DATA, materials, planned

TABLE = (DATA / "npc-pack.csv").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Materials, Assembled]:
    request, plan = planned("npc_pack", TABLE, tables=["yarn", "unreal", "godot"])
    given = materials(tmp_path_factory.mktemp("pack"), request, plan, levels={6: 0.02})
    return given, assemble(given)


@pytest.fixture
def pack(made) -> zipfile.ZipFile:
    return zipfile.ZipFile(made[0].folder / "pack.zip")


def test_files_lie_by_language_and_character(pack: zipfile.ZipFile):
    names = set(pack.namelist())
    assert "audio/en/blacksmith/blacksmith_smith_greet_01.wav" in names
    assert "audio/es/gate_guard/gate_guard_guard_alert_01.wav" in names
    assert {"manifest.json", "manifest.csv", "LICENSES/AI-NOTICE.txt"} <= names
    assert {"yarn_strings.csv", "unreal_dialogue.csv", "godot.csv"} <= names
    assert len([name for name in names if name.startswith("audio/")]) == 10


def test_the_manifest_is_true_of_the_files(pack: zipfile.ZipFile):
    for line in json.loads(pack.read("manifest.json"))["lines"]:
        data = pack.read(line["file"])
        assert hashlib.sha256(data).hexdigest() == line["sha256"]
        found = soundfile.info(io.BytesIO(data))
        assert found.samplerate == line["sample_rate"] == 48_000
        assert found.subtype == "PCM_16"
        assert round(found.duration * 1000) == pytest.approx(line["duration_ms"], abs=1)


def test_the_table_keeps_its_own_columns_first(pack: zipfile.ZipFile):
    rows = list(csv.reader(io.StringIO(pack.read("manifest.csv").decode())))
    own = list(csv.reader(io.StringIO(TABLE)))
    assert [row[: len(own[0])] for row in rows[1:]] == own[1:]
    assert rows[0][: len(own[0])] == own[0]
    assert "result_voice" in rows[0]


def test_a_whisper_stays_one_beside_the_other_lines_of_its_character(pack: zipfile.ZipFile):
    lines = {it["id"]: it["lufs"] for it in json.loads(pack.read("manifest.json"))["lines"]}
    assert lines["oracle_greet_01"] - lines["oracle_hint_01"] == pytest.approx(20, abs=0.5)


def test_each_line_alike_where_that_is_wanted(tmp_path: Path):
    request, plan = planned("npc_pack", TABLE, gain="per_line")
    assemble(materials(tmp_path, request, plan, levels={6: 0.02}))
    with zipfile.ZipFile(tmp_path / "out" / "pack.zip") as packed:
        lines = json.loads(packed.read("manifest.json"))["lines"]
    wanted = loudness.target("games")
    assert all(line["lufs"] == pytest.approx(wanted, abs=0.5) for line in lines)


def test_vorbis_takes_and_names_of_the_table(tmp_path: Path):
    table = "id,character,text,filename\na,Ann,Hello.,sub/Greeting.wav\nb,Ann,=Bye.,Greeting\n"
    request, plan = planned("npc_pack", table, clips="ogg", rate=22_050, takes=2)
    assemble(materials(tmp_path, request, plan))
    with zipfile.ZipFile(tmp_path / "out" / "pack.zip") as packed:
        names = [name for name in packed.namelist() if name.startswith("audio/")]
        found = soundfile.info(io.BytesIO(packed.read(names[0])))
        written = packed.read("manifest.csv").decode()
    assert names == [
        "audio/en/ann/greeting_t01.ogg",
        "audio/en/ann/greeting_t02.ogg",
        "audio/en/ann/greeting_t01_2.ogg",
        "audio/en/ann/greeting_t02_2.ogg",
    ]
    assert (found.format, found.subtype, found.samplerate) == ("OGG", "VORBIS", 22_050)
    assert "'=Bye." in written


def test_every_row_is_accounted_for(tmp_path: Path):
    table = "id,character,text\na,Ann,Hello.\nb,Ann,\nc,Ann,Bye.\n"
    request, plan = planned("npc_pack", table)
    assemble(materials(tmp_path, request, plan, missing=frozenset({2})))
    lines = json.loads((tmp_path / "out" / "manifest.json").read_text())["lines"]
    assert [(line["id"], line["status"]) for line in lines] == [
        ("a", "spoken"),
        ("b", "skipped"),
        ("c", "failed"),
    ]


def test_rows_of_one_id_and_names_without_letters_are_files_of_their_own(tmp_path: Path):
    table = "id,character,text,filename\na,Ann,One.,声.wav\nb,Ann,Two.,声.wav\n"
    request, plan = planned("npc_pack", table)
    same = [it.model_copy(update={"where": plan.lines[0].where}) for it in plan.lines]
    assemble(materials(tmp_path, request, plan.model_copy(update={"lines": same})))
    with zipfile.ZipFile(tmp_path / "out" / "pack.zip") as packed:
        names = [name for name in packed.namelist() if name.startswith("audio/")]
    assert names == ["audio/en/ann/line.wav", "audio/en/ann/line_2.wav"]


def test_a_long_name_keeps_the_number_of_its_take(tmp_path: Path):
    table = f"id,character,text\n{'long_' * 20},Ann,One.\n"
    request, plan = planned("npc_pack", table, takes=2)
    assemble(materials(tmp_path, request, plan))
    with zipfile.ZipFile(tmp_path / "out" / "pack.zip") as packed:
        names = [name for name in packed.namelist() if name.startswith("audio/")]
    assert [name[-8:] for name in names] == ["_t01.wav", "_t02.wav"]


def test_equal_takes_make_an_equal_pack(tmp_path: Path):
    request, plan = planned("npc_pack", TABLE, clips="ogg", rate=44_100)
    packs: list[bytes] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assemble(materials(tmp_path / name, request, plan))
        packs.append((tmp_path / name / "out" / "pack.zip").read_bytes())
    assert packs[0] == packs[1]


@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_a_file_has_no_click_no_long_silence_and_no_peak_above_what_is_promised(
    tmp_path: Path, rate: int
):
    request, plan = planned("npc_pack", TABLE, rate=rate, bits=24, gain="per_line")
    assemble(materials(tmp_path, request, plan, levels={1: 0.9, 2: 0.01}))
    with zipfile.ZipFile(tmp_path / "out" / "pack.zip") as packed:
        files = [packed.read(name) for name in packed.namelist() if name.startswith("audio/")]
    for data in files:
        sound, _ = soundfile.read(io.BytesIO(data))
        heard = np.flatnonzero(np.abs(sound) > 10 ** (-45 / 20))
        assert soundfile.info(io.BytesIO(data)).subtype == "PCM_24"
        assert np.abs(sound).max() <= 10 ** (-3 / 20) * 1.01
        assert max(heard[0], len(sound) - heard[-1]) < 0.1 * rate
        assert max(abs(sound[0]), abs(sound[-1])) < 1e-3
