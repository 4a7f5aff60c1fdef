"""A hub that holds a small checkpoint, and a short way to pull it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.checkpoints.catalogue import Checkpoint
from shared.checkpoints.download import pull
from shared.settings import load
from tests.shared.checkpoints.stub_hub import Files, StubHub, checkpoint_files, serve

Pull = Callable[..., Path]


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice",
        revision="a" * 40,
        kind="custom_voice",
        size="0.6B",
        approximate_bytes=10,
    )


@pytest.fixture
def files() -> Files:
    return checkpoint_files()


@pytest.fixture
def hub(files: Files) -> Iterator[StubHub]:
    hub = StubHub(dict(files))
    server = serve(hub)
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def fetch(hub: StubHub, checkpoint: Checkpoint, models_dir: Path) -> Pull:
    """Pull the checkpoint from the stub hub; keyword arguments override the obvious ones."""

    def run(
        wanted: Checkpoint = checkpoint,
        hub_kind: str = "huggingface",
        url: str | None = None,
        report: Callable[..., None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        **options: object,
    ) -> Path:
        settings = load(hub=hub_kind, hub_url=url or hub.url, models_dir=models_dir)
        return pull(wanted, models_dir, settings, report, stop, first_wait=0.01, **options)  # pyright: ignore[reportArgumentType]

    return run


@pytest.fixture
def lay(models_dir: Path) -> Callable[[str, Files], Path]:
    """Put files into a folder of the models directory."""

    def write(name: str, files: Files) -> Path:
        for path, content in files.items():
            target = models_dir / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return models_dir / name

    return write
