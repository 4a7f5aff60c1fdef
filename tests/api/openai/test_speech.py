"""`POST /v1/audio/speech` as the real OpenAI package calls it, and with the fields of its peers."""

import base64
import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import numpy as np
import openai
import pytest

from shared.audio import pcm
from shared.requests.declared import Format
from shared.settings import ROOT
from tests.api.jobs import TEXT
from tests.shared.audio.hearing import hear, likeness_of

FORMATS = get_args(Format)
REFERENCE = (ROOT / "docs" / "examples" / "reference.flac").read_bytes()
UNKNOWN = 0xFFFFFFFF


def body(**fields: Any) -> dict[str, Any]:
    plain = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "ryan", "response_format": "pcm"}
    return {**plain, "language": "en", "seed": 7, **fields}


def spoken(http: httpx.Client, **fields: Any) -> httpx.Response:
    answer = http.post("/v1/audio/speech", json=body(**fields))
    assert answer.status_code == 200, answer.text
    return answer


def warnings(answer: httpx.Response) -> list[str]:
    return json.loads(answer.headers.get("X-TTS-Warnings", "[]"))


def samples(format: str, data: bytes) -> pcm.Samples:
    """What a player hears, at 24 kHz."""
    if format == "pcm":
        return pcm.decode(data)
    heard = hear(data)
    return heard.samples[:: heard.rate // 24_000]


@pytest.fixture(scope="module")
def plain(stack) -> pcm.Samples:
    """What every format should sound like."""
    return pcm.decode(spoken(stack.http()).content)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_streamed_and_whole_sounds_alike(client, plain, format):
    request = {"model": "tts-1", "voice": "ryan", "input": TEXT, "response_format": format}
    extra = {"language": "en", "seed": 7}
    with client.audio.speech.with_streaming_response.create(**request, extra_body=extra) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        streamed = b"".join(answer.iter_bytes())
    whole = client.audio.speech.create(**request, extra_body={**extra, "stream": False})
    assert int(whole.response.headers["Content-Length"]) == len(whole.content)
    for data in (streamed, whole.content):
        sound = samples(format, data)
        assert len(sound) == pytest.approx(len(plain), abs=0.1 * 24_000)
        assert likeness_of(sound, plain) > 0.85


@pytest.mark.parametrize(("stream", "size"), [(True, UNKNOWN), (False, None)])
def test_a_streamed_wav_has_no_size_and_a_whole_one_has_it(http, stream, size):
    data = spoken(http, response_format="wav", stream=stream).content
    assert int.from_bytes(data[4:8], "little") == (size or len(data) - 8)


def test_mp3_is_what_comes_where_nothing_is_said(client):
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input="Hi.")
    assert answer.response.headers["Content-Type"] == "audio/mpeg"
    assert len(hear(answer.content).samples)


def test_the_headers_say_what_spoke(client, http):
    answer = client.audio.speech.create(
        model="tts-1", voice={"id": "Uncle Fu"}, input="Hi.", extra_body={"seed": 11}
    ).response
    assert answer.headers["X-TTS-Engine"] == "preview"
    assert answer.headers["X-TTS-Preview"] == "true"
    assert answer.headers["X-Seed"] == "11"
    assert answer.headers["X-Request-Id"]
    job = http.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
    assert job["request"]["speaker"] == "uncle_fu"


def events_of(http: httpx.Client, **fields: Any) -> Iterator[dict[str, Any]]:
    with http.stream("POST", "/v1/audio/speech", json=body(stream_format="sse", **fields)) as it:
        assert it.headers["Content-Type"].startswith("text/event-stream")
        for line in it.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("format", ["pcm", "mp3"])
def test_events_carry_the_same_sound_and_what_it_took(http, plain, format):
    *deltas, done = events_of(http, response_format=format)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    data = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert likeness_of(samples(format, data), plain) > 0.85
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert set(usage) == {"input_tokens", "output_tokens", "total_tokens"}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens"] == pytest.approx(len(plain) / 24_000 * 12.5, rel=0.2)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_length(http, plain, speed):
    sound = pcm.decode(spoken(http, speed=speed).content)
    assert len(sound) == pytest.approx(len(plain) / speed, rel=0.001)


