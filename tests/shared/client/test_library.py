"""Uploads, voices and presets through both clients."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from zipfile import is_zipfile

import pytest

from shared.client import AsyncClient, Client
from shared.errors import (
    BodyTooLarge,
    Conflict,
    InvalidRequest,
    UnknownField,
    UnknownPreset,
    UnknownVoice,
    UnreadableAudio,
)
from shared.requests.voice_clone import VoiceClone
from shared.settings import ROOT
from shared.states import JobState
from tests.stack import Stack

REFERENCE = ROOT / VoiceClone.example_files["reference"]
WORDS = str(VoiceClone.example["transcript"])


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture
def voice(client: Client) -> Iterator[str]:
    """The id of a cloned voice."""
    made = client.create_voice({"name": "Kept for a test", "transcript": WORDS}, REFERENCE)
    yield made.id
    client.delete_voice(made.id)


# --- files ---


def test_a_file_that_was_sent_is_known_by_its_id(client: Client):
    sent = client.upload("reference", REFERENCE)
    assert client.uploaded("reference", sent.id) == sent
    with REFERENCE.open("rb") as opened:
        assert client.upload("reference", opened).id == sent.id


def test_the_output_of_a_job_is_taken_as_a_file(client: Client):
    job = client.wait(client.submit("custom_voice", {"text": "Hello there.", "seed": 7}).id)
    taken = client.upload_output("audio", job.id, "audio.wav")
    assert taken.seconds == pytest.approx(job.audio_seconds, abs=0.01)


def test_a_job_is_sent_with_its_files(client: Client):
    job = client.submit("voice_clone", VoiceClone.example, files={"reference": REFERENCE})
    assert job.request["reference"] == client.upload("reference", REFERENCE).id
    assert client.wait(job.id).state is JobState.SUCCEEDED


def test_files_of_a_stream_are_sent_before_it(client: Client):
    files = {"reference": REFERENCE}
    with client.stream("voice_clone", VoiceClone.example, files=files) as listening:
        heard = b"".join(frame for frame in listening if isinstance(frame, bytes))
    assert heard == client.audio(client.jobs(limit=1).items[0].id, "pcm")


def test_a_file_for_a_field_that_takes_none_is_refused(client: Client):
    with (
        pytest.raises(UnknownField) as error,
        client.stream("voice_clone", VoiceClone.example, files={"text": REFERENCE}),
    ):
        pass
    assert error.value.param == "text"


def test_a_file_that_cannot_be_read_is_said(client: Client, tmp_path: Path):
    with pytest.raises(InvalidRequest, match="cannot be read"):
        client.upload("reference", tmp_path / "nowhere.wav")


def test_a_file_that_is_refused_raises_what_was_wrong(client: Client, tmp_path: Path):
    text = tmp_path / "text.wav"
    text.write_text("This is no sound.")
    with pytest.raises(UnreadableAudio):
        client.submit("voice_clone", VoiceClone.example, files={"reference": text})


def test_a_file_that_is_too_large_is_refused_while_it_is_sent(client: Client, tmp_path: Path):
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(BodyTooLarge):
        client.upload("audio", large)


# --- voices ---


def test_a_voice_is_made_found_and_changed(client: Client, voice: str):
    assert client.voice(voice).transcript == WORDS
    assert voice in [found.id for found in client.voices(q="kept test").items]
    assert client.change_voice(voice, tags=["sea"], settings={"seed": 3}).tags == ["sea"]
    assert voice in [found.id for found in client.voices(tag="sea").items]


def test_a_name_that_is_taken_is_refused(client: Client, voice: str):
    with pytest.raises(Conflict):
        client.create_voice({"name": client.voice(voice).name}, REFERENCE)


def test_a_voice_speaks_and_is_heard(client: Client, voice: str):
    job = client.wait(client.read_sample(voice).id)
    assert client.set_voice_sample(voice, job.id).has_sample
    assert client.voice_sample(voice).startswith(b"RIFF")


def test_a_voice_gets_a_recording_of_a_mood_and_loses_it(client: Client, voice: str):
    moody = client.set_voice_clip(voice, "calm", REFERENCE, WORDS)
    assert [clip.emotion for clip in moody.clips] == ["", "calm"]
    assert client.voice_clip(voice, "calm").startswith(b"RIFF")
    assert [clip.emotion for clip in client.remove_voice_clip(voice, "calm").clips] == [""]


def test_a_voice_that_was_exported_is_imported(client: Client, voice: str, tmp_path: Path):
    target = tmp_path / "voice.zip"
    client.export_voice(voice, target)
    assert is_zipfile(target)
    copy = client.import_voice(target, name="A copy for a test")
    client.delete_voice(copy.id)
    with pytest.raises(UnknownVoice):
        client.voice(copy.id)


# --- presets and moods ---


def test_a_preset_is_saved_replaced_and_deleted(client: Client):
    client.save_preset("of a test", "custom_voice", {"speaker": "serena"})
    assert client.preset("of a test").request == {"speaker": "serena"}
    client.replace_preset("of a test", "custom_voice", {"speaker": "aiden"})
    assert {"speaker": "aiden"} in [preset.request for preset in client.presets().items]
    client.delete_preset("of a test")
    with pytest.raises(UnknownPreset):
        client.preset("of a test")


def test_moods_are_listed(client: Client):
    assert "calm" in [emotion.id for emotion in client.emotions()]


# --- without blocking ---


def test_the_asynchronous_client_sends_files_and_keeps_voices(stack: Stack, tmp_path: Path):
    async def scene() -> None:
        async with AsyncClient(stack.url) as client:
            sent = await client.upload("reference", REFERENCE)
            files = {"reference": REFERENCE}
            job = await client.submit("voice_clone", VoiceClone.example, files=files)
            assert job.request["reference"] == sent.id
            async with client.stream("voice_clone", VoiceClone.example, files=files) as listening:
                assert [frame async for frame in listening if isinstance(frame, bytes)]
            voice = await client.create_voice({"name": "Kept without blocking"}, REFERENCE)
            await client.export_voice(voice.id, tmp_path / "voice.zip")
            assert is_zipfile(tmp_path / "voice.zip")
            await client.delete_voice(voice.id)
            with pytest.raises(UnknownVoice):
                await client.voice(voice.id)

    asyncio.run(scene())
