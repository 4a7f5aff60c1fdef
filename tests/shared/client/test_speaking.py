"""Speech in one call, through both clients."""

import asyncio
from pathlib import Path

import pytest

from shared.client import AsyncClient, Client, JobState
from shared.errors import JobFailed, UnknownFormat, UnknownVoice
from shared.events import Waiting
from shared.requests.voice_clone import VoiceClone
from shared.settings import ROOT
from tests.stack import Stack

TEXT = "The lamp turned. Ten seconds; ten seconds; ten."
REFERENCE = ROOT / VoiceClone.example_files["reference"]
WORDS = str(VoiceClone.example["transcript"])
STORY = ROOT / "docs" / "examples" / "story.md"


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


def test_a_text_becomes_sound(client: Client):
    assert client.speak(TEXT, "serena", seed=7).startswith(b"RIFF")
    assert client.speak(TEXT, format="flac").startswith(b"fLaC")


def test_a_text_becomes_a_file_in_the_format_of_its_name(client: Client, tmp_path: Path):
    path = client.speak(TEXT, path=tmp_path / "speech.flac")
    assert path.read_bytes().startswith(b"fLaC")


def test_a_recording_speaks(client: Client):
    client.speak(TEXT, reference=REFERENCE, transcript=WORDS, seed=7, do_sample=True)
    job = client.jobs(limit=1).items[0]
    assert (job.task, job.seed, job.request["do_sample"]) == ("voice_clone", 7, True)


def test_a_text_is_heard_while_it_is_made(client: Client):
    heard = b"".join(client.hear(TEXT, "ryan", seed=7))
    assert heard == client.audio(client.jobs(limit=1).items[0].id, "pcm")


def test_a_file_of_no_known_format_is_refused(client: Client, tmp_path: Path):
    with pytest.raises(UnknownFormat):
        client.speak(TEXT, path=tmp_path / "speech.ogg")
    assert not any(tmp_path.iterdir())


def test_a_voice_that_is_not_there_is_an_error(client: Client, tmp_path: Path):
    with pytest.raises(UnknownVoice):
        client.speak(TEXT, "nobody", tmp_path / "speech.wav")
    assert not any(tmp_path.iterdir())


def test_a_document_is_narrated(client: Client, tmp_path: Path):
    told: list[Waiting] = []
    job = client.narrate(STORY, tmp_path / "story.mp3", progress=told.append, narrator="ryan")
    assert job.lines
    assert job.request["format"] == "mp3"
    assert (tmp_path / "story.mp3").stat().st_size
    assert told[-1].state is JobState.SUCCEEDED


def test_a_job_that_was_cancelled_has_not_finished(client: Client):
    job = client.submit("narration", {"text": "One sentence of some length. " * 400})
    client.cancel(job.id)
    assert client.wait(job.id).state is JobState.CANCELLED
    with pytest.raises(JobFailed):
        client.finish(job.id)


def test_the_environment_says_where_the_service_is(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_URL", stack.url)
    with Client.from_environment() as client:
        assert client.ready().ready


def test_all_of_it_without_blocking(stack: Stack, tmp_path: Path):
    async def scene() -> None:
        async with AsyncClient(stack.url) as client:
            path = await client.speak(TEXT, "serena", tmp_path / "speech.wav", seed=7)
            assert path.read_bytes() == await client.speak(TEXT, "serena", seed=7)
            assert b"".join([block async for block in client.hear(TEXT)])
            told: list[Waiting] = []
            job = await client.narrate("One. Two.", tmp_path / "one.wav", progress=told.append)
            assert told[-1].id == job.id
            assert (tmp_path / "one.wav").read_bytes() == await client.audio(job.id)

    asyncio.run(scene())
