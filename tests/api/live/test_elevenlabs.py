import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api.live.wire import LONGEST
from tests.api.jobs import LONG, wait_for
from tests.shared.audio.hearing import hear
from tests.stack import Stack

Message = dict[str, Any]
PATIENCE = 20
OPENING: Message = {
    "text": " ",
    "try_trigger_generation": True,
    "voice_settings": {"stability": 0.5, "similarity_boost": 0.8, "speed": 1.0},
    "generation_config": {"chunk_length_schedule": [50]},
}
PIECES = ["Hello there, \ud83d", "\ude42 how are ", "you today? ", "I am fine. "]
"""One of them ends in half a character."""
TEXT = "Hello there, 🙂 how are you today? I am fine."


@contextmanager
def talking(
    stack: Stack, voice: str = "ryan", opening: Message | None = OPENING, **query: Any
) -> Generator[ClientConnection]:
    """A socket as ElevenLabs' package opens it."""
    root = stack.url.replace("http", "ws", 1)
    asked = urlencode({"model_id": "eleven_flash_v2_5", **query})
    url = f"{root}/v1/text-to-speech/{voice}/stream-input?{asked}"
    headers = {"xi-api-key": "anything"}
    with connect(url, additional_headers=headers, max_size=None) as socket:
        if opening:
            says(socket, opening)
        yield socket


def says(socket: ClientConnection, message: Message) -> None:
    socket.send(json.dumps(message))


def types(socket: ClientConnection, *pieces: str) -> None:
    """Text, and the end of it, as the package sends them."""
    for piece in pieces:
        says(socket, {"text": piece, "try_trigger_generation": True})
    says(socket, {"text": ""})


def heard(socket: ClientConnection) -> list[Message]:
    """Everything to the end."""
    messages: list[Message] = []
    try:
        while True:
            messages.append(json.loads(socket.recv(timeout=PATIENCE)))
    except ConnectionClosed:
        return messages


def sound(messages: list[Message]) -> bytes:
    return b"".join(base64.b64decode(message["audio"] or "") for message in messages)


def alignments(messages: list[Message]) -> list[Message]:
    return [message["alignment"] for message in messages if message["alignment"]]


def milliseconds(alignment: Message) -> int:
    return alignment["charStartTimesMs"][-1] + alignment["charDurationsMs"][-1]


# --- speaking ---


def test_text_is_spoken_as_it_comes_and_the_last_message_is_final(stack):
    with talking(stack, output_format="mp3_44100_128") as socket:
        types(socket, *PIECES)
        *messages, last = heard(socket)
        assert socket.close_code == 1000
    assert last == {"audio": None, "isFinal": True, "normalizedAlignment": None, "alignment": None}
    assert all(message["isFinal"] is None for message in messages)
    assert hear(sound(messages)).rate == 44_100


def test_alignments_follow_each_other_without_a_gap(stack):
    with talking(stack, output_format="pcm_16000") as socket:
        types(socket, *PIECES)
        messages = heard(socket)
    told = alignments(messages)
    assert "".join("".join(one["chars"]) for one in told).split() == TEXT.split()
    length = len(sound(messages)) / 32
    assert sum(map(milliseconds, told)) == pytest.approx(length, abs=5)


def test_with_sync_alignment_each_piece_of_sound_has_its_own(stack):
    with talking(stack, output_format="pcm_24000", sync_alignment="true") as socket:
        types(socket, *PIECES)
        *messages, _ = heard(socket)
    assert len(messages) == 2
    for message in messages:
        length = len(sound([message])) / 48
        assert milliseconds(message["alignment"]) == pytest.approx(length, abs=2)


def test_speed_counts_for_sound_and_alignment(stack):
    quick = {**OPENING, "voice_settings": {"speed": 1.2}}
    with talking(stack, opening=quick, output_format="pcm_24000", seed=3) as socket:
        types(socket, *PIECES)
        messages = heard(socket)
    length = len(sound(messages)) / 48
    assert sum(map(milliseconds, alignments(messages))) == pytest.approx(length, abs=60)


def test_flush_speaks_what_has_no_end_yet(stack):
    with talking(stack, auto_mode="true", output_format="ulaw_8000") as socket:
        says(socket, {"text": "Hello there ", "flush": True})
        assert json.loads(socket.recv(timeout=PATIENCE))["audio"]
        says(socket, {"text": "", "flush": True})
        types(socket, "and goodbye.")
        messages = heard(socket)
    assert messages[-1]["isFinal"]
    assert sound(messages)


def test_who_hangs_up_stops_the_speech(paced):
    with talking(paced) as socket:
        types(socket, LONG)
        socket.recv(timeout=PATIENCE)
    http = paced.http()
    for job in http.get("/v1/jobs").json()["items"]:
        wait_for(http, job["id"], lambda job: job["state"] in ("succeeded", "cancelled"))
    states = [job["state"] for job in http.get("/v1/jobs").json()["items"]]
    assert "cancelled" in states


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"voice": "nobody"}, "voice_id_does_not_exist"),
        ({"output_format": "mp3_1_1"}, "invalid_input_message"),
        ({"language_code": "tlh"}, "unknown_language"),
        ({"inactivity_timeout": 1_000}, "invalid_input_message"),
    ],
)
def test_a_wrong_address_is_told_before_the_socket_closes(stack, asked, error):
    with talking(stack, opening=None, **asked) as socket:
        (message,) = heard(socket)
        assert (message["error"], message["code"]) == (error, 1008)
        assert socket.close_code == 1008
        assert (socket.close_reason or "")[:20] == message["message"][:20]


@pytest.mark.parametrize(
    ("wrong", "error", "code"),
    [
        ("{", "invalid_input_message", 1008),
        (b"\x00", "invalid_input_message", 1008),
        ('{"text": 5}', "invalid_input_message", 1008),
        ('{"try_trigger_generation": true}', "invalid_input_message", 1008),
        ('{"text": "a ", "voice_settings": {"speed": 1.2}}', "invalid_input_message", 1008),
        (
            '{"text": "a ", "pronunciation_dictionary_locators": [{"id": "x"}]}',
            "invalid_input_message",
            1008,
        ),
        (json.dumps({"text": "x" * LONGEST}), "body_too_large", 1009),
    ],
)
def test_a_wrong_message_is_told_before_the_socket_closes(stack, wrong, error, code):
    with talking(stack) as socket:
        socket.send(wrong)
        (message,) = heard(socket)
        assert (message["error"], message["code"], socket.close_code) == (error, code, code)
        assert message["message"]


def test_a_session_without_words_has_no_sound(stack):
    with talking(stack, output_format="mp3_44100_128") as socket:
        types(socket)
        (message,) = heard(socket)
    assert message["isFinal"]


@pytest.mark.parametrize("opening", [OPENING, None])
def test_who_says_nothing_is_let_go(stack, opening):
    with talking(stack, opening=opening, inactivity_timeout=0.3) as socket:
        messages = heard(socket)
    assert messages[-1]["error"] == "input_timeout_exceeded"


def test_after_the_end_nothing_counts_any_more(stack):
    with talking(stack, inactivity_timeout=0.3) as socket:
        types(socket, "Hello there.")
        says(socket, {"text": "And this is too late."})
        messages = heard(socket)
    said = "".join("".join(one["chars"]) for one in alignments(messages))
    assert said.strip() == "Hello there."
    assert messages[-1]["isFinal"]
