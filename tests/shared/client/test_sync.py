import inspect
import socket
from pathlib import Path

import pytest

from shared import events
from shared.client import AsyncClient, AsyncListening, Client, Listening, ServiceUnreachable
from shared.errors import (
    AlreadyEnded,
    NoAudio,
    NotFound,
    QueueFull,
    Unauthorized,
    UnknownJob,
    UnknownOutput,
    UnknownSpeaker,
    UnknownTask,
)
from shared.states import JobState
from tests.shared.client.conftest import KEY
from tests.stack import Stack

SPEECH = {"text": "The lamp turned. Ten seconds; ten seconds; ten.", "language": "en", "seed": 7}
LONG = {"text": "One sentence of some length. " * 60, "language": "en"}


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture
def nowhere() -> str:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def sound(listening: Listening) -> bytes:
    return b"".join(frame for frame in listening if isinstance(frame, bytes))


# --- the two clients ---


def public(kind: type) -> dict[str, list[tuple[str, object, object]]]:
    """The public methods of a class with names, kinds and defaults of their parameters."""
    return {
        name: [
            (parameter.name, parameter.kind, parameter.default)
            for parameter in inspect.signature(method).parameters.values()
        ]
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize(("one", "other"), [(Client, AsyncClient), (Listening, AsyncListening)])
def test_both_clients_can_do_the_same(one: type, other: type):
    assert public(one) == public(other)
    assert public(one)


# --- jobs ---


def test_a_job_is_sent_awaited_and_heard(client):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    assert job.state is JobState.SUCCEEDED
    assert client.job(job.id) == job
    assert client.audio(job.id).startswith(b"RIFF")
    assert client.audio(job.id, "flac").startswith(b"fLaC")


def test_a_job_is_listed(client):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    assert job.id in [item.id for item in client.jobs(state="succeeded", limit=5).items]


def test_a_repeat_with_the_same_key_is_the_same_job(client):
    first = client.submit("custom_voice", SPEECH, idempotency_key="client-key")
    assert client.submit("custom_voice", SPEECH, idempotency_key="client-key").id == first.id


def test_again_gives_the_same_sound(client):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    repeated = client.wait(client.again(job.id).id)
    assert client.audio(repeated.id) == client.audio(job.id)


def test_events_go_to_the_end(client):
    job = client.submit("custom_voice", SPEECH)
    seen = list(client.events(job.id))
    assert isinstance(seen[-1], events.End)


def test_a_job_is_followed_while_it_grows(client):
    job = client.submit("custom_voice", SPEECH)
    followed = b"".join(client.follow(job.id, "pcm"))
    assert followed == client.audio(job.id, "pcm")


# --- downloads ---


def test_a_download_is_the_audio(client, tmp_path: Path):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    client.download(job.id, tmp_path / "speech.wav")
    assert (tmp_path / "speech.wav").read_bytes() == client.audio(job.id)
    client.download(job.id, tmp_path / "named.wav", "audio.wav")
    assert (tmp_path / "named.wav").read_bytes() == client.audio(job.id)


def test_a_download_that_fails_leaves_what_was_there(client, tmp_path: Path):
    target = tmp_path / "speech.wav"
    target.write_bytes(b"before")
    with pytest.raises(UnknownJob):
        client.download("nobody", target)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


# --- listening ---


def test_a_stream_gives_messages_and_sound(client):
    with client.stream("custom_voice", SPEECH) as listening:
        frames = list(listening)
    end = frames[-1]
    assert isinstance(end, events.End)
    heard = b"".join(frame for frame in frames if isinstance(frame, bytes))
    assert heard == client.audio(end.id, "pcm")


def test_one_may_attach_later_and_in_the_middle(client):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    with client.attach(job.id, after=1_000) as listening:
        assert sound(listening) == client.audio(job.id, "pcm")[2_000:]


@pytest.mark.slow
def test_a_stream_is_cancelled(strict: Stack):
    client = strict.client(api_key=KEY)
    with client.stream("custom_voice", LONG) as listening:
        frames = iter(listening)
        while not isinstance(next(frames), bytes):
            pass
        listening.cancel()
        *_, end = frames
    assert isinstance(end, events.End)
    assert end.state is JobState.CANCELLED
    with pytest.raises(AlreadyEnded):
        client.cancel(end.id)
    with pytest.raises(NoAudio):
        client.audio(end.id)


def test_cancelling_what_has_ended_does_no_harm(client):
    with client.stream("custom_voice", SPEECH) as listening:
        list(listening)
        listening.cancel()


# --- outputs ---


def test_an_output_is_found_marked_thrown_away_and_restored(client):
    job = client.wait(client.submit("custom_voice", SPEECH).id)
    assert client.output(job.id) in client.outputs(limit=5).items
    assert client.mark(job.id, starred=True, tags=["sea"]).starred
    assert client.output(job.id).tags == ("sea",)
    client.discard(job.id)
    with pytest.raises(UnknownOutput):
        client.output(job.id)
    assert client.restore(job.id).id == job.id


# --- the service ---


def test_the_service_tells_of_itself(client):
    assert "custom_voice" in [task.name for task in client.tasks()]
    assert "ryan" in [speaker.id for speaker in client.speakers()]
    assert client.models()
    assert client.status().workers[0].name == "gpu-0"
    assert client.ready().ready
    assert client.clear_caches().action == "clear_caches"
    assert client.unload_all().action == "unload_all"


@pytest.mark.slow
def test_a_service_that_is_not_ready_is_an_answer_not_an_error(strict: Stack):
    strict.kill_worker(15)
    assert not strict.client().ready().ready
    strict.start_worker()


# --- errors ---


def test_an_error_arrives_as_what_it_was(client):
    with pytest.raises(UnknownSpeaker) as error:
        client.submit("custom_voice", {"text": "Hello.", "speaker": "nobody"})
    assert error.value.code == "unknown_speaker"
    assert error.value.param == "speaker"
    assert error.value.next_step == UnknownSpeaker.hint
    with pytest.raises(UnknownTask):
        client.submit("sing", {})
    with pytest.raises(UnknownJob):
        client.job("nobody")


@pytest.mark.parametrize("name", ["../outputs", "a/b", "a?b=c", "a#b", "%2e%2e", "\n"])
def test_no_name_reaches_another_route(client, name: str):
    with pytest.raises(NotFound):
        client.job(name)
    with pytest.raises(NotFound):
        client.submit(name, {})


def test_an_error_of_a_stream_is_raised(client):
    with (
        pytest.raises(UnknownSpeaker) as error,
        client.stream("custom_voice", {"text": "Hello.", "speaker": "nobody"}) as listening,
    ):
        list(listening)
    assert error.value.param == "speaker"
    with pytest.raises(UnknownJob), client.attach("nobody") as listening:
        list(listening)


@pytest.mark.slow
def test_the_time_to_wait_arrives(strict: Stack):
    client = strict.client(api_key=KEY)
    client.submit("custom_voice", LONG)
    with pytest.raises(QueueFull) as error:
        client.submit("custom_voice", LONG)
    assert error.value.retry_after
    assert error.value.retry_after >= 1


@pytest.mark.slow
def test_a_wrong_key_is_refused_everywhere(strict: Stack):
    assert strict.client(api_key=KEY).tasks()
    stranger = strict.client(api_key="wrong")
    with pytest.raises(Unauthorized):
        stranger.tasks()
    with pytest.raises(Unauthorized), stranger.stream("custom_voice", SPEECH):
        pass


def test_nothing_at_the_address_is_said_so(nowhere: str):
    with Client(nowhere) as client:
        with pytest.raises(ServiceUnreachable, match=nowhere):
            client.tasks()
        with pytest.raises(ServiceUnreachable), client.stream("custom_voice", SPEECH):
            pass


@pytest.mark.slow
def test_a_service_that_dies_while_it_is_heard_is_unreachable(strict: Stack):
    client = strict.client(api_key=KEY)
    with client.stream("custom_voice", LONG) as listening:
        frames = iter(listening)
        next(frames)
        growing = client.follow(client.jobs(limit=1).items[0].id, "pcm")
        next(growing)
        strict.kill_api(0)
        with pytest.raises(ServiceUnreachable):
            list(frames)
        with pytest.raises(ServiceUnreachable, match="broke off"):
            list(growing)
    strict.start_api(0)


def test_a_fault_of_the_caller_stays_what_it_is(client, tmp_path: Path):
    with (
        pytest.raises(FileNotFoundError),
        client.stream("custom_voice", SPEECH),
    ):
        (tmp_path / "none" / "file").read_bytes()
