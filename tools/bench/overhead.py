"""Submit to first chunk at a WebSocket client, less the engine's own time to its first chunk."""

import statistics
import time
from dataclasses import dataclass

from websockets.sync.client import ClientConnection, connect

from shared.client import frames
from shared.client.address import socket_address
from shared.errors import JobFailed
from shared.events import End
from shared.requests.custom_voice import CustomVoice
from shared.states import JobState
from tools.bench.service import Service
from worker.engine.preview.engine import PreviewEngine
from worker.engine.protocol import Model, Utterance

REQUEST = {
    "text": "The lamp turned. Ten seconds; ten seconds; ten.",
    "speaker": "ryan",
    "language": "english",
    "seed": 7,
}
_WARM_UP = 5


@dataclass(frozen=True)
class Overhead:
    """Milliseconds, one value a job, sorted."""

    engine: list[float]
    """The engine alone, in this process."""
    service: list[float]
    """From the start message on an open connection to the first audio."""
    connected: list[float]
    """The same, with the opening of the connection."""

    @property
    def added(self) -> list[float]:
        """What the service adds: each job, less the median of the engine."""
        return _less(self.service, statistics.median(self.engine))

    @property
    def added_connected(self) -> list[float]:
        """The same, with the opening of the connection."""
        return _less(self.connected, statistics.median(self.engine))


def measure(service: Service, jobs: int) -> Overhead:
    """Engine and service in turn, so that both meet the same machine."""
    model = PreviewEngine().load("preview", None, lambda stage: None)
    rounds = [_round(service, model) for _ in range(_WARM_UP + jobs)][_WARM_UP:]
    engine, opening, speaking = zip(*rounds, strict=True)
    connected = [a + b for a, b in zip(opening, speaking, strict=True)]
    return Overhead(sorted(engine), sorted(speaking), sorted(connected))


def _round(service: Service, model: Model) -> tuple[float, float, float]:
    """Milliseconds: of the engine alone, of connecting, of the start message to the audio."""
    engine = _first_of_engine(model)
    address = socket_address(service.url, "/v1/stream", None)
    began = time.perf_counter()
    with connect(address, max_size=None) as socket:
        opened = time.perf_counter()
        socket.send(frames.start("custom_voice", REQUEST, "pcm", None))
        heard = _first_audio(socket)
        _to_the_end(socket)
    return engine, 1000 * (opened - began), 1000 * (heard - opened)


def _first_of_engine(model: Model) -> float:
    request = CustomVoice.parse(REQUEST)
    utterance = Utterance(
        text=request.text, language=request.language, seed=7, speaker=request.speaker
    )
    began = time.perf_counter()
    first = 0.0
    for piece in model.generate([utterance], lambda: None):
        if piece.audio.size and not first:
            first = 1000 * (time.perf_counter() - began)
    return first


def _first_audio(socket: ClientConnection) -> float:
    for frame in socket:
        if isinstance(frame, bytes):
            return time.perf_counter()
    raise JobFailed("A job ended before it made a sound.")


def _to_the_end(socket: ClientConnection) -> None:
    """Leave the service idle for the next round. Raises JobFailed."""
    for frame in socket:
        message = frames.read(frame)
        if isinstance(message, End) and message.state is not JobState.SUCCEEDED:
            raise JobFailed(f"A job ended as {message.state.value}.")


def _less(values: list[float], amount: float) -> list[float]:
    return [value - amount for value in values]
