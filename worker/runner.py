"""One job from claimed to done: takes it, has it performed, and says how it ended."""

import logging
import os
import time
from collections.abc import Callable
from functools import partial

from shared import logs
from shared.connection import Connection
from shared.errors import (
    EnginePoisoned,
    IllegalTransition,
    InternalError,
    QueueFull,
    QueueUnavailable,
    SpeechError,
    Superseded,
    UnknownJob,
)
from shared.history import End
from shared.jobs import JobRecord, Progress, has_lines
from shared.keys import INTERACTIVE
from shared.plans import retake
from shared.queue import Fenced, JobQueue
from shared.requests import contract
from shared.settings import Settings
from shared.states import JobState
from shared.stores import takes
from shared.stores.outputs import OutputStore
from shared.stores.recipe import Recipe
from shared.stores.uploads import UploadStore
from shared.voices.library import Library
from worker.diary import Diary
from worker.engine.cache import Cache
from worker.engine.choice import Choice
from worker.engine.protocol import Aligner
from worker.finishing import Finishing
from worker.performance import Performance
from worker.performing import SteppedAside, Studio
from worker.pulse import Cancelled, Pulse
from worker.recording import Recording

POISONED = 76
"""Exit status of a worker whose GPU can no longer be used; the supervisor starts it again."""

log = logging.getLogger(__name__)


class NotOurs(Exception):
    """Somebody else runs this job, or has ended it: whatever we did counts for nothing."""


class GaveBack(Exception):
    """The worker was told to stop at once: the job goes back, and loses no attempt by it."""


