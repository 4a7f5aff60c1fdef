"""A job heard to its end: progress on the terminal, sound to whoever wants it."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from rich.markup import escape

from shared.client import ServiceUnreachable
from shared.client.call import NO_FILES, File
from shared.client.faults import from_body
from shared.client.frames import Frame
from shared.errors import JobFailed, SpeechError
from shared.events import End, Fault, Header, Notice, Restart, Waiting
from shared.jobs import EngineInfo, has_lines
from shared.states import JobState
from tools.bars import share_bar
from tools.qtts.command import Here

RETURNS = 30
"""How often a broken connection is taken up again, a second apart."""
INTERRUPTED = 130
"""Exit status after Ctrl-C."""

_UNKNOWN = "Broken off. If the service has taken the job it goes on: `qtts jobs` shows it."

Sink = Callable[[bytes], object]
Opening = AbstractContextManager[Iterable[Frame | bytes]]
"""A connection over which a job is followed."""


class Hearing:
    """One job, from its first message to its last; without a sink no sound is asked for."""

    def __init__(self, here: Here, sink: Sink | None = None) -> None:
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
        if self._sink:
            self._hear(self._here.client.stream(task, request, files=files))
        else:
            self._hear(self._submitted(task, request, files))

    def attach(self, job_id: str) -> None:
        """Hear a job that somebody has started."""
        self.job_id = job_id
        self._hear(self._opened())

    def _hear(self, opening: Opening) -> None:
        with share_bar("Waiting", self._here.notes) as bar:
            try:
                for frame in self._frames(opening):
                    self._take_in(frame, bar)
            except KeyboardInterrupt:
                self._cancel()
                raise SystemExit(INTERRUPTED) from None

    def _frames(self, opening: Opening) -> Iterator[Frame | bytes]:
        """All frames to the end; a connection that breaks is taken up where it broke."""
        for _ in range(RETURNS):
            try:
                if (yield from self._until_end(opening)):
                    return
            except ServiceUnreachable:
                if not self.job_id:
                    raise
            time.sleep(1)
            opening = self._opened()
        raise ServiceUnreachable(f"The connection broke {RETURNS} times.")

    def _until_end(self, opening: Opening) -> Generator[Frame | bytes, None, bool]:
        """The frames of one connection; whether the end was among them."""
        with opening as frames:
            try:
                for frame in frames:
                    yield frame
                    if isinstance(frame, End):
                        return True
            except KeyboardInterrupt:
                self._learn_id(frames)
                raise
        return False

    def _learn_id(self, frames: Iterable[Frame | bytes]) -> None:
        """Who is interrupted before the first message came waits for it: it says what to cancel."""
        if not self.job_id and isinstance(frame := next(iter(frames), None), Header | Waiting):
            self.job_id = frame.id

    @contextmanager
    def _submitted(
        self, task: str, request: dict[str, Any], files: Mapping[str, File]
    ) -> Generator[Iterable[Frame]]:
        """A job that is started now, without its sound."""
        self.job_id = self._here.client.submit(task, request, files=files).id
        yield self._here.client.events(self.job_id)

    def _opened(self) -> Opening:
        """A connection to a job that is known, from what has been heard of it on."""
        client = self._here.client
        if self._sink:
            return client.attach(self.job_id, after=self._samples, take=self._take)
        return nullcontext(client.events(self.job_id))

    def _cancel(self) -> None:
        if not self.job_id:
            self._here.notes.print(_UNKNOWN, soft_wrap=True)
            return
        job = self._here.client.cancel(self.job_id)
        more = f" Go on with it: qtts resume {job.id}" if has_lines(job.task) else ""
        self._here.notes.print(f"Cancelled.{more}", soft_wrap=True)

    def _take_in(self, frame: Frame | bytes, bar: Callable[[float, str], None]) -> None:
        match frame:
            case bytes():
                self._samples += len(frame) // 2
                if self._sink:
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
