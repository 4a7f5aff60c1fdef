"""A job heard to its end: progress on the terminal, sound to whoever wants it."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from rich.markup import escape

from shared.client import Client, Listening, ServiceUnreachable
from shared.client.call import NO_FILES, File
from shared.client.faults import from_body
from shared.client.frames import Frame
from shared.errors import JobFailed, SpeechError
from shared.events import End, Fault, Header, Notice, Restart, Waiting
from shared.jobs import EngineInfo
from shared.states import JobState
from tools.bars import share_bar
from tools.qtts.command import Here

RETURNS = 30
"""How often a broken connection is taken up again, a second apart."""
INTERRUPTED = 130
"""Exit status after Ctrl-C."""

Sink = Callable[[bytes], object]
Opening = AbstractContextManager[Listening]


def nowhere(_samples: bytes) -> None:
    """A sink for sound that nobody wants."""


class Hearing:
    """One job, from its first message to its last."""

    def __init__(self, here: Here, sink: Sink = nowhere) -> None:
        self._here = here
        self._sink = sink
        self._samples = 0
        self._take: int | None = None
        self._error: SpeechError | None = None
        self.job_id = ""
        self.engine: EngineInfo | None = None
        self.result: dict[str, Any] = {}

    def start(
        self, task: str, request: dict[str, Any], files: Mapping[str, File] = NO_FILES
    ) -> None:
        """Start a job and hear it. Raises what the job failed of; Ctrl-C cancels it."""
        self._hear(self._here.client.stream(task, request, files=files))

    def attach(self, job_id: str) -> None:
        """Hear a job that somebody has started."""
        self.job_id = job_id
        self._hear(self._here.client.attach(job_id))

    def _hear(self, opening: Opening) -> None:
        with share_bar("Waiting", self._here.notes) as bar:
            try:
                for frame in frames(self._here.client, opening, self._cursor):
                    self._take_in(frame, bar)
            except KeyboardInterrupt:
                self._cancel()
                raise SystemExit(INTERRUPTED) from None

    def _cursor(self) -> tuple[str, int, int | None]:
        """Where to go on after a break: job, samples received, take."""
        return self.job_id, self._samples, self._take

    def _cancel(self) -> None:
        if self.job_id:
            self._here.client.cancel(self.job_id)
        self._here.notes.print("Cancelled.")

    def _take_in(self, frame: Frame | bytes, bar: Callable[[float, str], None]) -> None:
        match frame:
            case bytes():
                self._samples += len(frame) // 2
                self._sink(frame)
            case Header():
                self.job_id, self.engine, self._take = frame.id, frame.engine, frame.take
            case Waiting():
                self.job_id = frame.id
                bar(frame.progress, stage(frame))
            case Restart():
                self._samples, self._take = 0, frame.take
                self._note(f"It begins anew: {frame.reason}")
            case Notice():
                self._note(frame.message)
            case Fault():
                self._error = from_body(frame.error)
                if not self.job_id:  # refused: no end will follow
                    raise self._error
            case End():
                self._finish(frame)

    def _note(self, text: str) -> None:
        self._here.notes.print(escape(text), style="yellow")

    def _finish(self, end: End) -> None:
        if self._error:
            raise self._error
        if end.state is not JobState.SUCCEEDED:
            raise JobFailed(f"The job was {end.state.value}.")
        self.result = end.result or {}


def stage(progress: Waiting) -> str:
    """How far a job is, in a word or two."""
    if progress.position:
        return f"{progress.position} ahead of it"
    return f"{progress.stage}, {progress.audio_seconds:.1f} s"


def frames(
    client: Client, opening: Opening, cursor: Callable[[], tuple[str, int, int | None]]
) -> Iterator[Frame | bytes]:
    """All frames to the end; a connection that breaks is taken up where it broke."""
    for _ in range(RETURNS):
        try:
            if (yield from _until_end(opening)):
                return
        except ServiceUnreachable:
            if not cursor()[0]:
                raise
        time.sleep(1)
        job_id, samples, take = cursor()
        opening = client.attach(job_id, after=samples, take=take)
    raise ServiceUnreachable(f"The connection broke {RETURNS} times.")


def _until_end(opening: Opening) -> Generator[Frame | bytes, None, bool]:
    """The frames of one connection; whether the end was among them."""
    with opening as listening:
        for frame in listening:
            yield frame
            if isinstance(frame, End):
                return True
    return False
