import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api.live.dashscope import Translation
from api.live.events import Ended, Idled
from api.live.wire import LONGEST
from shared.dialects.dashscope import LONGEST_TEXT
from shared.errors import EngineFailed, InputTimeout
from tests.api.jobs import LONG, wait_for
from tests.shared.audio.hearing import hear
from tests.stack import Stack

Event = dict[str, Any]
PATIENCE = 20
OPENING = ["response.created", "response.output_item.added", "response.content_part.added"]
CLOSING = [
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]
SENTENCES = "The lamp turned. Ten seconds; ten."


@contextmanager
def talking(stack: Stack, **options: Any) -> Generator[ClientConnection]:
    """A socket as DashScope's package opens it, greeted."""
    root = stack.url.replace("http", "ws", 1)
    url = f"{root}/api-ws/v1/realtime?model=qwen3-tts-flash-realtime"
    headers = {"Authorization": "Bearer anything", "X-DashScope-WorkSpace": "ws-1"}
    with connect(url, additional_headers=headers, max_size=None, **options) as socket:
        assert hears(socket)["type"] == "session.created"
        yield socket


def says(socket: ClientConnection, kind: str, **fields: Any) -> None:
    """An event as the package sends it."""
    socket.send(json.dumps({"event_id": "event_1", "type": kind, **fields}))


def sets(socket: ClientConnection, **settings: Any) -> Event:
    """A `session.update`; the answer."""
    says(socket, "session.update", session={"voice": "Cherry", **settings})
    return hears(socket)


def appends(socket: ClientConnection, text: str) -> None:
    says(socket, "input_text_buffer.append", text=text)


def hears(socket: ClientConnection) -> Event:
    return json.loads(socket.recv(timeout=PATIENCE))


def hears_until(socket: ClientConnection, kind: str) -> list[Event]:
    events = [hears(socket)]
    while events[-1]["type"] != kind:
        events.append(hears(socket))
    return events


def kinds(events: list[Event]) -> list[str]:
    """The types in order, all sound as one."""
    types = [event["type"] for event in events]
    return [kind for place, kind in enumerate(types) if kind != "".join(types[place - 1 : place])]


def sound(events: list[Event]) -> bytes:
    return b"".join(base64.b64decode(event.get("delta", "")) for event in events)


def closed(socket: ClientConnection) -> int:
    """The code, once nothing more comes."""
    with pytest.raises(ConnectionClosed):
        hears(socket)
    return socket.close_code or 0


# --- speaking ---


def test_text_is_spoken_as_it_comes_and_the_session_ends_when_it_is_finished(stack):
    with talking(stack) as socket:
        sets(socket, mode="server_commit", response_format="pcm", sample_rate=24_000)
        for piece in SENTENCES.partition(" turned"):
            appends(socket, piece)
        says(socket, "session.finish")
        events = hears_until(socket, "session.finished")
        assert closed(socket) == 1000
    answer = ["input_text_buffer.committed", *OPENING, "response.audio.delta", *CLOSING]
    assert kinds(events) == [*answer, "session.finished"]
    response = events[1]["response"]["id"]
    assert {event["response_id"] for event in events if "response_id" in event} == {response}
    done = events[-2]["response"]
    assert (done["id"], done["status"]) == (response, "completed")
    assert done["usage"] == {"characters": len(SENTENCES)}
    assert len(sound(events)) > 24_000 * 2
    assert len({event["event_id"] for event in events}) == len(events)


def test_in_commit_mode_nothing_is_said_before_its_commit(stack):
    with talking(stack) as socket:
        sets(socket, mode="commit")
        for text in ("The lamp turned. ", "Ten seconds. "):
            appends(socket, text)
            says(socket, "input_text_buffer.commit")
            events = hears_until(socket, "response.done")
            assert kinds(events)[:2] == ["input_text_buffer.committed", "response.created"]
            assert events[-1]["response"]["usage"] == {"characters": len(text)}
        appends(socket, "And the rest.")
        says(socket, "session.finish")
        events = hears_until(socket, "session.finished")
    assert kinds(events)[:2] == ["input_text_buffer.committed", "response.created"]


def test_a_character_may_come_in_two_halves(stack):
    with talking(stack) as socket:
        for half in ("Good evening \ud83d", "\ude42 to you."):
            appends(socket, half)
        says(socket, "session.finish")
        events = hears_until(socket, "session.finished")
    assert "error" not in kinds(events)
    assert events[-2]["response"]["usage"] == {"characters": len("Good evening 🙂 to you.")}


def test_a_commit_has_a_response_even_if_nothing_of_it_can_be_said(stack):
    with talking(stack) as socket:
        sets(socket, mode="commit")
        appends(socket, "...")
        says(socket, "input_text_buffer.commit")
        events = hears_until(socket, "response.done")
    assert kinds(events) == ["input_text_buffer.committed", *OPENING, *CLOSING]


