"""Lines a second of a narration that nobody listens to: in batches, and one by one."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.client import Client
from tools.bench import service, texts
from tools.bench.service import Service
from worker.engine.bench.report import SizeName as Size

WAYS: Mapping[str, dict[str, str]] = {"one by one": {"MAX_BATCH": "1"}, "batched": {}}
"""How lines are spoken → what a service has to be told for it."""
GAIN = "batched against one by one"
_WARM_UP = 2
"""Lines that are not counted."""


@contextmanager
def running(size: Size) -> Generator[dict[str, Service]]:
    """A service for each of the ways, on one random checkpoint."""
    # Here alone torch is needed.
    from worker.engine.random_checkpoint import write

    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        write(folder / size, size, "custom_voice")
        fixed = {"ENGINE": "qwen3", "MODELS_DIR": str(folder)}
        ways = {
            name: stack.enter_context(service.running(**fixed, **settings))
            for name, settings in WAYS.items()
        }
        for way in ways.values():
            speed(way, _WARM_UP)
        yield ways


def speed(where: Service, lines: int) -> float:
    """Lines a second of a narration of so many; loading the checkpoint does not count.

    Raises JobFailed.
    """
    # What random weights say is too short to pass its check, and would be made again.
    asked = {**texts.request(texts.paragraphs(lines)), "retakes": 0}
    with Client(where.url) as client:
        _, result = service.done(client, "narration", asked)
    return result["lines"]["spoken"] / result["timings"]["generation"]
