"""As LiveKit's and Pipecat's clients of ElevenLabs speak: their messages, in their order."""

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from shared.dialects.contexts import MOST
from tests.api.jobs import LONG, wait_for
from tests.stack import Stack

Message = dict[str, Any]
PATIENCE = 20
LIVEKIT: Message = {
    "model_id": "eleven_turbo_v2_5",
    "output_format": "pcm_24000",
    "language_code": "en",
    "enable_ssml_parsing": "false",
    "enable_logging": "true",
    "inactivity_timeout": 180,
    "apply_text_normalization": "auto",
    "sync_alignment": "true",
    "auto_mode": "true",
}
PIPECAT: Message = {
    "model_id": "eleven_flash_v2_5",
    "output_format": "pcm_24000",
    "auto_mode": "true",
    "language_code": "en",
}
SENTENCES = ["The lamp turned.", "The sea was quiet."]


@contextmanager
def talking(
    stack: Stack, query: Message, voice: str = "ryan", **more: Any
) -> Generator[ClientConnection]:
    root = stack.url.replace("http", "ws", 1)
    url = f"{root}/v1/text-to-speech/{voice}/multi-stream-input?{urlencode({**query, **more})}"
    headers = {"xi-api-key": "anything"}
    with connect(url, additional_headers=headers, max_size=None) as socket:
        yield socket


def says(socket: ClientConnection, *messages: Message) -> None:
    for message in messages:
        socket.send(json.dumps(message))


def heard(socket: ClientConnection, *contexts: str) -> list[Message]:
    """Everything until these contexts have ended, or to the end of the socket."""
    messages: list[Message] = []
    waiting = set(contexts)
    try:
        while waiting or not contexts:
            messages.append(json.loads(socket.recv(timeout=PATIENCE)))
            if messages[-1].get("isFinal"):
                waiting -= {messages[-1]["contextId"]}
    except ConnectionClosed:
        pass
    return messages


def livekit(context: str, *sentences: str) -> list[Message]:
    """A reply, as the plugin sends it."""
    return [
        {"text": " ", "voice_settings": {}, "context_id": context},
        *({"text": f"{said} ", "context_id": context, "flush": True} for said in sentences),
        {"text": "", "context_id": context, "flush": True},
        {"context_id": context, "close_context": True},
    ]


def pipecat(context: str, *sentences: str) -> list[Message]:
    """The beginning of a reply, as the service sends it: no blanks between sentences."""
    return [
        {"text": " ", "context_id": context},
        *({"text": said, "context_id": context} for said in sentences),
    ]


def ended(context: str) -> list[Message]:
    """The end of it."""
    return [{"context_id": context, "flush": True}, closed(context)]


def closed(context: str) -> Message:
    return {"context_id": context, "close_context": True}


def text(messages: list[Message], context: str) -> str:
    told = [one for one in messages if one.get("contextId") == context and one["alignment"]]
    return "".join("".join(one["alignment"]["chars"]) for one in told).strip()


def seconds(messages: list[Message], context: str) -> float:
    told = [one["audio"] or "" for one in messages if one.get("contextId") == context]
    return sum(len(base64.b64decode(one)) for one in told) / 48_000


def states(stack: Stack) -> list[str]:
    """Of all jobs, once each has ended."""
    http = stack.http()
    found = http.get("/v1/jobs").json()["items"]
    over = ("succeeded", "cancelled", "failed")
    return [wait_for(http, job["id"], lambda job: job["state"] in over)["state"] for job in found]


# --- speaking ---


def test_a_reply_of_livekit_is_spoken_whole_with_its_alignments(stack):
    with talking(stack, LIVEKIT) as socket:
        says(socket, *livekit("712971ea7052", *SENTENCES))
        *messages, last = heard(socket, "712971ea7052")
    assert last == {
        "audio": None,
        "isFinal": True,
        "normalizedAlignment": None,
        "alignment": None,
        "contextId": "712971ea7052",
    }
    assert text(messages, "712971ea7052") == " ".join(SENTENCES)
    starts = [one["normalizedAlignment"]["charStartTimesMs"][0] for one in messages]
    assert len(starts) == 2
    assert starts[1] < 300  # of the pause, not of the sentence before
    ends = [one["alignment"] for one in messages]
    length = sum(one["charStartTimesMs"][-1] + one["charDurationsMs"][-1] for one in ends)
    assert seconds(messages, "712971ea7052") == pytest.approx(length / 1000, abs=0.005)


def test_a_sentence_of_pipecat_waits_neither_for_the_next_nor_for_the_end(stack):
    with talking(stack, PIPECAT) as socket:
        says(socket, *pipecat("61003156", SENTENCES[0]))
        assert json.loads(socket.recv(timeout=PATIENCE))["audio"]
        says(socket, {"text": SENTENCES[1], "context_id": "61003156"}, *ended("61003156"))
        messages = heard(socket, "61003156")
        assert text(messages, "61003156") == " ".join(SENTENCES)
        says(socket, {"close_socket": True})
        assert heard(socket) == []
        assert socket.close_code == 1000


