"""`/v1/live`, as a client speaks it."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.jobs import ended
from tests.shared.audio.hearing import hear, likeness
from tests.stack import Stack

TEXT = "The lamp turned slowly. Ten seconds went by."
START: dict[str, Any] = {"type": "start", "request": {"language": "en", "seed": 7}}
FINISH = {"type": "finish"}
NORMAL, VIOLATION = 1000, 1008
Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that does not wait long, nor hear much."""
    folder = tmp_path_factory.mktemp("strict")
    with Stack(folder, LIVE_IDLE_SECONDS="0.3", LIVE_MAX_CHARACTERS="50") as running:
        yield running


@contextmanager
def speaking(stack: Stack, *said: Any, **options: Any) -> Generator[ClientConnection]:
    """A socket on which so much has been said."""
    url = f"ws{stack.url.removeprefix('http')}/v1/live"
    with connect(url, max_size=None, **options) as socket:
        for message in said:
            socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
        yield socket


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def frames(socket: ClientConnection) -> Iterator[dict[str, Any] | bytes]:
    """Everything to the end."""
    try:
        while True:
            frame = socket.recv(timeout=30)
            yield frame if isinstance(frame, bytes) else json.loads(frame)
    except ConnectionClosed:
        return


def heard(socket: ClientConnection) -> tuple[Messages, bytes, int | None]:
    """Messages, sound and close code."""
    found = [*frames(socket)]
    sound = b"".join(frame for frame in found if isinstance(frame, bytes))
    return [frame for frame in found if isinstance(frame, dict)], sound, socket.close_code


def spoken(stack: Stack, *said: Any) -> tuple[Messages, bytes, int | None]:
    with speaking(stack, *said) as socket:
        return heard(socket)


def of(messages: Messages, kind: str) -> Messages:
    return [message for message in messages if message["type"] == kind]


def until_sound(socket: ClientConnection) -> Messages:
    """What is said before the first sound."""
    messages: Messages = []
    for frame in frames(socket):
        if isinstance(frame, bytes):
            break
        messages.append(frame)
    return messages


# --- a conversation ---


def test_text_goes_in_word_by_word_and_sound_comes_out(stack: Stack):
    words = [text(f"{word} ") for word in TEXT.split()]
    messages, sound, code = spoken(stack, START, *words, FINISH)
    kinds = [message["type"] for message in messages]
    assert kinds == ["ready", "utterance", "said", "said", "done", "end"]
    assert [said["text"] for said in of(messages, "said")] == TEXT.replace(". ", ".|").split("|")
    assert messages[-2]["state"] == "succeeded"
    assert messages[-1]["reason"] == "finished"
    last = of(messages, "said")[-1]["segments"][-1]
    assert last["end"] == pytest.approx(len(sound) / 48_000, abs=0.01)
    assert code == NORMAL


def test_the_first_answer_says_what_will_be_sent(stack: Stack):
    messages, _, _ = spoken(stack, {**START, "sample_rate": 16_000}, FINISH)
    assert messages[0] == {
        "type": "ready",
        "protocol": "qwen3tts.live.v1",
        "format": "pcm_s16le",
        "sample_rate": 16_000,
        "channels": 1,
    }


def test_a_voice_may_be_named_in_a_word(stack: Stack):
    messages, _, _ = spoken(stack, {**START, "voice": "Nova"}, text(TEXT), FINISH)
    (began,) = of(messages, "utterance")
    assert stack.http().get(f"/v1/jobs/{began['id']}").json()["request"]["speaker"] == "vivian"


def test_the_subprotocol_is_taken_where_it_is_offered(stack: Stack):
    offered = [Subprotocol("other"), Subprotocol("qwen3tts.live.v1")]
    with speaking(stack, START, FINISH, subprotocols=offered) as socket:
        assert socket.subprotocol == offered[1]
        assert heard(socket)[2] == NORMAL


