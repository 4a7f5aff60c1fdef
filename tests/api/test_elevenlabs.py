import base64
import json
from collections.abc import Iterator

import pytest

from tests.api.jobs import LONG, fault, wait_for
from tests.shared.audio.hearing import hear

SPEAK = "/v1/text-to-speech/ryan"
TEXT = "Hello there. How are you?"
ASKED = {
    "text": TEXT,
    "model_id": "eleven_v3",
    "voice_settings": {"stability": 0.5, "similarity_boost": 0.75, "speed": None},
    "language_code": "en",
}


def whole(lines: Iterator[str]) -> list[dict]:
    return [json.loads(line) for line in lines if line]


# --- speak ---


@pytest.mark.parametrize("path", [SPEAK, f"{SPEAK}/stream"])
def test_a_text_becomes_an_mp3(http, path):
    answer = http.post(path, json=ASKED)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["character-cost"] == str(len(TEXT))
    assert http.get(f"/v1/jobs/{answer.headers['request-id']}").is_success
    assert hear(answer.content).rate == 44_100


def test_the_output_format_is_followed(http):
    answer = http.post(SPEAK, params={"output_format": "pcm_16000"}, json=ASKED)
    job = http.get(f"/v1/jobs/{answer.headers['request-id']}").json()
    assert answer.headers["content-type"] == "audio/pcm;rate=16000;channels=1"
    assert len(answer.content) / 32_000 == pytest.approx(
        job["result"]["duration_seconds"], abs=0.01
    )


def test_timestamps_are_those_of_every_character(http):
    told = http.post(
        f"{SPEAK}/with-timestamps", params={"output_format": "pcm_24000"}, json=ASKED
    ).json()
    alignment = told["alignment"]
    assert "".join(alignment["characters"]).split() == TEXT.split()
    seconds = len(base64.b64decode(told["audio_base64"])) / 48_000
    assert alignment["character_end_times_seconds"][-1] == pytest.approx(seconds, abs=0.01)
    starts = alignment["character_start_times_seconds"]
    assert starts == sorted(starts)


def test_the_last_line_of_a_stream_has_the_timestamps(http):
    with http.stream("POST", f"{SPEAK}/stream/with-timestamps", json=ASKED) as answer:
        *lines, last = whole(answer.iter_lines())
    assert all(line["alignment"] is None for line in lines)
    assert "".join(last["alignment"]["characters"]).split() == TEXT.split()
    sound = b"".join(base64.b64decode(line["audio_base64"]) for line in [*lines, last])
    assert hear(sound).rate == 44_100


@pytest.mark.parametrize(
    ("voice", "changed", "query", "expected"),
    [
        ("nobody", {}, {}, (404, "unknown_voice")),
        ("ryan", {"text": ""}, {}, (422, "nothing_to_say")),
        ("ryan", {"text": "..."}, {}, (422, "nothing_to_say")),
        ("ryan", {"language_code": "tlh"}, {}, (422, "unknown_language")),
        ("ryan", {"voice_settings": {"speed": 9}}, {}, (422, "invalid_request")),
        ("ryan", {"pronunciation_dictionary_locators": [{}]}, {}, (422, "invalid_request")),
        ("ryan", {}, {"output_format": "mp3_1_1"}, (422, "invalid_request")),
    ],
)
def test_what_cannot_be_done_is_refused(http, voice, changed, query, expected):
    answer = http.post(f"/v1/text-to-speech/{voice}", params=query, json=ASKED | changed)
    assert fault(answer) == expected


def test_the_sound_of_a_long_text_does_not_come_in_one_piece(http):
    answer = http.post(f"{SPEAK}/with-timestamps", json={"text": "Hello. " * 1_000})
    assert fault(answer) == (422, "text_too_long")


def test_who_goes_away_stops_the_speech(paced):
    http = paced.http()
    with http.stream("POST", f"{SPEAK}/stream", json={"text": LONG}) as answer:
        next(answer.iter_bytes())
        job = answer.headers["request-id"]
    wait_for(http, job, lambda job: job["state"] == "cancelled")


# --- find voices ---


def test_voices_are_found_page_by_page(http):
    first = http.get("/v2/voices", params={"page_size": 5}).json()
    assert (len(first["voices"]), first["has_more"]) == (5, True)
    token = first["next_page_token"]
    second = http.get("/v2/voices", params={"page_size": 5, "next_page_token": token}).json()
    ids = [voice["voice_id"] for voice in first["voices"] + second["voices"]]
    assert "ryan" in ids
    assert len(set(ids)) == len(ids)


def test_a_voice_is_found_by_its_name(http):
    (voice,) = http.get("/v2/voices", params={"search": "ono anna"}).json()["voices"]
    assert (voice["voice_id"], voice["category"]) == ("ono_anna", "premade")
