"""Questions as a worker answers them, through a real Redis."""

import base64
import io
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import redis
import torch

from shared import asking, keys
from shared import connection as connections
from shared.asking import Asked, ReadPrompt, Transcribe
from shared.audio import clip
from shared.connection import Connection
from shared.errors import (
    CheckpointUnfit,
    EngineUnavailable,
    UnknownUpload,
    UnreadableVoice,
    WorkerBusy,
)
from shared.requests.declared import UploadKind
from shared.settings import Settings
from shared.stores.uploads import FolderUploads, UploadFacts
from tests.announcing import announce
from worker.answering import _WAITING, Answering
from worker.engine import package
from worker.engine.random_checkpoint import write
from worker.engine.voice import VoicePrompt

pytestmark = pytest.mark.slow

WIDTH = 64


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write(folder / "tiny-base", "tiny", "base")
    write(folder / "tiny-speaker", "tiny", "custom_voice")
    return folder


@pytest.fixture
def connection(redis_url: str) -> Connection:
    connection = redis.Redis.from_url(redis_url, protocol=2)
    announce(connection)
    return connection


class Slow(FolderUploads):
    """A disk that can be held up."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.open, self.asked = threading.Event(), threading.Event()
        self.open.set()

    def read(self, kind: UploadKind, upload_id: str) -> bytes:
        self.asked.set()
        assert self.open.wait(30)
        return super().read(kind, upload_id)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Slow:
    return Slow(tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="module", autouse=True)
def answering(redis_server_url: str, models: Path, files: FolderUploads) -> Iterator[None]:
    settings = Settings(models_dir=models)
    answering = Answering(connections.patient(redis_server_url), settings, files)
    answering.start()
    yield
    answering.stop()
    answering.join()


def saved_by_the_package(width: int = WIDTH) -> str:
    """A voice as the package's demo saves it, in base64."""
    item = package.inference.VoiceClonePromptItem(
        ref_code=torch.randint(0, 2048, (40, 16)),
        ref_spk_embedding=torch.from_numpy(np.linspace(-1, 1, width, dtype=np.float32)),
        x_vector_only_mode=False,
        icl_mode=True,
        ref_text="Every word of it.",
    )
    file = io.BytesIO()
    torch.save({"items": [asdict(item)]}, file)
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def held_up(connection: Connection, files: Slow) -> Iterator[None]:
    """A recording is being written down, and as many wait as may."""
    recording = Transcribe(upload="0" * 64, language="auto")
    files.open.clear()
    files.asked.clear()
    for number in range(_WAITING + 1):
        asked = Asked(id=f"{number}", question=recording)
        connection.rpush(keys.QUESTIONS, asked.model_dump_json())
        assert files.asked.wait(10)
    yield
    files.open.set()


@pytest.mark.usefixtures("held_up")
def test_a_prompt_file_does_not_wait_for_a_recording(connection: Connection):
    assert asking.ask(connection, ReadPrompt(file=saved_by_the_package()), patience=10)["prompts"]
    with pytest.raises(WorkerBusy, match="wait"):
        asking.ask(connection, Transcribe(upload="0" * 64, language="auto"), patience=10)


@pytest.mark.parametrize("checkpoint", [None, "tiny-base"])
def test_a_prompt_file_becomes_a_prompt_of_the_checkpoint_that_fits(
    connection: Connection, checkpoint: str | None
):
    question = ReadPrompt(file=saved_by_the_package(), checkpoint=checkpoint)

    (found,) = asking.ask(connection, question)["prompts"]

    prompt = VoicePrompt.loads(base64.b64decode(found["file"]))
    assert (prompt.checkpoint, prompt.revision) == ("tiny-base", found["revision"])
    assert (prompt.mode, prompt.transcript) == ("in_context", "Every word of it.")


@pytest.mark.parametrize("checkpoint", [None, "tiny-base", "tiny-speaker"])
def test_a_prompt_file_of_another_size_is_refused(connection: Connection, checkpoint: str | None):
    question = ReadPrompt(file=saved_by_the_package(WIDTH * 2), checkpoint=checkpoint)

    with pytest.raises(CheckpointUnfit):
        asking.ask(connection, question)


def test_what_is_no_prompt_file_is_refused(connection: Connection):
    question = ReadPrompt(file=base64.b64encode(b"PK\3\4 nothing").decode())

    with pytest.raises(UnreadableVoice):
        asking.ask(connection, question)


def test_a_file_that_did_not_arrive_whole_is_refused(connection: Connection):
    with pytest.raises(UnreadableVoice, match="whole"):
        asking.ask(connection, ReadPrompt(file="AAA"))


def test_a_reference_that_is_gone_is_not_written_down(connection: Connection):
    with pytest.raises(UnknownUpload):
        asking.ask(connection, Transcribe(upload="0" * 64, language="auto"))


def test_without_a_transcriber_nothing_is_written_down(
    connection: Connection, files: FolderUploads
):
    facts = UploadFacts(seconds=3, rate=24_000, channels=1, codec="pcm_s16le")
    upload = files.put("reference", clip.dumps(np.zeros(72_000, np.float32)), facts)

    with pytest.raises(EngineUnavailable, match="No transcriber"):
        asking.ask(connection, Transcribe(upload=upload.id, language="auto"))