@pytest.fixture(scope="module")
def raw(stack: Stack) -> bytes:
    """The text as it sounds."""
    return spoken(stack, START, text(TEXT), FINISH)[1]


@pytest.mark.parametrize("format", ["wav", "mp3", "flac", "opus", "aac"])
def test_each_utterance_is_a_file_of_its_own(stack: Stack, raw: bytes, format: str):
    said = (text(TEXT), {"type": "commit"}, text(TEXT), FINISH)
    files: dict[int, bytes] = {}
    with speaking(stack, {**START, "format": format}, *said) as socket:
        utterance = 0
        for frame in frames(socket):
            if isinstance(frame, bytes):
                files[utterance] = files.get(utterance, b"") + frame
            elif frame["type"] == "utterance":
                utterance = frame["utterance"]
    assert list(files) == [1, 2]
    for file in files.values():
        assert likeness(hear(file), raw) > 0.9


def test_at_another_pace_the_times_are_those_of_what_is_sent(stack: Stack):
    messages, sound, _ = spoken(stack, {**START, "speed": 2}, text(TEXT), FINISH)
    last = of(messages, "said")[-1]["segments"][-1]
    assert last["end"] == pytest.approx(len(sound) / 48_000, abs=0.1)


def test_messages_that_are_counted_are_acknowledged(stack: Stack):
    messages, _, _ = spoken(
        stack,
        START,
        text("The lamp ", sequence=0),
        text("turned."),
        {"type": "commit", "sequence": 1},
        {"type": "finish", "sequence": 2},
    )
    assert [(ack["sequence"], ack["utterance"]) for ack in of(messages, "ack")] == [
        (0, None),
        (1, 1),
        (2, None),
    ]


def test_a_character_may_come_in_two_halves(stack: Stack):
    halves = [text("Good evening \ud83d"), text("\ude42 to you.")]
    messages, _, _ = spoken(stack, START, *halves, FINISH)
    assert [said["text"] for said in of(messages, "said")] == ["Good evening 🙂 to you."]


def test_an_utterance_that_fails_is_told_and_the_next_is_spoken(stack: Stack):
    odd = {"type": "start", "request": {"language": "en", "lexicon": {"Xyzzy": "..."}}}
    messages, _, _ = spoken(stack, odd, text("Xyzzy."), {"type": "commit"}, text(TEXT), FINISH)
    (error,) = of(messages, "error")
    assert (error["utterance"], error["error"]["code"]) == (1, "nothing_to_say")
    assert error["partial_audio"] is False
    done = [(done["utterance"], done["state"]) for done in of(messages, "done")]
    assert done == [(1, "failed"), (2, "succeeded")]


