"""Writing down recordings, by the real faster-whisper; with random weights only the way is tested,
not what is understood."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import EngineUnavailable
from shared.settings import Settings
from tests.worker import whisper
from worker.transcribing import Transcriber

pytestmark = pytest.mark.slow

NOISE = np.random.default_rng(1).normal(0, 0.1, 24_000 * 4).astype(np.float32)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    whisper.write(folder / "whisper-tiny")
    return folder


def transcriber(models: Path, name: str = "whisper-tiny") -> Transcriber:
    return Transcriber(Settings(models_dir=models, transcriber=name))


def test_a_recording_is_written_down(models: Path):
    found = transcriber(models).transcribe(NOISE, "english")

    assert found.text.strip()
    assert found.language == "english"
    assert found.seconds > 0


def test_the_language_is_told_where_nobody_has_said_it(models: Path):
    assert transcriber(models).transcribe(NOISE, "auto").language == "english"


def test_without_a_model_it_says_what_to_do(models: Path):
    with pytest.raises(EngineUnavailable, match="No transcriber is set up") as caught:
        transcriber(models, "").transcribe(NOISE, "auto")
    assert "TRANSCRIBER" in (caught.value.next_step or "")


def test_a_folder_without_a_model_is_named(models: Path):
    with pytest.raises(EngineUnavailable, match="whisper-large"):
        transcriber(models, "whisper-large").transcribe(NOISE, "auto")


def test_a_damaged_model_is_named(models: Path):
    (models / "damaged").mkdir(exist_ok=True)
    (models / "damaged" / "model.bin").write_bytes(b"nothing")

    with pytest.raises(EngineUnavailable, match="damaged"):
        transcriber(models, "damaged").transcribe(NOISE, "auto")
