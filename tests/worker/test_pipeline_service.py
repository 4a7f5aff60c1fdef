"""Pipelines behind the service: on three random-weight checkpoints, and where no text is kept."""

import io
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from shared import events
from shared.audio import clip
from shared.errors import Conflict
from shared.jobs import JobView
from shared.plans.table import LineTable
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.states import JobState
from tests.listening import Heard, hear
from tests.stack import Stack
from tests.worker.engine.speech import recording

pytestmark = pytest.mark.slow

PIPELINES = [task for task in CONTRACTS.values() if task.kind == "pipeline"]
QUICK: dict[str, Any] = {"retakes": 0, "language": "english"}
"""Random weights never pass a check."""
CAST = {
    "ANNA": {"voice": "Old Sailor"},
    "MIKHAIL": {"description": "A warm alto, close to the microphone."},
    "WREN": {"voice": "ryan"},
}
TALK = "ANNA: Hi.\nMIKHAIL: Oh.\nWREN: No.\nANNA: Yes."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, three_models: Path) -> Iterator[Stack]:
    """One utterance at a time: a batch decides the last digits."""
    folder = tmp_path_factory.mktemp("pipelines")
    models = str(three_models)
    settings = {"ENGINE": "qwen3", "DEVICE": "cpu", "MAX_BATCH": "1", "MAX_LOADED_MODELS": "3"}
    with Stack(folder, 1, MODELS_DIR=models, **settings) as running:
        sound = io.BytesIO(clip.dumps(recording()))
        fields = {"name": "Old Sailor", "transcript": "The old lamp is lit again."}
        running.client().create_voice(fields, reference=sound)
        yield running


def made(stack: Stack, job_id: str) -> JobView:
    job = stack.client().wait(job_id)
    assert job.state is JobState.SUCCEEDED, job.error
    assert job.result is not None
    return job


def result(job: JobView) -> dict[str, Any]:
    assert job.result is not None
    return job.result


def file(stack: Stack, job: JobView, name: str) -> bytes:
    answer = stack.http().get(f"/v1/outputs/{job.id}/files/{name}")
    assert answer.is_success, name
    return answer.content


def streamed(stack: Stack, job: JobView) -> bytes:
    """The samples that were sent to listeners."""
    with wave.open(io.BytesIO(file(stack, job, "stream.wav"))) as stream:
        return stream.readframes(stream.getnframes())


def listened(stack: Stack, task: str, request: dict[str, Any]) -> tuple[JobView, Heard]:
    with stack.client().stream(task, request) as listening:
        heard = hear(listening)
    return made(stack, heard.end.id), heard


def table_of(stack: Stack, job: JobView) -> LineTable:
    return LineTable.model_validate_json(file(stack, job, "lines.json"))


@pytest.mark.parametrize("declared", PIPELINES, ids=lambda it: it.name)
def test_the_example_of_every_pipeline_is_spoken_and_heard(
    service: Stack, declared: type[Declared]
) -> None:
    job, heard = listened(service, declared.name, declared.example | QUICK)
    told = result(job)
    assert told["lines"]["spoken"] == told["lines"]["planned"] > 0
    assert job.engine is not None
    assert (job.engine.name, job.engine.checkpoint) == ("qwen3", "custom_voice")
    assert {*declared.artifacts, told["audio"], "stream.wav"} <= told["files"].keys()
    assert heard.pcm == streamed(service, job)


def test_a_cast_of_preset_cloned_and_designed_voices(service: Stack) -> None:
    request = {"text": TALK, "cast": CAST, **QUICK}
    job = made(service, service.client().submit("script", request).id)
    checkpoints = {engine["checkpoint"] for engine in result(job)["engines"]}
    assert checkpoints == {"custom_voice", "voice_design", "base"}
    table = table_of(service, job)
    ((description, name),) = table.voices.items()
    assert description == CAST["MIKHAIL"]["description"]
    assert clip.loads(file(service, job, name)).size > 0
    similarities = [row.takes[0].similarity for row in table.lines]
    assert [it is not None for it in similarities] == [True, True, False, True]

    again = made(service, service.client().submit("script", request | {"text": TALK + " Aye."}).id)
    assert result(again)["lines"]["taken_over"] == 3, "with the voice that was designed"
    assert table_of(service, again).voices == table.voices
    assert file(service, again, name) == file(service, job, name)


