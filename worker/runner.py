"""One job from claimed to done: drives the performer, and says how it ended."""

import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared import events
from shared.audio.pcm import SAMPLE_RATE
from shared.connection import Connection
from shared.errors import EnginePoisoned, InternalError, SpeechError, UnknownJob
from shared.jobs import EngineInfo, JobRecord, Progress, encode
from shared.queue import Fenced, JobQueue
from shared.requests import contract
from shared.requests.declared import REDACTED, Declared
from shared.settings import Settings
from shared.states import JobState
from shared.stores.outputs import OutputStore
from shared.stores.recipe import Recipe, Segment, Timings
from worker.engine.cache import Cache
from worker.engine.choice import Choice
from worker.finishing import Finishing
from worker.heart import HUNG
from worker.performing import (
    PERFORMERS,
    Artifact,
    Audio,
    Ended,
    Line,
    Piece,
    Remark,
    Studio,
)
from worker.pulse import Cancelled, Pulse
from worker.recording import Recording

log = logging.getLogger(__name__)


class GaveBack(Exception):
    """The worker was told to stop at once: the job goes back, and loses no attempt by it."""


@dataclass
class Notes:
    """What a performance says of itself, besides its sound."""

    segments: list[Segment] = field(default_factory=list[Segment])
    reasons: Counter[str] = field(default_factory=Counter[str])
    warnings: list[str] = field(default_factory=list[str])
    artifacts: list[Artifact] = field(default_factory=list[Artifact])