def test_contexts_are_spoken_beside_each_other_and_a_name_may_come_again(stack):
    with talking(stack, LIVEKIT) as socket:
        says(socket, *livekit("a", "One moment."), *livekit("b", "Two moments."))
        messages = heard(socket, "a", "b")
        assert text(messages, "a") == "One moment."
        assert text(messages, "b") == "Two moments."
        says(socket, *livekit("a", "Three moments."))
        assert text(heard(socket, "a"), "a") == "Three moments."


def test_text_that_names_no_context_has_one_of_its_own(stack):
    with talking(stack, PIPECAT) as socket:
        says(socket, {"text": "Hello there."}, {"flush": True}, {"close_context": True})
        assert text(heard(socket, "default"), "default") == "Hello there."


def test_closing_the_socket_waits_for_what_was_flushed_and_for_nothing_else(stack):
    with talking(stack, PIPECAT, auto_mode="false") as socket:
        says(socket, *pipecat("kept", "One moment."), {"context_id": "kept", "flush": True})
        says(socket, *pipecat("dropped", "Two mom"), {"close_socket": True})
        messages = heard(socket)
        assert socket.close_code == 1000
    assert text(messages, "kept") == "One moment."
    assert text(messages, "dropped") == ""
    assert seconds(messages, "dropped") == 0


def test_the_speed_of_a_context_is_its_own(stack):
    quick = {"text": " ", "voice_settings": {"speed": 2}, "context_id": "quick"}
    with talking(stack, LIVEKIT, seed=3) as socket:
        says(socket, quick, *livekit("slow", *SENTENCES), *livekit("quick", *SENTENCES)[1:])
        messages = heard(socket, "slow", "quick")
    assert seconds(messages, "quick") == pytest.approx(seconds(messages, "slow") / 2, rel=0.05)


# --- interruptions ---


def test_who_interrupts_pipecat_stops_that_context_alone(paced):
    with talking(paced, PIPECAT) as socket:
        says(socket, *pipecat("old", LONG), *ended("old"))
        says(socket, *pipecat("new", "Yes?"))
        while json.loads(socket.recv(timeout=PATIENCE))["contextId"] != "old":
            pass
        # The service closes again what it has closed when the text ended.
        says(socket, closed("old"))
        heard(socket, "old")
        says(socket, *ended("new"))
        assert text(heard(socket, "new"), "new") == "Yes?"
    assert set(states(paced)) == {"cancelled", "succeeded"}


def test_who_closes_in_the_middle_of_the_text_stops_it(paced):
    with talking(paced, PIPECAT) as socket:
        says(socket, *pipecat("old", LONG))
        socket.recv(timeout=PATIENCE)
        says(socket, closed("old"))
        assert heard(socket, "old")[-1]["isFinal"]
    assert "cancelled" in states(paced)


def test_who_hangs_up_stops_all_contexts(paced):
    with talking(paced, LIVEKIT, sync_alignment="false") as socket:
        says(socket, *livekit("a", LONG), *livekit("b", LONG))
        socket.recv(timeout=PATIENCE)
    assert "cancelled" in states(paced)
    assert "failed" not in states(paced)


# --- when nothing comes ---


def test_what_has_no_context_opens_none(stack):
    with talking(stack, PIPECAT, inactivity_timeout=0.3) as socket:
        says(socket, {"text": ""}, {"text": "", "context_id": "a"}, *ended("a"))
        assert heard(socket) == []
        assert socket.close_code == 1000


def test_a_context_that_is_left_alone_is_spoken_and_ends(stack):
    with talking(stack, PIPECAT, auto_mode="false", inactivity_timeout=0.3) as socket:
        says(socket, *pipecat("a", "Hello there"))
        assert text(heard(socket, "a"), "a") == "Hello there"


# --- what goes wrong ---


def test_there_is_a_limit_to_contexts_that_counts_those_still_heard(stack):
    with talking(stack, PIPECAT) as socket:
        for number in range(MOST):
            says(socket, *pipecat(str(number)))
        says(socket, closed("0"))
        heard(socket, "0")
        says(socket, *pipecat("another"), *pipecat("one more"))
        (message,) = heard(socket)
        assert (message["error"], message["code"]) == ("max_active_conversations", 1008)
        assert socket.close_code == 1008


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ({"voice": "nobody"}, "unknown_voice", 404),
        ({"output_format": "mp3_1_1"}, "invalid_request", 422),
        ({"language_code": "tlh"}, "unknown_language", 422),
    ],
)
def test_a_wrong_address_is_refused_before_there_is_a_socket(stack, asked, code, status):
    # LiveKit's plugin waits for ever for a socket that fails before it has said anything.
    with pytest.raises(InvalidStatus) as refused, talking(stack, PIPECAT, **asked):
        pass
    response = refused.value.response
    assert response.status_code == status
    assert json.loads(response.body)["error"]["code"] == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 5, "context_id": "a"},
        {"text": "b ", "context_id": "x" * 201},
        {"text": "b ", "context_id": "a", "voice_settings": {"speed": 1.2}},
        {"text": "b ", "context_id": "b", "pronunciation_dictionary_locators": [{"id": "x"}]},
    ],
)
def test_a_wrong_message_is_told_before_the_socket_closes(stack, wrong):
    with talking(stack, PIPECAT) as socket:
        says(socket, *pipecat("a"), wrong)
        (message,) = heard(socket)
        assert (message["error"], socket.close_code) == ("invalid_input_message", 1008)