def test_rate_and_volume_are_those_asked_for(http, plain):
    answer = spoken(http, sample_rate=16_000, volume_multiplier=0.5)
    assert answer.headers["Content-Type"] == "audio/pcm;rate=16000;channels=1"
    sound = pcm.decode(answer.content)
    assert len(sound) == pytest.approx(len(plain) * 2 / 3, rel=0.001)
    assert np.abs(sound).max() == pytest.approx(np.abs(plain).max() / 2, rel=0.1)


def test_speech_ends_after_so_many_frames(http, plain):
    answer = spoken(http, max_new_tokens=5, stream=False)
    assert len(answer.content) == 5 * 1_920 * 2
    assert answer.headers["X-Finish-Reason"] == "length"
    assert spoken(http, stream=False).headers["X-Finish-Reason"] == "stop"


def test_words_are_timed_where_they_are_heard(http):
    answer = spoken(http, word_timestamps=True, stream=False, speed=2)
    words = json.loads(answer.headers["X-Word-Timestamps"])
    assert [word["word"] for word in words[:3]] == ["The", "lamp", "turned."]
    assert all(word["start_ms"] < word["end_ms"] for word in words)
    assert words[-1]["end_ms"] <= len(answer.content) / 48 + 1
    cut = spoken(http, word_timestamps=True, stream=False, max_new_tokens=5)
    assert cut.headers["X-Word-Timestamps-Omitted"] == "true"
    assert any("Words" in warning for warning in warnings(spoken(http, word_timestamps=True)))


def test_the_words_of_peers_mean_the_same(http):
    ours = spoken(http, voice="sohee", instructions="whisper", language="English")
    theirs = http.post(
        "/v1/audio/speech",
        json={
            "model": "qwen3-tts",
            "input": TEXT,
            "speaker": "Sohee",
            "instruct": "whisper",
            "instruction": "whisper",
            "lang_code": "a",
            "task_type": "CustomVoice",
            "response_format": "pcm",
            "seed": 7,
            "temperature": 0.9,
            "subtalker_top_k": 50,
            "speed": None,
        },
    )
    assert theirs.content == ours.content


def test_what_sillytavern_sends_is_understood(http):
    """It leaves the blanks of its list of voices, and sends what was typed as it was typed."""
    typed = {"seed": "7", "temperature": "0.9", "do_sample": "true", "language": "en"}
    plain = {"model": "tts-1", "input": TEXT, "response_format": "mp3", "speed": 1}
    answer = http.post("/v1/audio/speech", json={**plain, "voice": " ryan", **typed})
    assert answer.status_code == 200, answer.text
    assert not warnings(answer)
    assert answer.content == spoken(http, response_format="mp3").content


def test_numbers_are_written_out_by_any_of_the_switches(http):
    switches: list[dict[str, Any]] = [
        {"normalise": True},
        {"normalize": True},
        {"normalization_options": {"unit_normalization": True}},
    ]
    answers = [spoken(http, input="In 1990.", **switch) for switch in switches]
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        job = http.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
        assert job["request"]["normalise"] is True
    assert "normalization_options.unit_normalization" in " ".join(warnings(answers[-1]))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"speaker": "serena"}, "speaker"),
        ({"lang_code": "es"}, "lang_code"),
        ({"instructions": "calm", "instruct": "loud"}, "instruct"),
        ({"model": "tts-1-es"}, "language"),
        ({"task": "voice_clone"}, "task"),
        ({"model": "0.6B-Base"}, "model"),
        ({"model": "tts-1", "stream_format": "sse"}, "stream_format"),
        ({"input": ""}, "input"),
        ({"input": "a" * 4_097}, "input"),
        ({"voice": None}, "voice"),
        ({"voice": 5}, "voice"),
        ({"voice": "nobody"}, "voice"),
        ({"speed": 4.1}, "speed"),
        ({"response_format": "ogg"}, "response_format"),
        ({"sample_rate": 4_000}, "sample_rate"),
        ({"temperature": 9}, "temperature"),
        ({"emotion": "no such"}, "emotion"),
        ({"instructions": "a" * 1_001}, "instructions"),
        ({"task": "voice_design"}, "instructions"),
        ({"ref_text": "Hello."}, "ref_text"),
        ({"language": "en", "lang_code": "x" * 9_000}, "language"),
        ({"normalise": False, "normalization_options": {}}, "normalization_options"),
        ({"references": [], "voice": None}, "voice"),
        ({"references": [{"text": "Hello."}]}, "references"),
        ({"references": [{"audio_path": "a"}] * 2}, "references"),
        ({"references": [{"audio_path": "/etc/passwd"}]}, "ref_audio"),
        ({"ref_audio": "AAAA", "ref_text": "a" * 2_001}, "ref_text"),
        ({"ref_audio": "https://example.com/a.wav"}, "ref_audio"),
        ({"ref_audio": "/etc/passwd"}, "ref_audio"),
        ({"ref_audio": base64.b64encode(b"no sound").decode()}, "ref_audio"),
    ],
)
def test_what_does_not_fit_is_400_and_names_the_field(http, fields, param):
    answer = http.post("/v1/audio/speech", json=body(**fields))
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), error
    assert error["type"] == "invalid_request_error"
    assert isinstance(error["code"], str)
    assert len(answer.content) < 2_000


