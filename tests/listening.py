"""Hearing a job in tests: what came over a WebSocket, in the order in which it came."""

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shared import events
from shared.client import Client, Listening
from shared.client.frames import Frame

Kind = TypeVar("Kind", bound=Frame)


@dataclass
class Heard:
    """All that a listener received."""

    pcm: bytes = b""
    chunks: int = 0
    messages: list[Frame] = field(default_factory=list)

    @property
    def end(self) -> events.End:
        last = self.messages[-1]
        assert isinstance(last, events.End)
        return last

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [message for message in self.messages if isinstance(message, kind)]


def hear(listening: Listening, after_chunk: Callable[[int], None] = lambda number: None) -> Heard:
    """Listen to the end; `after_chunk` is told the number of each chunk, from 1."""
    heard = Heard()
    for frame in listening:
        if isinstance(frame, bytes):
            heard.pcm += frame
            heard.chunks += 1
            after_chunk(heard.chunks)
        else:
            heard.messages.append(frame)
    return heard


def samples_of(client: Client, job_id: str) -> bytes:
    """The samples in the finished WAV file of a job."""
    with wave.open(io.BytesIO(client.audio(job_id, "wav"))) as file:
        return file.readframes(file.getnframes())
