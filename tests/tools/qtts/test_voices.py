"""`qtts voices`, against the running service."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from shared.client import Client
from shared.requests.voice_clone import VoiceClone
from shared.requests.voice_design import VoiceDesign
from shared.settings import ROOT
from tests.stack import Stack
from tests.tools.qtts.conftest import Type

REFERENCE = str(ROOT / VoiceClone.example_files["reference"])
WORDS = str(VoiceClone.example["transcript"])
NAME = "Reader of tests"


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture
def cleared(client: Client) -> Iterator[None]:
    """Whatever a test has made is gone afterwards."""
    before = {voice.id for voice in client.voices().items}
    yield
    for voice in client.voices().items:
        if voice.id not in before:
            client.delete_voice(voice.id)


@pytest.fixture
def voice(client: Client, cleared: None) -> str:
    """The id of a cloned voice."""
    return client.create_voice({"name": NAME, "transcript": WORDS}, Path(REFERENCE)).id


def test_voices_are_listed_with_the_preset_speakers(type_in: Type, voice: str):
    listed = type_in("voices", "list").stdout
    assert voice in listed
    assert "uncle_fu" in listed
    found = json.loads(type_in("voices", "list", "--kind", "preset", "--json-output").stdout)
    assert {each["kind"] for each in found} == {"preset"}


def test_a_voice_is_made_from_a_recording_with_what_is_said_of_it(
    type_in: Type, cleared: None, client: Client, tmp_path: Path
):
    words = tmp_path / "words.txt"
    words.write_text(f"{WORDS}\n")
    flags = ["--reference", REFERENCE, "--transcript-file", str(words), "--language", "en"]
    done = type_in("voices", "add", NAME, *flags, "--tag", "sea", "--consent", "synthetic")
    assert done.exit_code == 0, done.output
    made = client.voice("reader_of_tests")
    assert (made.transcript, made.language, made.tags) == (WORDS, "english", ["sea"])


def test_what_to_know_of_a_new_voice_is_said(type_in: Type, cleared: None):
    done = type_in("voices", "add", NAME, "--reference", REFERENCE)
    assert "reader_of_tests: Reader of tests, cloned" in done.stdout
    assert "speaker_only" in done.stderr


def test_two_transcripts_are_one_too_many(type_in: Type, tmp_path: Path):
    words = tmp_path / "words.txt"
    words.write_text(WORDS)
    both = ["--transcript", WORDS, "--transcript-file", str(words)]
    done = type_in("voices", "add", NAME, "--reference", REFERENCE, *both)
    assert done.exit_code == 2


def test_a_voice_is_shown_by_id_and_by_name(type_in: Type, voice: str):
    assert WORDS[:20] in type_in("voices", "show", voice).stdout
    shown = json.loads(type_in("voices", "show", NAME.upper(), "--json-output").stdout)
    assert shown["id"] == voice


def test_a_candidate_is_kept_and_speaks(
    type_in: Type, cleared: None, client: Client, tmp_path: Path
):
    job = client.wait(client.submit("voice_design", VoiceDesign.example).id)
    done = type_in("voices", "lock", job.id, "2", NAME)
    assert done.exit_code == 0, done.output
    path = tmp_path / "out.wav"
    spoken = type_in("run", "voice_clone", "--voice", NAME, "--text", "Hello.", "-o", str(path))
    assert spoken.exit_code == 0, spoken.output
    assert f"Voice: {NAME}, cloned in context" in spoken.stderr


def test_voices_are_mixed(type_in: Type, voice: str, client: Client):
    second = client.create_voice({"name": "Second reader"}, Path(REFERENCE)).id
    done = type_in("voices", "mix", "Both", f"{voice}=0.6", f"{second}=.4")
    assert done.exit_code == 0, done.output
    assert [clip.weight for clip in client.voice("both").clips] == [0.6, 0.4]


@pytest.mark.parametrize("share", ["old_sailor", "old_sailor=", "=1", "old_sailor=-1", "a=nan"])
def test_a_share_without_a_weight_is_refused(type_in: Type, share: str):
    done = type_in("voices", "mix", "Both", share, "serena=1")
    assert done.exit_code == 1
    assert "is no VOICE=WEIGHT" in done.stderr


def test_what_is_said_of_a_voice_is_changed(type_in: Type, voice: str, client: Client):
    settings = ["--set", "seed=7", "--set", "language=german"]
    done = type_in("voices", "edit", NAME, "--name", "Renamed", "--tag", "sea", *settings)
    assert done.exit_code == 0, done.output
    type_in("voices", "edit", "Renamed", "--set", "language=", "--description", "Plain.")
    changed = client.voice(voice)
    assert (changed.name, changed.tags, changed.description) == ("Renamed", ["sea"], "Plain.")
    assert changed.settings == {"seed": 7}


def test_a_change_of_nothing_is_a_mistake(type_in: Type, voice: str):
    assert type_in("voices", "edit", voice).exit_code == 2


def test_a_recording_of_a_mood_is_added_and_removed(type_in: Type, voice: str, client: Client):
    type_in("voices", "clip", NAME, "calm", "--reference", REFERENCE, "--transcript", WORDS)
    assert "calm" in [clip.emotion for clip in client.voice(voice).clips]
    type_in("voices", "clip", NAME, "calm", "--remove")
    assert "calm" not in [clip.emotion for clip in client.voice(voice).clips]


def test_the_sample_is_written(type_in: Type, voice: str, tmp_path: Path):
    path = tmp_path / "sample.wav"
    done = type_in("voices", "sample", NAME, "-o", str(path))
    assert done.exit_code == 0, done.output
    assert soundfile.info(path).duration == pytest.approx(
        soundfile.info(REFERENCE).duration, abs=0.01
    )


def test_the_sample_is_played(
    type_in: Type, voice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    player = tmp_path / "bin" / "aplay"
    player.parent.mkdir()
    player.write_text(f"#!/bin/sh\ncat > {tmp_path}/played\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:/usr/bin:/bin")
    done = type_in("voices", "sample", voice)
    assert done.exit_code == 0, done.output
    played = (tmp_path / "played").stat().st_size / 2 / 24_000
    assert played == pytest.approx(soundfile.info(REFERENCE).duration, abs=0.01)


def test_a_voice_reads_for_its_sample(type_in: Type, client: Client, tmp_path: Path):
    path = tmp_path / "sample.wav"
    done = type_in("voices", "sample", "sohee", "--new", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert client.voice("sohee").sample
    assert soundfile.info(path).duration > 1
    client.delete_voice("sohee")


def test_a_job_becomes_the_sample(type_in: Type, voice: str, client: Client):
    job = client.wait(client.submit("voice_clone", {"text": "Hello.", "voice": voice}).id)
    done = type_in("voices", "sample", voice, "--from", job.id)
    assert done.exit_code == 0, done.output
    sample = client.voice(voice).sample
    assert sample
    assert sample.preview


def test_a_voice_goes_out_and_comes_back(
    type_in: Type, voice: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert type_in("voices", "export", NAME).exit_code == 0
    assert type_in("voices", "delete", NAME).exit_code == 0
    done = type_in("voices", "import", f"{voice}.zip", "--name", "Back again")
    assert done.exit_code == 0, done.output
    assert client.voice("back_again").transcript == WORDS


def test_without_a_transcriber_it_says_what_to_do(type_in: Type):
    done = type_in("voices", "transcribe", REFERENCE)
    assert done.exit_code == 1
    assert "TRANSCRIBER" in done.stderr


@pytest.mark.parametrize("command", [["show"], ["delete"], ["sample"], ["export"]])
def test_a_voice_that_does_not_exist_is_one_error(type_in: Type, command: list[str]):
    done = type_in("voices", *command, "../nobody")
    assert done.exit_code == 1
    assert "(unknown_voice)" in done.stderr