# --- what is refused ---


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("hello", "invalid_request", None),
        ("[]", "invalid_request", None),
        (b"{}", "invalid_request", None),
        ("[" * 100_000, "invalid_request", None),
        (" " * 200_000 + "{}", "body_too_large", None),
        ({}, "invalid_request", "type"),
        (text(TEXT), "invalid_request", "type"),
        ({**START, "task": "sing"}, "unknown_task", None),
        ({**START, "task": "narration"}, "invalid_request", "task"),
        ({**START, "format": "midi"}, "unknown_format", "format"),
        ({**START, "speed": 9}, "invalid_request", "speed"),
        ({**START, "volume": 9}, "unknown_field", "volume"),
        ({**START, "voice": "nobody"}, "unknown_voice", "voice"),
        ({**START, "voice": "\ud800"}, "invalid_request", "voice"),
        ({**START, "voice": "ryan", "task": "voice_clone"}, "invalid_request", "task"),
        ({**START, "request": {"text": TEXT}}, "invalid_request", "text"),
        ({**START, "request": {"speaker": "nobody"}}, "unknown_speaker", "speaker"),
        ({**START, "request": {"temprature": 1}}, "unknown_field", "temprature"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
def test_a_bad_first_message_is_explained_and_closed(stack: Stack, message, code, param):
    messages, sound, closed = spoken(stack, message)
    assert [said["type"] for said in messages] == ["error"]
    assert (messages[0]["error"]["code"], messages[0]["utterance"]) == (code, None)
    if param:
        assert messages[0]["error"]["param"] == param
    assert sound == b""
    assert closed in (VIOLATION, 1009)


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("hello", "invalid_request", None),
        (b"\x00", "invalid_request", None),
        (START, "invalid_request", "type"),
        ({"type": "louder"}, "invalid_request", "type"),
        (text(5), "invalid_request", "text"),  # pyright: ignore[reportArgumentType]
        (text("a" * 70_000), "text_too_long", "text"),
        ({"type": "flush", "text": "a"}, "unknown_field", "text"),
        (text("a", sequence=1), "invalid_request", "sequence"),
        (text("a", sequence="0"), "invalid_request", "sequence"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_message_is_explained_and_closed(stack: Stack, message, code, param):
    messages, _, closed = spoken(stack, START, message)
    assert messages[-1]["error"]["code"] == code
    assert messages[-1]["error"]["param"] == param
    assert closed == VIOLATION


@pytest.mark.slow
def test_a_session_has_an_end_to_its_text(strict: Stack):
    messages, _, closed = spoken(strict, START, text("a" * 51))
    assert messages[-1]["error"]["code"] == "text_too_long"
    assert closed == VIOLATION


@pytest.mark.slow
def test_one_who_says_nothing_more_hears_what_was_said_and_then_the_end(strict: Stack):
    messages, sound, code = spoken(strict, START, text("The lamp turned, and"))
    assert [said["text"] for said in of(messages, "said")] == ["The lamp turned, and"]
    assert sound
    assert messages[-1] == {"type": "end", "reason": "idle"}
    assert code == NORMAL


# --- breaking off ---


@pytest.mark.parametrize("finish", [(), (FINISH,)], ids=["open", "finished"])
def test_a_cancel_is_obeyed_at_any_time(paced: Stack, finish: tuple[Any, ...]):
    with speaking(paced, START, text(TEXT), *finish) as socket:
        (_, began) = until_sound(socket)
        socket.send('{"type": "cancel"}')
        socket.send('{"type": "finish"}')
        messages, _, code = heard(socket)
    assert [message["type"] for message in messages] == ["done", "end"]
    assert messages[0]["state"] == "cancelled"
    assert ended(paced.http(), began["id"])["state"] == "cancelled"
    assert code == NORMAL


def test_the_jobs_of_a_client_that_has_gone_are_cancelled(paced: Stack):
    with speaking(paced, START, text(TEXT)) as socket:
        (_, began) = until_sound(socket)
        jobs = paced.http().get("/v1/jobs", params={"limit": 2}).json()["items"]
    assert began["id"] in [job["id"] for job in jobs]
    assert {ended(paced.http(), job["id"])["state"] for job in jobs} == {"cancelled"}


def test_a_cancel_is_heard_behind_a_text_of_an_hour(stack: Stack):
    with speaking(stack, START, *[text(TEXT * 20)] * 50) as socket:
        socket.send('{"type": "cancel"}')
        socket.send('{"type": "finish"}')
        messages, _, code = heard(socket)
    assert [message["type"] for message in messages[-2:]] == ["done", "end"]
    assert messages[-2]["state"] == "cancelled"
    assert code == NORMAL


def test_one_who_writes_a_megabyte_is_not_read_any_further(stack: Stack):
    with speaking(stack, START) as socket:

        def write() -> None:
            with suppress(ConnectionClosed):
                for _ in range(1_000):
                    socket.send(json.dumps(text("It was dark. " * 80)))

        writing = threading.Thread(target=write)
        writing.start()
        messages, _, code = heard(socket)
        writing.join()
    assert messages[-1]["error"]["code"] == "text_too_long"
    assert code == VIOLATION