def test_without_settings_the_defaults_hold(stack):
    with talking(stack) as socket:
        appends(socket, "Hello there.")
        says(socket, "session.finish")
        events = hears_until(socket, "session.finished")
    assert events[1]["response"]["voice"] == "Cherry"
    assert sound(events)


def test_settings_are_said_back_and_hold(stack):
    with talking(stack) as socket:
        told = sets(socket, voice="Ethan", response_format="wav", sample_rate=16_000, volume=60)
        assert told["type"] == "session.updated"
        assert (
            told["session"].items()
            >= {"voice": "Ethan", "sample_rate": 16_000, "volume": 60}.items()
        )
        appends(socket, "Hello there.")
        says(socket, "session.finish")
        events = hears_until(socket, "session.finished")
    assert hear(sound(events)).rate == 16_000


def test_a_client_that_reads_late_loses_nothing(stack):
    text = " ".join(LONG.split(" ")[:45])
    with talking(stack, max_queue=1) as socket:
        sets(socket)
        for word in text.split(" "):
            appends(socket, f"{word} ")
        says(socket, "session.finish")
        *_, done, _ = hears_until(socket, "session.finished")
        assert closed(socket) == 1000
    assert done["response"]["usage"]["characters"] == pytest.approx(len(text), abs=1)


# --- stopping ---


def test_text_that_is_cleared_is_not_spoken(stack):
    with talking(stack) as socket:
        sets(socket, mode="commit")
        appends(socket, "Never mind.")
        says(socket, "input_text_buffer.clear")
        assert hears(socket)["type"] == "input_text_buffer.cleared"
        says(socket, "session.finish")
        assert hears(socket)["type"] == "session.finished"


def test_a_response_that_is_cancelled_is_incomplete_and_another_may_follow(paced):
    http = paced.http()
    with talking(paced) as socket:
        sets(socket, mode="commit")
        appends(socket, LONG)
        says(socket, "input_text_buffer.commit")
        hears_until(socket, "response.audio.delta")
        says(socket, "response.cancel")
        events = hears_until(socket, "response.done")
        assert kinds(events)[-4:] == CLOSING
        assert events[-1]["response"]["status"] == "incomplete"
        appends(socket, "Go on.")
        says(socket, "input_text_buffer.commit")
        assert hears_until(socket, "response.done")[-1]["response"]["status"] == "completed"
        appends(socket, LONG)
        says(socket, "session.finish")
        hears_until(socket, "response.audio.delta")
        says(socket, "response.cancel")
        *_, done, _ = hears_until(socket, "session.finished")
        assert done["response"]["status"] == "incomplete"
    for job in http.get("/v1/jobs").json()["items"]:
        wait_for(http, job["id"], lambda job: job["state"] in ("succeeded", "cancelled"))


# --- what goes wrong ---


@pytest.mark.parametrize(
    "settings",
    [
        {"voice": "Nobody"},
        {"pitch_rate": 1.5},
        {"language_type": "Klingon"},
        {"sample_rate": 11_025},
        {"mode": None, "instructions": "x" * 2_000},
    ],
)
def test_wrong_settings_end_the_session_before_another_voice_speaks(stack, settings):
    with talking(stack) as socket:
        told = sets(socket, **settings)
        assert (told["type"], told["error"]["code"]) == ("error", "invalid_value")
        assert told["error"]["param"].startswith("session.")
        assert closed(socket) == 1008


def test_other_faults_are_told_and_the_session_goes_on(stack):
    with talking(stack) as socket:
        sets(socket, mode="commit")
        wrong: list[str | bytes] = [
            "{",
            "[]",
            b"\x00",
            json.dumps({"type": "response.create"}),
            json.dumps({"type": "input_text_buffer.append", "text": 5}),
            json.dumps({"type": "input_text_buffer.append", "text": "x" * (LONGEST_TEXT + 1)}),
            json.dumps({"type": "input_text_buffer.commit"}),
        ]
        for message in wrong:
            socket.send(message)
            assert hears(socket)["error"]["code"] == "invalid_value"
        appends(socket, "x" * LONGEST_TEXT)
        appends(socket, "y")
        assert hears(socket)["error"]["param"] == "text"
        says(socket, "session.update", session={"voice": "Ethan"})
        assert hears(socket)["error"]["code"] == "invalid_value"
        says(socket, "input_text_buffer.clear")
        says(socket, "session.finish")
        assert kinds(hears_until(socket, "session.finished"))[0] == "input_text_buffer.cleared"


def test_a_message_that_is_far_too_long_ends_the_session(stack):
    with talking(stack) as socket:
        appends(socket, "x" * LONGEST)
        assert hears(socket)["error"]["code"] == "body_too_large"
        assert closed(socket) == 1009


def test_a_session_that_was_idle_ends_as_a_fault():
    with pytest.raises(InputTimeout, match="30 seconds"):
        Translation().told(Idled(30))


def test_a_response_that_never_began_has_no_end():
    events = Translation().told(Ended(1, 0, error=EngineFailed("It broke.")))
    assert [event.type for event in events] == ["error"]
