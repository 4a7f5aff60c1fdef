import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.client import frames
from shared.connection import Connection
from shared.jobs import EngineInfo
from shared.states import JobState


def connected(url: str) -> Connection:
    return redis.Redis.from_url(url, protocol=2)


ENGINE = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="int16",
    preview=True,
    checkpoint="preview",
    revision="1",
)
FROM_THE_WORKER = [
    events.Header(id="a", take=0, sample_rate=24_000, engine=ENGINE, mastered=True),
    events.State(state=JobState.RUNNING, reason="why\nnot"),
    events.Restart(take=1, reason="The engine changed."),
    events.Notice(message="Ein Gerät, 灯台, \n 🙂"),
]
TO_LISTENERS = [
    FROM_THE_WORKER[0],
    *FROM_THE_WORKER[2:],
    events.Waiting(
        id="a",
        state=JobState.QUEUED,
        progress=0.5,
        stage="waiting",
        position=2,
        eta_seconds=1.5,
        audio_seconds=0,
    ),
    events.Fault(error={"message": "No."}),
    events.End(id="a", state=JobState.FAILED, samples=0, result=None, warnings=["w"]),
]


@pytest.mark.parametrize("event", FROM_THE_WORKER, ids=lambda event: event.type)
def test_an_event_survives_the_channel(event):
    entry = events.from_channel(b"e 7 480 1\n" + event.model_dump_json().encode())
    assert (entry.seq, entry.sample, entry.take) == (7, 480, 1)
    assert entry.data == event.model_dump_json().encode()
    assert entry.audio is None
    assert entry.finish == 480


@given(audio=st.binary(max_size=64).map(lambda data: data[: len(data) // 2 * 2]))
def test_sound_survives_the_channel(audio: bytes):
    entry = events.from_channel(b"a 3 100 0\n" + audio)
    assert entry.audio == audio
    assert entry.finish == 100 + len(audio) // 2


@pytest.mark.parametrize("event", FROM_THE_WORKER, ids=lambda event: event.type)
def test_an_event_survives_the_stream(redis_url, event):
    with connected(redis_url) as connection:
        fields = {"k": "e", "t": 1, "d": event.model_dump_json()}
        connection.xadd("stream", fields, id="480-7")
        ((entry_id, found),) = connection.xrange("stream")
    entry = events.from_stream(entry_id, found)
    assert (entry.seq, entry.sample, entry.take) == (7, 480, 1)
    assert entry.data == event.model_dump_json().encode()


def test_sound_survives_the_stream(redis_url):
    audio = bytes(range(256))
    with connected(redis_url) as connection:
        connection.xadd("stream", {"k": "a", "t": 0, "d": audio}, id="0-1")
        ((entry_id, found),) = connection.xrange("stream")
    assert events.from_stream(entry_id, found).audio == audio


def test_an_unknown_event_wakes_like_any_other():
    """A later version may tell what this one does not know."""
    entry = events.from_channel(b'e 1 0 0 more\n{"type": "song"}')
    assert entry.audio is None
    assert entry.sample == 0


@pytest.mark.parametrize("message", TO_LISTENERS, ids=lambda message: message.type)
def test_a_client_reads_what_the_service_sends(message):
    assert frames.read(message.model_dump_json()) == message
    assert frames.read_event(f"data: {message.model_dump_json()}") == message


@pytest.mark.parametrize("line", ["", "event: end", ": still here", "id: 4"])
def test_a_client_passes_over_what_is_no_data(line):
    assert frames.read_event(line) is None


def test_bytes_are_sound():
    assert frames.read(b"\x00\x01") == b"\x00\x01"
