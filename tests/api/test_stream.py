import itertools
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.api.hearing import pcm_of, samples
from tests.api.jobs import LONG, TEXT, ended, forget, look, said, sounding, submit
from tests.shared.audio.hearing import hear, likeness
from tests.stack import Stack

NORMAL = 1000
VIOLATION = 1008
CONTAINERS = ["wav", "mp3", "flac", "opus", "aac"]
SHORT = "Hello there, this is a sentence of some length."


@contextmanager
def starting(stack: Stack, message: Any, api: int = 0) -> Generator[ClientConnection]:
    """`/v1/stream`, with its first message sent."""
    with connect(f"ws{stack.urls[api].removeprefix('http')}/v1/stream", max_size=None) as socket:
        socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
        yield socket


@contextmanager
def attached(
    stack: Stack, job_id: str, query: str = "", api: int = 0, **options: Any
) -> Generator[ClientConnection]:
    url = f"ws{stack.urls[api].removeprefix('http')}/v1/jobs/{job_id}/stream{query}"
    with connect(url, max_size=None, **options) as socket:
        yield socket


def heard(socket: ClientConnection) -> tuple[list[dict[str, Any]], bytes, int]:
    """Messages, sound and close code, to the end."""
    messages: list[dict[str, Any]] = []
    sound = bytearray()
    try:
        while True:
            frame = socket.recv(timeout=20)
            if isinstance(frame, bytes):
                sound += frame
            else:
                messages.append(json.loads(frame))
    except ConnectionClosed:
        return messages, bytes(sound), socket.close_code or 0


def request(text: str = TEXT, **fields: Any) -> dict[str, Any]:
    return {"request": {"text": text, "language": "en"}, **fields}


# --- starting a job ---


def test_a_job_is_started_and_heard_to_the_end(stack, http):
    with starting(stack, request()) as socket:
        messages, sound, code = heard(socket)
    job = look(http, messages[-1]["id"])
    assert job["state"] == "succeeded"
    assert sound == pcm_of(http, job)
    assert code == NORMAL


@pytest.mark.parametrize(
    ("task", "fields", "code"),
    [
        ("custom_voice", {"preset": "nobody"}, "unknown_preset"),
        ("voice_clone", {"voice": "nobody"}, "unknown_voice"),
        ("voice_clone", {"reference": "0" * 64}, "unknown_upload"),
    ],
)
def test_what_a_first_message_names_must_be_there(stack, task, fields, code):
    message = {"task": task, "request": {"text": TEXT, **fields}}
    with starting(stack, message) as socket:
        messages, _, closed = heard(socket)
    assert messages[0]["error"]["code"] == code
    assert closed == VIOLATION


def test_messages_come_in_order(paced):
    kinds: list[str] = []
    with starting(paced, request(SHORT)) as socket:
        for frame in socket:
            kinds.append("sound" if isinstance(frame, bytes) else json.loads(frame)["type"])
    header, first = kinds.index("header"), kinds.index("sound")
    assert set(kinds[:header]) == {"progress"}
    assert kinds.count("header") == 1
    assert header < first
    assert set(kinds[header + 1 :]) <= {"sound", "progress", "warning", "end"}
    assert kinds[-1] == "end"
    assert kinds.count("end") == 1


def test_the_header_says_what_follows(stack):
    with starting(stack, request()) as socket:
        messages, _, _ = heard(socket)
    (header,) = [message for message in messages if message["type"] == "header"]
    assert header["format"] == "pcm_s16le"
    assert (header["sample_rate"], header["channels"]) == (24_000, 1)
    assert header["engine"]["preview"] is True
    assert header["mastered"] is True
    assert header["id"]


def test_the_end_counts_what_was_heard(stack):
    with starting(stack, request()) as socket:
        messages, sound, _ = heard(socket)
    assert messages[-1]["samples"] * 2 == len(sound)
    assert messages[-1]["state"] == "succeeded"
    assert messages[-1]["result"]["samples"] == messages[-1]["samples"]