def test_a_line_of_a_designed_voice_is_spoken_again_by_it(service: Stack) -> None:
    client = service.client()
    request = {"text": "MIKHAIL: Oh. Is it you?", "cast": {"MIKHAIL": CAST["MIKHAIL"]}, **QUICK}
    job = made(service, client.submit("script", request).id)
    before = file(service, job, "audio.wav")
    take = made(service, client.retake(job.id, 1).id)
    assert take.task == "voice_clone"
    client.choose(job.id, 1, 2)
    while (page := client.lines(job.id)).assembly.state == "running":
        time.sleep(0.02)
    assert page.assembly.state == "done"
    assert page.items[0].role.description == CAST["MIKHAIL"]["description"]
    assert file(service, job, "audio.wav") != before


def test_sigkill_changes_nothing_of_what_random_weights_say(service: Stack) -> None:
    """Unbatched: line k+1 is the same whoever spoke line k."""
    request = {"text": TALK, "cast": {"ANNA": "ryan"}, "fresh": True, **QUICK}
    whole = made(service, service.client().submit("script", request).id)
    job_id = service.client().submit("script", request).id
    growing = service.outputs_dir / ".growing"
    killed: list[set[str]] = []

    def kill(_: int) -> None:
        spoken = {path.name for path in growing.glob(f"{job_id}.*/line-*.json")}
        if spoken and not killed:
            service.kill_worker()
            killed.append(spoken)
            service.start_worker(wait=False)

    with service.client().attach(job_id) as listening:
        heard = hear(listening, kill)
    job = made(service, job_id)
    assert killed
    assert job.attempts == 2
    assert not heard.of(events.Restart)
    assert heard.pcm == streamed(service, job)
    for name in ("audio.wav", "stream.wav", "lines.zip"):
        assert file(service, job, name) == file(service, whole, name), name


# --- where no text is kept ---

SECRET = "persimmon"


def held(connection: redis.Redis) -> bytes:
    """All that Redis holds."""
    found: list[Any] = []
    for key in connection.scan_iter():
        match connection.type(key):
            case b"hash":
                found.append(connection.hgetall(key))
            case b"stream":
                found.append(connection.xrange(key))
            case b"string":
                found.append(connection.get(key))
            case b"list":
                found.append(connection.lrange(key, 0, -1))
            case b"zset":
                found.append(connection.zrange(key, 0, -1))
            case b"set":
                found.append(connection.smembers(key))
            case other:
                raise AssertionError(other)
    return repr(found).encode()


def test_no_text_outlives_its_job_where_none_is_kept(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(STORE_TEXT="0")
    client = stack.client()
    text = f"ANNA ({SECRET}): The {SECRET} is ripe.\nMIKHAIL: Which {SECRET}?"
    lexicon = {SECRET: f"{SECRET}s"}
    cast = {"ANNA": {"voice": "serena", "instruct": f"like a {SECRET}"}}
    job = made(
        stack,
        client.submit("script", {"text": text, "cast": cast, "lexicon": lexicon, **QUICK}).id,
    )
    assert result(job)["lines"]["spoken"] == 2
    assert SECRET not in held(stack.redis()).decode(errors="replace")
    names = {path.name for path in (stack.outputs_dir / job.id).iterdir()}
    assert "plan.json" not in names
    for name in ("metadata.json", "lines.json"):
        (path,) = stack.outputs_dir.rglob(f"{job.id}/{name}")
        assert SECRET not in path.read_text(), name
    assert SECRET not in stack.log("gpu-0") + stack.log("api-0")
    with pytest.raises(Conflict):
        client.retake(job.id, 1)