def test_what_is_ignored_is_told(http):
    names = {f"strange_{number}\r\n": 1 for number in range(9)}
    told = " ".join(warnings(spoken(http, model="tts-1", instructions="whisper", **names)))
    assert "`instructions`" in told
    assert "strange_0" in told
    assert "and 4 more" in told


def test_a_recording_in_the_body_is_cloned(http):
    address = f"data:audio/flac;base64,{base64.b64encode(REFERENCE).decode()}"
    for recording in ({"ref_audio": address}, {"references": [{"audio_path": address}]}):
        answer = spoken(http, **recording, x_vector_only_mode=True)
        job = http.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
        assert (job["task"], job["request"]["mode"]) == ("voice_clone", "speaker_only")
        assert any("ref_audio" in warning for warning in warnings(answer))


def test_a_voice_of_the_library_is_cloned(http):
    made = http.post(
        "/v1/voices",
        files={"reference": ("reference.flac", REFERENCE)},
        data={"voice": json.dumps({"name": "OpenAI's Reader", "consent": "Nobody had to agree."})},
    ).json()
    try:
        listed = {voice["id"] for voice in http.get("/v1/audio/voices").json()["voices"]}
        assert made["id"] in listed
        answer = spoken(http, voice={"id": made["id"]})
        job = http.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
        assert (job["task"], job["request"]["voice"]) == ("voice_clone", made["id"])
    finally:
        http.delete(f"/v1/voices/{made['id']}")


def test_a_voice_is_designed_from_the_instructions(http):
    answer = spoken(http, task="VoiceDesign", instructions="An old sailor, hoarse and slow.")
    job = http.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
    assert job["task"] == "voice_design"
    assert job["request"]["description"] == "An old sailor, hoarse and slow."


def test_every_voice_and_model_that_is_listed_speaks(client, http):
    voices = http.get("/v1/audio/voices").json()
    assert voices["voices"] == voices["data"]
    assert http.get("/v1/audio/voices", params={"legacy": "true"}).json() == {
        "voices": [voice["id"] for voice in voices["data"]]
    }
    for voice in voices["data"]:
        assert voice["name"]
        assert client.audio.speech.create(model="tts-1", voice=voice["id"], input="Hi.").content
    for model in http.get("/v1/audio/models").json()["models"]:
        assert client.audio.speech.create(model=model["id"], voice="alloy", input="Hi.").content


def test_the_package_lists_and_finds_models(client):
    listed = {model.id: model for model in client.models.list()}
    assert {"tts-1", "0.6B-CustomVoice"} < set(listed)
    assert client.models.retrieve("tts-1") == listed["tts-1"]
    assert all(model.object == "model" and model.owned_by for model in listed.values())
    assert client.models.retrieve("Qwen/Qwen3-TTS-12Hz-1.7B-Base").id == "1.7B-Base"
    for name in ("whisper-1", "openai/whisper-1"):
        with pytest.raises(openai.NotFoundError) as missing:
            client.models.retrieve(name)
        assert missing.value.code == "model_not_found"