class Runner:
    """Performs jobs, one at a time."""

    def __init__(
        self,
        connection: Connection,
        impatient: Connection,
        queue: JobQueue,
        store: OutputStore,
        settings: Settings,
        choice: Choice,
        cache: Cache,
    ) -> None:
        self._redis = connection
        self._impatient = impatient
        self._queue = queue
        self._store = store
        self._settings = settings
        self._choice = choice
        self._cache = cache
        self.pulse = Pulse()
        """Of the present job."""
        self.job: str | None = None
        """Id of the present job."""

    def prepare(self) -> Pulse:
        """A fresh pulse for the job that is about to run."""
        self.pulse = Pulse()
        return self.pulse

    def run(self, job_id: str) -> None:
        """Perform a job to one of its ends. Raises GaveBack when the process must stop."""
        try:
            record = self._queue.get(job_id)
        except UnknownJob:
            log.warning("Job %s was forgotten before it ran.", job_id)
            return
        if record.state.terminal:
            return
        self.job = job_id
        try:
            with self._cache.lock:
                self._attempt(record)
        except Fenced as error:
            log.warning("%s", error)
        finally:
            self.job = None

    def _attempt(self, record: JobRecord) -> None:
        attempt = self._begin(record)
        try:
            self._perform(record, attempt)
        except Cancelled:
            self._discard(record)
            self._queue.transition(
                record, JobState.CANCELLED, attempt=attempt, finished_at=time.time()
            )
        except Fenced:
            raise
        except EnginePoisoned as error:
            # Nothing in this process can use the GPU any more; the next life takes the job up.
            log.error("The worker ends itself: %s", error.message)
            os._exit(HUNG)
        except SpeechError as error:
            self._fail(record, attempt, error)
        except SystemExit as stop:
            self._queue.transition(
                record, JobState.QUEUED, attempt=attempt, reason="The worker was stopped."
            )
            raise GaveBack from stop
        except Exception as error:  # the job must end, whatever fault of ours it met
            log.exception("Job %s met a fault.", record.id)
            self._fail(record, attempt, _as_internal(error))

    def _begin(self, record: JobRecord) -> int:
        """Take the job; one that a dead worker left in `running` is taken back first."""
        if record.state is JobState.RUNNING:
            self._queue.transition(
                record,
                JobState.QUEUED,
                attempt=record.attempt,
                reason="Another attempt follows.",
                crashes=record.crashes + 1,
            )
        attempt = self._queue.transition(
            record,
            JobState.RUNNING,
            started_at=time.time(),
            worker=self._settings.worker_name,
            progress=Progress(stage="loading"),
        )
        if self._queue.get(record.id).cancel:
            self.pulse.cancel()
        log.info("Job %s (%s), attempt %d.", record.id, record.task, attempt)
        return attempt

    def _fail(self, record: JobRecord, attempt: int, error: SpeechError) -> None:
        log.warning("Job %s failed: %s", record.id, error.message)
        self._discard(record)
        self._queue.fail(record, error, attempt=attempt)

    def _discard(self, record: JobRecord) -> None:
        try:
            self._store.discard(record.id)
        except SpeechError as error:
            log.warning("What job %s left could not be removed: %s", record.id, error.message)

    # --- the performance ---

    def _perform(self, record: JobRecord, attempt: int) -> None:
        if self._store.finished(record.id):
            # An earlier attempt finished the file and died before it could say so.
            self._succeed(record, attempt, Recipe.model_validate(self._store.metadata(record.id)))
            return
        begun = time.time()
        request = contract(record.task).parse({**record.request, "seed": record.seed})
        self.pulse.limit(self._deadline(record))
        self._store.begin(record.id)
        recording = Recording(
            self._redis, self._impatient, self._store, self._settings, record, attempt, self.pulse
        )
        with self.pulse.armed():
            notes, engine = self._play(record, request, recording)
        recording.finish()
        recipe = self._recipe(record, attempt, begun, recording, notes, engine)
        recipe = Finishing(self._store, record.id).finish(request, recipe, notes.artifacts)
        self._succeed(record, attempt, recipe)

    def _play(
        self, record: JobRecord, request: Declared, recording: Recording
    ) -> tuple[Notes, EngineInfo]:
        """Drive the performer to its end."""
        notes = Notes()
        studio = Studio(
            self._cache, self.pulse, record.seed, record.id, lambda done: _advance(recording, done)
        )
        engine = self._choice.info()
        recording.progress.stage = "loading"
        header = self._header(record, request, recording, engine)
        for piece in PERFORMERS[record.task](request, studio):
            if header is not None:
                engine = self._choice.info(studio.used)
                self._open(recording, header.model_copy(update={"engine": engine}))
                header = None
            self._note(piece, recording, notes)
        _close_segment(notes, recording)
        return notes, engine

    def _header(
        self, record: JobRecord, request: Declared, recording: Recording, engine: EngineInfo
    ) -> events.Header:
        return events.Header(
            id=record.id,
            take=recording.present_take,
            sample_rate=SAMPLE_RATE,
            engine=engine,
            mastered=request.kind == "task",
        )

    def _open(self, recording: Recording, header: events.Header) -> None:
        """The engine is known: check what is left of an earlier attempt, and announce the audio."""
        fingerprint = self._choice.fingerprint(header.engine)
        recording.progress.stage = "speaking"
        recording.begin(fingerprint)
        recording.announce(
            header.model_copy(update={"take": recording.present_take}),
            **encode(
                engine=header.engine,
                fingerprint=fingerprint,
                progress=recording.progress,
            ),
        )

    def _note(self, piece: Piece, recording: Recording, notes: Notes) -> None:
        match piece:
            case Audio(samples):
                recording.take(samples)
            case Line(text):
                _close_segment(notes, recording)
                now = recording.position / SAMPLE_RATE
                notes.segments.append(Segment(start=now, end=now, text=text))
            case Ended(reason):
                notes.reasons[reason] += 1
                _close_segment(notes, recording)
            case Remark(text):
                if text not in notes.warnings:
                    notes.warnings.append(text)
                    recording.announce(
                        events.Notice(message=text), **encode(warnings=notes.warnings)
                    )
            case Artifact():
                notes.artifacts.append(piece)

    def _deadline(self, record: JobRecord) -> float:
        allowed = self._settings.deadline_seconds + self._settings.deadline_factor * record.estimate
        return time.monotonic() + allowed

    # --- the end ---

    def _recipe(
        self,
        record: JobRecord,
        attempt: int,
        begun: float,
        recording: Recording,
        notes: Notes,
        engine: EngineInfo,
    ) -> Recipe:
        now = time.time()
        seconds = recording.position / SAMPLE_RATE
        return Recipe(
            id=record.id,
            task=record.task,
            created_at=record.created_at,
            started_at=begun,
            finished_at=now,
            attempts=attempt,
            request=self._kept(record, record.request),
            seed=record.seed,
            engine=engine,
            sample_rate=SAMPLE_RATE,
            samples=recording.position,
            duration_seconds=seconds,
            segments=self._kept_segments(notes),
            finish_reasons=dict(notes.reasons),
            warnings=notes.warnings,
            timings=Timings(
                queued=begun - record.created_at,
                first_audio=(recording.first_audio_at or now) - begun,
                generation=now - begun,
                real_time_factor=(now - begun) / seconds if seconds else 0.0,
            ),
            again_of=record.again_of,
        )

    def _kept(self, record: JobRecord, request: dict[str, Any]) -> dict[str, Any]:
        return request if self._settings.store_text else contract(record.task).redact(request)

    def _kept_segments(self, notes: Notes) -> list[Segment]:
        if self._settings.store_text:
            return notes.segments
        return [segment.model_copy(update={"text": REDACTED}) for segment in notes.segments]

    def _succeed(self, record: JobRecord, attempt: int, recipe: Recipe) -> None:
        self._queue.transition(
            record,
            JobState.SUCCEEDED,
            attempt=attempt,
            finished_at=recipe.finished_at,
            result=recipe.result(),
            engine=recipe.engine,
            samples=recipe.samples,
        )
        self._queue.learn_pace(recipe.engine.name, recipe.timings.real_time_factor)
        log.info(
            "Job %s: %.1f s of audio, real-time factor %.3f.",
            record.id,
            recipe.duration_seconds,
            recipe.timings.real_time_factor,
        )


def _advance(recording: Recording, fraction: float) -> None:
    recording.progress.fraction = fraction


def _close_segment(notes: Notes, recording: Recording) -> None:
    """The present segment reaches to the last sample made, until its utterance has ended."""
    if notes.segments and notes.segments[-1].end == notes.segments[-1].start:
        notes.segments[-1].end = recording.position / SAMPLE_RATE


def _as_internal(error: Exception) -> SpeechError:
    return InternalError(
        f"The worker met a fault of its own ({type(error).__name__}); see its log."
    )