@pytest.mark.parametrize("format", CONTAINERS)
def test_sound_comes_in_the_format_asked_for(stack, http, format):
    with starting(stack, request(format=format)) as socket:
        messages, sound, _ = heard(socket)
    job = look(http, messages[-1]["id"])
    assert [m["format"] for m in messages if m["type"] == "header"] == [format]
    assert likeness(hear(sound), pcm_of(http, job)) > 0.9


def test_a_batch_job_may_be_streamed_too(stack):
    with starting(stack, request(priority="batch")) as socket:
        assert heard(socket)[0][-1]["state"] == "succeeded"


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("hello", "invalid_request", None),
        ("", "invalid_request", None),
        ("[]", "invalid_request", None),
        ("null", "invalid_request", None),
        ("[" * 100_000, "invalid_request", None),
        (b"\x00\x01", "invalid_request", None),
        (b'{"request": {"text": "hello"}}', "invalid_request", None),
        ({}, "invalid_request", "request"),
        ({"request": "hello"}, "invalid_request", "request"),
        ({"type": "cancel"}, "invalid_request", "type"),
        (request(task="sing"), "unknown_task", None),
        (request(task=5), "invalid_request", "task"),
        (request(format="midi"), "unknown_format", "format"),
        (request(priority="urgent"), "invalid_request", "priority"),
        (request(speed=2), "unknown_field", "speed"),
        (request(""), "nothing_to_say", "text"),
        (request("a" * 20_001), "text_too_long", "text"),
        ({"request": {"text": "hello", "speaker": "nobody"}}, "unknown_speaker", "speaker"),
        ('{"request": {"text": "\\ud800"}}', "invalid_request", "text"),
        ('{"request": {"\\ud800": 1}}', "invalid_request", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_first_message_is_explained_and_closed(stack, message, code, param):
    with starting(stack, message) as socket:
        messages, sound, closed = heard(socket)
    assert [said["type"] for said in messages] == ["error"]
    assert messages[0]["error"]["code"] == code
    if param:
        assert messages[0]["error"]["param"] == param
    assert sound == b""
    assert closed == VIOLATION


def test_a_message_beyond_the_limit_closes_the_socket(stack):
    with starting(stack, " " * (1 << 20) + "{}") as socket:
        assert heard(socket)[2] in (VIOLATION, 1009)


@pytest.mark.slow
def test_one_who_says_nothing_is_let_go(stack):
    with connect(f"ws{stack.url.removeprefix('http')}/v1/stream") as socket:
        messages, _, code = heard(socket)
    assert messages[0]["error"]["code"] == "invalid_request"
    assert code == VIOLATION


def test_a_refusal_for_want_of_room_is_told(make_stack):
    stack = make_stack(PREVIEW_PACE="1", MAX_QUEUE="1")
    submit(stack.http(), LONG)
    with starting(stack, request()) as socket:
        messages, _, code = heard(socket)
    assert messages[0]["error"]["code"] == "queue_full"
    assert code == 1013


# --- cancelling ---


def test_a_listener_may_cancel(paced):
    with starting(paced, request(LONG)) as socket:
        while not isinstance(socket.recv(timeout=20), bytes):
            pass
        socket.send('{"type": "cancel"}')
        messages, _, code = heard(socket)
    assert messages[-1]["type"] == "end"
    assert messages[-1]["state"] == "cancelled"
    assert code == NORMAL


def test_one_who_says_something_else_is_told_and_the_job_goes_on(paced):
    http = paced.http()
    with starting(paced, request(LONG)) as socket:
        job = json.loads(socket.recv())["id"]
        socket.send('{"type": "louder"}')
        messages, _, code = heard(socket)
    assert messages[-1]["type"] == "error"
    assert code == VIOLATION
    assert look(http, job)["state"] in ("queued", "running")


def test_a_binary_message_is_refused(paced):
    with starting(paced, request(LONG)) as socket:
        socket.send(b"\x00")
        messages, _, code = heard(socket)
    assert messages[-1]["error"]["code"] == "invalid_request"
    assert code == VIOLATION


# --- attaching ---


@pytest.mark.parametrize(
    "after",
    [lambda n: 0, lambda n: 1, lambda n: n // 2, lambda n: n - 1, lambda n: n],
    ids=["begin", "second", "middle", "last", "end"],
)
def test_an_ended_job_is_heard_from_any_sample(stack, http, after: Callable[[int], int]):
    job = said(http)
    start = after(samples(job))
    with attached(stack, job["id"], f"?after={start}") as socket:
        messages, sound, code = heard(socket)
    assert sound == pcm_of(http, job)[2 * start :]
    assert messages[-1]["type"] == "end"
    assert code == NORMAL


def test_beyond_the_end_there_is_only_the_end(stack, http):
    job = said(http)
    with attached(stack, job["id"], f"?after={samples(job) + 1000}") as socket:
        messages, sound, code = heard(socket)
    assert sound == b""
    assert messages[-1]["type"] == "end"
    assert code == NORMAL


@pytest.mark.parametrize("format", CONTAINERS)
def test_an_ended_job_comes_in_any_format(stack, http, format):
    job = said(http)
    with attached(stack, job["id"], f"?format={format}") as socket:
        _, sound, _ = heard(socket)
    assert likeness(hear(sound), pcm_of(http, job)) > 0.9


def test_a_forgotten_job_is_heard_as_before(stack, http):
    job = said(http)
    expected = pcm_of(http, job)
    forget(stack, job)
    with attached(stack, job["id"], "?after=100") as socket:
        messages, sound, _ = heard(socket)
    assert sound == expected[200:]
    assert messages[-1]["result"] == job["result"]


def test_a_cancelled_job_ends_at_once(paced):
    http = paced.http()
    job = sounding(http)
    http.delete(job["links"]["self"])
    ended(http, job["id"])
    with attached(paced, job["id"]) as socket:
        messages, _, code = heard(socket)
    assert messages[-1]["state"] == "cancelled"
    assert code == NORMAL


@pytest.mark.parametrize("job_id", ["nobody", "..", "%00", "a" * 5_000])
def test_an_unknown_job_is_explained_and_closed(stack, job_id):
    with attached(stack, job_id) as socket:
        messages, _, code = heard(socket)
    assert messages[0]["error"]["code"] == "unknown_job"
    assert code == VIOLATION


def test_a_client_that_drops_and_returns_misses_nothing(paced):
    http = paced.http()
    job = submit(http, SHORT)
    sound = bytearray()
    for api, patience in ((0, 2), (1, 3), (0, 10_000)):
        with attached(paced, job["id"], f"?after={len(sound) // 2}", api) as socket:
            pieces = (frame for frame in socket if isinstance(frame, bytes))
            for piece in itertools.islice(pieces, patience):
                sound += piece
    assert bytes(sound) == pcm_of(http, ended(http, job["id"]))


def test_two_listeners_at_two_services_hear_the_same(paced):
    http = paced.http()
    job = submit(http, SHORT)
    heard_by: list[bytes] = [b"", b""]

    def listen(api: int) -> None:
        with attached(paced, job["id"], api=api) as socket:
            heard_by[api] = heard(socket)[1]

    threads = [threading.Thread(target=listen, args=(api,)) for api in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = pcm_of(http, ended(http, job["id"]))
    assert heard_by == [expected, expected]


# --- a slow listener ---


@pytest.mark.slow
def test_a_listener_that_never_reads_costs_little_and_disturbs_nobody(make_stack):
    stack = make_stack()
    http = stack.http()
    api = psutil.Process(stack.pids["api-0"])
    said(http)
    before = api.memory_info().rss
    text = " ".join(f"This is sentence number {number} of a long story." for number in range(350))
    job = submit(http, text)
    with (
        attached(stack, job["id"], max_queue=1) as deaf,
        attached(stack, job["id"]) as socket,
    ):
        deaf.recv()
        messages, sound, _ = heard(socket)
        grown = api.memory_info().rss - before
    assert messages[-1]["state"] == "succeeded"
    assert sound == pcm_of(http, ended(http, job["id"]))
    assert len(sound) > 40 * 2**20
    assert grown < 30 * 2**20