def _nobody(_record: JobRecord, _end: End) -> None:
    pass


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
        library: Library,
        uploads: UploadStore,
        diary: Diary,
        aligner: Aligner,
        told: Callable[[JobRecord, End], None] = _nobody,
    ) -> None:
        """`told` hears of each job that this worker has ended."""
        self._redis = connection
        self._impatient = impatient
        self._queue = queue
        self._glance = JobQueue(impatient, settings)
        """For looks between two lines, which go on without an answer."""
        self._store = store
        self._settings = settings
        self._choice = choice
        self._cache = cache
        self._library = library
        self._uploads = uploads
        self._diary = diary
        self._told = told
        self._aligner = aligner
        self._begun = 0.0
        self._pulse = Pulse()
        self.leaving = False
        """True once the worker is to stop: a pipeline steps aside at its next line."""

    def prepare(self) -> Pulse:
        """A fresh pulse for the job that is about to run."""
        self._pulse = Pulse()
        return self._pulse

    def run(self, job_id: str) -> None:
        """Perform a job to one of its ends.

        Raises NotOurs, GaveBack when the process must stop, and QueueUnavailable when Redis stays
        away; what was made until then is there for the next attempt.
        """
        try:
            record = self._queue.get(job_id)
        except UnknownJob:
            log.warning("Job %s was forgotten before it ran.", job_id)
            return
        if record.state.terminal:
            return
        with self._cache.busy(), logs.about(job_id=record.id, request_id=record.request_id):
            self._attempt(record)

    def _attempt(self, record: JobRecord) -> None:
        attempt = 0
        try:
            attempt = self._begin(record)
            self._perform(self._queue.get(record.id), attempt)
        except SteppedAside as aside:
            self._step_aside(record, attempt, aside.state)
        except Cancelled:
            self._cancelled(record, attempt)
        except (Fenced, Superseded) as error:
            raise NotOurs(error.message) from error
        except (QueueUnavailable, QueueFull):
            # The word on this job cannot be said now; what was made is there for another attempt.
            raise
        except EnginePoisoned as error:
            # Nothing in this process can use the GPU any more; the next life takes the job up.
            log.error("The worker ends itself: %s", error.message)
            os._exit(POISONED)
        except SpeechError as error:
            self._failed(record, attempt, error)
        except SystemExit as stop:
            self._give_back(record)
            raise GaveBack from stop
        except NotOurs:
            raise
        except Exception as error:  # the job must end, whatever fault of ours it met
            log.exception("Job %s met a fault.", record.id)
            self._failed(record, attempt, _as_internal(error))

    def _begin(self, record: JobRecord) -> int:
        """Take the job. Raises NotOurs for one that runs elsewhere or was ended meanwhile."""
        self._begun = time.time()
        try:
            attempt = self._queue.transition(
                record,
                JobState.RUNNING,
                started_at=self._begun,
                worker=self._settings.worker_name,
                progress=_progress_so_far(record),
            )
        except IllegalTransition as error:
            raise NotOurs(error.message) from error
        words = logs.facts(**logs.gist(*_words(record)))
        log.info("Job %s (%s), attempt %d.", record.id, record.task, attempt, extra=words)
        return attempt

    def _perform(self, record: JobRecord, attempt: int) -> None:
        # Once this attempt has begun, no earlier one can finish any more.
        growing = self._store.begin(record.id, attempt)
        if self._store.finished(record.id):
            # An earlier attempt finished the files and died before it could say so.
            growing.discard()
            self._succeed(record, attempt, Recipe.model_validate(self._store.metadata(record.id)))
            return
        request = contract(record.task).parse({**record.request, "seed": record.seed})
        recording = Recording(
            self._redis, self._impatient, growing, self._settings, record, attempt, self._pulse
        )
        studio = Studio(
            self._cache,
            self._settings,
            self._library,
            self._uploads,
            growing,
            self._pulse,
            record.seed,
            record.id,
            self._choice.info,
            self._store,
            self._aligner,
            recording.advance,
            count=recording.count,
            live=record.queue == INTERACTIVE,
            engine=self._choice.description.fingerprint,
            listened=partial(self._listened, record),
            between=partial(self._between, record),
        )
        performance = Performance(record, request, studio, recording, self._choice)
        self._pulse.limit(
            self._settings.deadline_seconds + self._settings.deadline_factor * record.estimate
        )
        with self._pulse.armed():
            performance.play()
            recording.finish()
        recipe = performance.recipe(attempt, self._settings.store_text)
        recipe = Finishing(growing).finish(request, recipe, performance.artifacts)
        characters = sum(len(segment.text) for segment in performance.segments)
        self._succeed(record, attempt, recipe, characters)
        if performance.poisoned:
            raise performance.poisoned
        if studio.typical:
            self._learn(recipe)

    # --- between two lines ---

    def _listened(self, record: JobRecord) -> bool:
        try:
            return self._glance.listened(record.id)
        except QueueUnavailable:
            return False

    def _between(self, record: JobRecord) -> JobState:
        """What becomes of the job; while Redis is away nobody can ask for anything."""
        if self.leaving:
            return JobState.QUEUED
        try:
            return self._glance.between(record)
        except QueueUnavailable as error:
            log.warning("Job %s goes on unasked: %s", record.id, error.message)
            return JobState.RUNNING

    def _step_aside(self, record: JobRecord, attempt: int, state: JobState) -> None:
        """What was made stays, and the same attempt goes on with it; the worker takes other jobs.

        Nothing of the job may be touched after this, whatever becomes of the word.
        """
        try:
            self._queue.step_aside(record, attempt, state)
        except Fenced as error:
            raise NotOurs(error.message) from error
        log.info("Job %s stepped aside: %s.", record.id, state.value)

    # --- ends ---

    def _succeed(
        self, record: JobRecord, attempt: int, recipe: Recipe, characters: int | None = None
    ) -> None:
        self._adopt(record)
        self._queue.transition(
            record,
            JobState.SUCCEEDED,
            attempt=attempt,
            finished_at=recipe.finished_at,
            result=recipe.result(),
            engine=recipe.engine,
            samples=recipe.samples,
        )
        self._told(record, self._diary.succeeded(recipe, characters))
        log.info(
            "Job %s: %.1f s of audio, real-time factor %.3f.",
            record.id,
            recipe.duration_seconds,
            recipe.timings.real_time_factor,
        )

    def _adopt(self, record: JobRecord) -> None:
        """Add a take of a line to the output that it is for; it stays an output of its own too."""
        if not record.line:
            return
        output, _, number = record.line.partition("/")
        try:
            line = takes.plan_of(self._store, output).by_number[int(number)]
            spoken = retake.spoken(
                record.id, record.task, record.request, record.seed, line, record.speed
            )
            takes.adopt(self._store, output, line.number, spoken)
        except SpeechError as error:
            log.warning("The take of %s was not added: %s", record.line, error.message)

    def _learn(self, recipe: Recipe) -> None:
        """Estimates follow what was measured; nothing depends on it."""
        if not recipe.samples:
            return
        codec = contract(recipe.task).on_codec_alone
        try:
            self._queue.lineup.learn(recipe.engine.name, recipe.timings.real_time_factor, codec)
        except QueueUnavailable as error:
            log.warning("The pace was not noted: %s", error.message)

    def _cancelled(self, record: JobRecord, attempt: int) -> None:
        try:
            self._queue.transition(
                record, JobState.CANCELLED, attempt=attempt, finished_at=time.time()
            )
        except Fenced as error:
            raise NotOurs(error.message) from error
        self._told(record, self._diary.ended(record, "cancelled", self._begun))
        self._discard(record)

    def _failed(self, record: JobRecord, attempt: int, error: SpeechError) -> None:
        log.warning("Job %s failed: %s", record.id, error.message)
        try:
            self._queue.fail(record, error, attempt=attempt)
        except Fenced as fenced:
            raise NotOurs(fenced.message) from fenced
        self._told(record, self._diary.ended(record, "failed", self._begun, error.code))
        self._discard(record)

    def _give_back(self, record: JobRecord) -> None:
        """The next worker goes on where this attempt was heard.

        Whether it has begun is asked of the record: the stop may have come with the answer.
        """
        now = self._queue.get(record.id)
        if now.state is JobState.RUNNING and now.worker == self._settings.worker_name:
            self._queue.transition(
                now, JobState.QUEUED, attempt=now.attempt, reason="The worker was stopped."
            )
        self._queue.requeue(now)

    def _discard(self, record: JobRecord) -> None:
        """Remove what was made, once the job has ended; the janitor does it otherwise.

        The lines of a pipeline stay for as long as its record: another job may take them over.
        """
        if has_lines(record.task):
            return
        try:
            self._store.discard(record.id)
        except SpeechError as error:
            log.warning("What job %s left could not be removed: %s", record.id, error.message)


def _words(record: JobRecord) -> list[str]:
    """What a request asks to be said; of a file that was sent, nothing."""
    said = contract(record.task).said()
    return [words for name in said if isinstance(words := record.request.get(name), str)]


def _progress_so_far(record: JobRecord) -> Progress:
    """That of an attempt which goes on does not go back."""
    earlier = record.progress if record.yielded else None
    return (earlier or Progress()).model_copy(update={"stage": "loading"})


def _as_internal(error: Exception) -> SpeechError:
    name = type(error).__name__
    return InternalError(f"The worker met a fault of its own ({name}); see its log.")
