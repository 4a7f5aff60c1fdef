"""`qtts plan | run | pause | resume | lines | retake | choose` for pipelines."""

import json
import re
import zipfile
from pathlib import Path

import pytest
import soundfile

from shared.client import Client
from shared.jobs import JobView
from shared.requests.npc_pack import NpcPack
from shared.settings import ROOT
from shared.states import JobState
from tests.stack import Stack
from tests.tools.qtts.conftest import Type

DIALOGUE = str(ROOT / "tests" / "data" / "dialogue.txt")
TABLE = str(ROOT / "tests" / "data" / "npc-pack.csv")
LONG = "".join(f"ANNA: This is sentence number {number}.\n" for number in range(400))


@pytest.fixture(scope="module")
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture(scope="module")
def read(client: Client) -> JobView:
    """A script that was read."""
    return client.wait(client.submit("script", {}, files={"source": Path(DIALOGUE)}).id)


# --- plans ---


def test_a_plan_tells_lines_cast_and_length(type_in: Type):
    done = type_in("plan", "script", "--source", DIALOGUE, "--cast", "TOLLA=ono_anna")
    assert done.exit_code == 0, done.output
    shown = " ".join(done.stdout.split())
    assert "3 TOLLA ono_anna (tired)" in shown
    assert "You again. I told you, no more maps." in shown
    assert "NARRATOR ryan the service 3" in shown
    assert "TOLLA ono_anna you 2" in shown
    assert re.search(r"7 lines, about 2\d\.\d s of English\.$", shown)


def test_a_plan_tells_what_is_left_out_and_why(type_in: Type):
    document = "Anna stands up.\n\nANNA: Here I am.\n"
    done = type_in("plan", "script", "--text", document)
    assert done.exit_code == 0, done.output
    assert "line 1" in done.stdout
    assert "Anna stands up." in done.stdout


def test_a_plan_is_spoken_as_it_was_changed(type_in: Type, tmp_path: Path, client: Client):
    path = tmp_path / "plan.json"
    done = type_in("plan", "script", "--text", "ANNA: One.\nANNA: Two.", "-o", str(path))
    assert done.exit_code == 0, done.output
    plan = json.loads(path.read_text())
    del plan["lines"][0]
    plan["lines"][0]["said"] = "Three."
    path.write_text(json.dumps(plan))
    output = tmp_path / "out.flac"
    done = type_in("run", "script", "--plan", str(path), "-o", str(output))
    assert done.exit_code == 0, done.output
    assert soundfile.info(output).format == "FLAC"
    job = client.jobs(limit=1).items[0]
    assert [line.said for line in client.lines(job.id).items] == ["Three."]


def test_a_plan_can_be_read_by_scripts(type_in: Type):
    done = type_in("plan", "narration", "--text", "One. Two.", "--json-output")
    plan = json.loads(done.stdout)
    assert (plan["task"], len(plan["lines"])) == ("narration", 2)
    assert f"--plan {plan['id']}" in done.stderr


def test_a_document_that_cannot_be_planned_is_one_error(type_in: Type):
    done = type_in("plan", "subtitles", "--text", "No cue at all.")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")


# --- results ---


def test_all_files_are_written_but_the_single_lines(type_in: Type, tmp_path: Path):
    folder = tmp_path / "made" / "here"
    done = type_in("run", "npc_pack", "--source", TABLE, "--all", str(folder))
    assert done.exit_code == 0, done.output
    written = {path.name for path in folder.iterdir()}
    assert {"audio.wav", "plan.json", "lines.json", *NpcPack.artifacts} <= written
    assert not [name for name in written if name.startswith("line-")]
    assert len(zipfile.ZipFile(folder / "pack.zip").namelist()) >= 10
    assert "10 of 10 lines spoken" in done.stderr


@pytest.mark.parametrize(("written", "named"), [("x.srt", "audio.srt"), ("timings.json",) * 2])
def test_another_file_is_written_by_its_ending_or_name(
    type_in: Type, tmp_path: Path, client: Client, written: str, named: str
):
    path = tmp_path / written
    done = type_in("run", "script", "--text", "ANNA: One.", "-o", str(path))
    assert done.exit_code == 0, done.output
    client.download(client.jobs(limit=1).items[0].id, tmp_path / "theirs", named)
    assert path.read_bytes() == (tmp_path / "theirs").read_bytes()


