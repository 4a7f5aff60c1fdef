from typing import Any

import pytest
from pydantic import ValidationError

from shared.dialects import dashscope
from shared.dialects.dashscope import Answer, Fault, Setup
from shared.errors import InvalidRequest, QueueFull, UnknownLanguage, UnknownVoice
from shared.speakers import SPEAKERS
from shared.stores.voices import FolderVoices
from shared.voices.library import Library


@pytest.fixture
def library(tmp_path) -> Library:
    return Library(FolderVoices(tmp_path))


def told(answer: Answer) -> list[dict[str, Any]]:
    """A whole response as it goes over the wire."""
    events = [*answer.opening(), answer.sound(b"\x01\x02"), *answer.closing("completed", 7)]
    return [event.model_dump(mode="json") for event in events]


# --- voices ---


@pytest.mark.parametrize(
    ("word", "speaker"), [("Cherry", "vivian"), ("ETHAN", "aiden"), ("Serena", "serena")]
)
def test_a_voice_of_dashscope_is_one_of_the_speakers(library, word, speaker):
    chosen = dashscope.choose(library, word)
    assert (chosen.task, chosen.fields) == ("custom_voice", {"speaker": speaker})


def test_every_name_of_dashscope_stands_for_a_speaker_that_there_is():
    assert set(dashscope.VOICES.values()) <= set(SPEAKERS)
    assert not set(dashscope.VOICES) & set(SPEAKERS)


def test_an_unknown_voice_is_no_other_voice(library):
    with pytest.raises(UnknownVoice) as caught:
        dashscope.choose(library, "Nobody")
    assert caught.value.param == "session.voice"


# --- settings ---


def test_settings_add_up_and_null_changes_nothing():
    setup = Setup().changed({"voice": "Ethan", "volume": 80}).changed({"voice": None, "volume": 20})
    assert (setup.voice, setup.volume, setup.mode) == ("Ethan", 20, "server_commit")


def test_settings_are_said_back_as_they_were_sent():
    setup = Setup().changed({"language_type": "Chinese", "speech_rate": 1.5, "bit_rate": 64})
    assert setup.view("sess_1", "m") == {
        "id": "sess_1",
        "object": "realtime.session",
        "model": "m",
        "voice": "Cherry",
        "mode": "server_commit",
        "language_type": "Chinese",
        "response_format": "pcm",
        "sample_rate": 24_000,
        "speech_rate": 1.5,
    }


def test_settings_become_fields_of_a_request():
    setup = Setup().changed(
        {"language_type": "German", "instructions": "whisper", "enable_tn": True}
    )
    assert setup.fields() == {"language": "german", "instruct": "whisper", "normalise": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "sometimes"},
        {"response_format": "flac"},
        {"sample_rate": 11_025},
        {"speech_rate": 3},
        {"volume": 101},
        {"speech_rate": float("nan")},
    ],
)
def test_settings_have_limits(wrong):
    with pytest.raises(ValidationError):
        Setup().changed(wrong)


@pytest.mark.parametrize(
    ("sent", "error", "param"),
    [
        ({"pitch_rate": 1.2}, InvalidRequest, "session.pitch_rate"),
        ({"language_type": "Klingon"}, UnknownLanguage, "session.language_type"),
    ],
)
def test_what_no_voice_can_do_is_refused(sent, error, param):
    with pytest.raises(error) as caught:
        Setup().changed(sent)
    assert caught.value.param == param


# --- the server's events ---


def test_a_response_is_told_in_the_order_that_clients_count_on():
    assert [event["type"] for event in told(Answer("Cherry"))] == [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.audio.delta",
        "response.audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]


def test_the_events_of_a_response_name_the_same_ids():
    created, added, part, *middle, done = told(Answer("Cherry"))
    response, item = created["response"]["id"], added["item"]["id"]
    assert all(event["response_id"] == response for event in (added, part, *middle))
    assert {event.get("item_id", item) for event in (part, *middle)} == {item}
    assert done["response"]["id"] == response
    assert [entry["id"] for entry in done["response"]["output"]] == [item]
    assert len({event["event_id"] for event in (created, added, part, *middle, done)}) == 8


def test_a_response_ends_as_the_service_was_seen_to_end_it():
    created, *_, done = told(Answer("Cherry"))
    item = done["response"]["output"][0]["id"]
    assert done["response"] == {
        "id": created["response"]["id"],
        "object": "realtime.response",
        "conversation_id": "",
        "status": "completed",
        "modalities": ["text", "audio"],
        "voice": "Cherry",
        "output": [
            {
                "id": item,
                "object": "realtime.item",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "audio", "transcript": ""}],
            }
        ],
        "usage": {"characters": 7},
    }


@pytest.mark.parametrize(
    ("error", "code"), [(InvalidRequest("No."), "invalid_value"), (QueueFull("No."), "queue_full")]
)
def test_a_fault_is_told_in_dashscopes_form(error, code):
    event = Fault.of(error).model_dump()
    assert (event["type"], event["error"]["code"]) == ("error", code)
    assert event["error"]["message"].startswith("No.")
