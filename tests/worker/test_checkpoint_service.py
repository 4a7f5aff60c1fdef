"""Both engines of Qwen3-TTS behind the service, on random-weight checkpoints."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.jobs import JobView
from shared.states import JobState
from tests.listening import hear, samples_of
from tests.stack import Stack
from worker.engine.random_checkpoint import write

REQUEST = {"text": "One. Two. Three.\n\nFour.", "speaker": "Ryan", "language": "en", "seed": 5}

ENGINES = ("qwen3", "stock")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp(engine)
    write(folder / "models" / "tiny", "tiny", "custom_voice")
    with Stack(folder, ENGINE=engine, DEVICE="cpu", CODES_CACHE_MB="1") as running:
        yield running


def made(stack: Stack, request: dict[str, Any] = REQUEST) -> JobView:
    client = stack.client()
    return client.wait(client.submit("custom_voice", request).id)


def kept_codes(stack: Stack) -> int:
    (worker,) = stack.client().status().workers
    return worker.caches["codes"].entries


def eventually(holds: Callable[[], bool]) -> None:
    """A worker tells its status every few seconds."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("It never came true.")


def sums(job: JobView) -> dict[str, str]:
    assert job.state is JobState.SUCCEEDED, job.error
    assert job.result is not None
    return {name: fact["sha256"] for name, fact in job.result["files"].items()}


def test_result_says_what_spoke(service: Stack, engine: str) -> None:
    job = made(service)
    assert job.engine is not None
    assert (job.engine.name, job.engine.preview, job.engine.checkpoint) == (engine, False, "tiny")


def test_stream_equals_the_file(service: Stack) -> None:
    with service.client().stream("custom_voice", REQUEST) as listening:
        heard = hear(listening)
    assert heard.pcm == samples_of(service.client(), heard.end.id)


def test_sentences_come_one_by_one(service: Stack) -> None:
    """Paragraphs are pieces of their own: the second is heard apart from the first."""
    job = made(service)
    assert job.result is not None
    assert len(job.result["segments"]) == 2


def test_again_makes_the_same_bytes(service: Stack) -> None:
    first = made(service)
    client = service.client()
    second = client.wait(client.again(first.id).id)
    assert sums(first) == sums(second)


def test_another_seed_makes_other_bytes(service: Stack) -> None:
    assert sums(made(service)) != sums(made(service, REQUEST | {"seed": 6}))


def test_second_attempt_goes_on_where_the_first_was_heard(service: Stack) -> None:
    text = "\n\n".join(f"Sentence number {number}." for number in range(12))

    def kill_at(number: int) -> None:
        if number == 2:
            service.kill_worker()
            service.start_worker(wait=False)

    with service.client().stream("custom_voice", REQUEST | {"text": text}) as listening:
        heard = hear(listening, kill_at)
    assert heard.end.state is JobState.SUCCEEDED
    assert heard.pcm == samples_of(service.client(), heard.end.id)


def test_sound_comes_frame_by_frame(service: Stack, engine: str) -> None:
    lengths: list[int] = []
    with service.client().stream("custom_voice", REQUEST | {"seed": 11}) as listening:
        for message in listening:
            if isinstance(message, bytes):
                lengths.append(len(message))
    two_frames = 2 * 2 * 1920
    assert (lengths[0] == two_frames) == (engine == "qwen3")


@pytest.mark.parametrize("engine", ["qwen3"], indirect=True, scope="module")
def test_emptied_caches_fill_again(service: Stack) -> None:
    made(service)
    eventually(lambda: kept_codes(service) > 0)
    service.client().clear_caches()
    eventually(lambda: kept_codes(service) == 0)
    made(service)
    eventually(lambda: kept_codes(service) > 0)


def test_endless_speech_is_cut_and_says_so(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    write(tmp_path / "models" / "endless", "tiny", "custom_voice", ends=False)
    stack = make_stack(ENGINE="qwen3", DEVICE="cpu", MODELS_DIR=str(tmp_path / "models"))
    job = made(stack, {"text": "Hello.", "language": "en"})
    assert job.state is JobState.SUCCEEDED
    assert job.result is not None
    assert job.result["finish_reasons"] == {"length": 1}
    assert any("was cut" in warning for warning in job.warnings)


def test_runaway_speech_fails_and_the_worker_lives(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    write(tmp_path / "models" / "endless", "tiny", "custom_voice", ends=False)
    stack = make_stack(
        ENGINE="stock",
        DEVICE="cpu",
        MODELS_DIR=str(tmp_path / "models"),
        MAX_ATTEMPTS_PER_SENTENCE="2",
    )
    pid = stack.pids["gpu-0"]
    job = made(stack, {"text": "Hello.", "language": "en"})
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] == "runaway_speech"
    assert stack.pids["gpu-0"] == pid


def without_a_file(checkpoint: Path) -> None:
    (checkpoint / "generation_config.json").unlink()


def truncated(checkpoint: Path) -> None:
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def of_another_type(checkpoint: Path) -> None:
    config = checkpoint / "config.json"
    config.write_text(config.read_text().replace("custom_voice", "voice_design"))


@pytest.fixture
def checkpoint(service: Stack) -> Iterator[Path]:
    """The service's checkpoint, loaded by nobody and mended afterwards."""
    folder = service.models_dir / "tiny"
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    service.client().unload_all()
    eventually(lambda: not service.client().status().workers[0].loaded)
    yield folder
    for path, content in whole.items():
        path.write_bytes(content)


@pytest.mark.parametrize("damage", [without_a_file, truncated, of_another_type])
def test_bad_checkpoint_is_one_clear_error(
    service: Stack, checkpoint: Path, damage: Callable[[Path], None]
) -> None:
    damage(checkpoint)
    job = made(service)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] in ("checkpoint_missing", "checkpoint_damaged")
    assert service.pids["gpu-0"]
    eventually(lambda: not list((service.outputs_dir / ".growing").glob("*")))