def test_a_book_is_an_audiobook_where_its_ending_says_so(type_in: Type, tmp_path: Path):
    path = tmp_path / "book.m4b"
    done = type_in("run", "narration", "--text", "# One\n\nIt rained.", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert path.read_bytes()[4:8] == b"ftyp"


def test_a_recording_that_is_made_has_the_format_that_it_has(
    type_in: Type, read: JobView, tmp_path: Path
):
    done = type_in("again", read.id, "-o", str(tmp_path / "out.mp3"))
    assert done.exit_code == 1
    assert "The recording of this job is wav." in done.stderr


# --- pause and resume ---


def test_a_paused_job_goes_on_and_a_cancelled_one_as_another(type_in: Type, client: Client):
    job = client.submit("script", {"text": LONG})
    assert type_in("pause", job.id).exit_code == 0
    events = (getattr(frame, "state", None) for frame in client.events(job.id))
    assert JobState.PAUSED in events
    assert "paused" in type_in("jobs", "--state", "paused").stdout
    assert type_in("resume", job.id).stdout.startswith(f"{job.id}: ")
    client.cancel(job.id)
    client.wait(job.id)
    done = type_in("resume", job.id)
    assert done.exit_code == 0, done.output
    assert "another job" in done.stderr
    other = client.job(done.stdout.partition(":")[0])
    client.cancel(other.id)
    assert other.id != job.id
    assert other.request["continues"] == job.id


def test_a_task_cannot_be_paused(type_in: Type, client: Client):
    job = client.wait(client.submit("custom_voice", {"text": "Hello."}).id)
    done = type_in("pause", job.id)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")


# --- lines and takes ---


def test_lines_are_listed_with_takes_and_times(type_in: Type, read: JobView):
    listed = " ".join(type_in("lines", read.id).stdout.split())
    assert "3 TOLLA serena (tired)" in listed
    assert "1 of 1 Tolla... somebody's paid." in listed
    assert len(json.loads(type_in("lines", read.id, "--json-output").stdout)) == 7


def test_of_sound_lines_none_has_a_warning(type_in: Type, read: JobView):
    done = type_in("lines", read.id, "--warnings")
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_take_is_written_and_chosen_later(
    type_in: Type, read: JobView, tmp_path: Path, client: Client
):
    path = tmp_path / "take.mp3"
    done = type_in("retake", read.id, "1", "--text", "It is noon.", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Line 1: take 2, seed ")
    assert f"qtts choose {read.id} 1 2" in done.stderr
    assert soundfile.info(path).duration > 0.3
    assert client.line(read.id, 1).chosen == 1
    assert type_in("choose", read.id, "1", "2").exit_code == 0
    assert client.line(read.id, 1).text == "It is noon."


def test_a_take_may_be_chosen_at_once(
    type_in: Type, read: JobView, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    before = client.audio(read.id)
    done = type_in("retake", read.id, "4", "--seed", "7", "--voice", "eric", "--choose")
    assert done.exit_code == 0, done.output
    assert "Line 4: take 2 is heard in the recording." in done.stdout
    assert client.line(read.id, 4).role.voice == "eric"
    assert client.audio(read.id) != before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["retake", "{}", "99", "-o", "take.wav"], "unknown_line"),
        (["retake", "{}", "1", "--voice", "nobody", "-o", "take.wav"], "unknown_voice"),
        (["retake", "{}", "1", "-o", "take.doc"], "unknown_format"),
        (["choose", "{}", "1", "99"], "unknown_line"),
        (["lines", "../../etc/passwd"], "not_found"),
        (["lines", "nope"], "unknown_output"),
    ],
)
def test_what_is_not_there_is_one_error(
    type_in: Type,
    read: JobView,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: str,
):
    monkeypatch.chdir(tmp_path)
    done = type_in(*(word.replace("{}", read.id) for word in words))
    assert done.exit_code == 1
    assert f"({code})" in done.stderr
    assert not list(tmp_path.iterdir())
