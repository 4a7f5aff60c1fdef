"""`python -m worker`: one process that owns the engine and performs one job at a time."""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

from shared import connection, logs, tracing
from shared.errors import EnginePoisoned, SpeechError
from shared.history import End
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.recovery import Recovery
from shared.settings import Settings, load
from shared.status import WorkerStatus
from shared.stores import uploads
from shared.stores.folder import FolderOutputs
from shared.stores.uploads import FolderUploads
from shared.stores.voices import FolderVoices
from shared.version import __version__
from shared.voices.library import Library
from worker import pipelines, tasks
from worker import tracing as spans
from worker.aligning.aligner import LazyAligner
from worker.answering import Answering
from worker.control import Ear
from worker.diagnosis.examination import Examination
from worker.diary import Diary
from worker.engine.cache import Cache
from worker.engine.choice import Choice, choose
from worker.heart import Heart
from worker.lease import Lease
from worker.metrics import Metrics
from worker.monitor import Monitor
from worker.performing import discover
from worker.queue import QueueWorker
from worker.runner import POISONED, Runner

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Work until told to stop; exit status 2 for a setting that cannot be met, 1 for a fault.

    A GPU that fails while the engine is chosen ends the process at once, as it does in a job.
    """
    try:
        settings = load(arguments)
        connection.check_address(settings)
        logs.configure(settings, "worker")
        tracing.configure("worker")
        choice = choose(settings)
    except EnginePoisoned as error:
        _complain(error)
        # Not by returning: what is torn down at a regular end would meet the broken context again.
        os._exit(POISONED)
    except SpeechError as error:
        _complain(error)
        return 2
    log.info("Engine: %s. %s", choice.description.fingerprint, choice.reason)
    discover(tasks, pipelines)
    return 0 if work(settings, choice) else 1


def work(settings: Settings, choice: Choice) -> bool:
    """Take up what a predecessor left, then take jobs; False if a fault ended it, not a stop."""
    redis = connection.patient(settings.redis_url)
    lease = Lease(redis, settings.worker_name, settings.lease_seconds)
    lease.claim()
    aligner = LazyAligner(settings)
    if settings.aligner and aligner.trouble:
        log.warning("Words cannot be timed: %s See ALIGNER in docs/timings.md.", aligner.trouble)
    cache = Cache(
        choice.engine,
        settings,
        lambda name, stage: log.info("%s: %s", name, stage),
        aligner.make_room,
    )
    # What must not wait for Redis: the audio goes on without it, and the heart watches over both.
    impatient = connection.prompt(settings.redis_url)
    store = FolderOutputs(settings.outputs_dir)
    library = Library(FolderVoices(settings.voices_dir))
    files = FolderUploads(uploads.folder(settings))
    monitor = Monitor(settings.device, choice.description.device)
    waiting = JobQueue(impatient, settings)
    diary = Diary(impatient, settings.worker_name, waiting, monitor, choice.info)
    examination = Examination(settings, choice)
    describe = _describing(settings, choice, cache, aligner, monitor, examination)
    metrics = Metrics(settings, lambda: describe(None))
    queue = JobQueue(redis, settings, ended=metrics.ends.count)

    def told(record: JobRecord, end: End) -> None:
        metrics.performed(record, end)
        spans.ended(record, end)

    runner = Runner(
        redis,
        impatient,
        queue,
        store,
        settings,
        choice,
        cache,
        library,
        files,
        diary,
        aligner,
        told,
    )
    heart = Heart(impatient, settings, lease.over(impatient), describe)

    def changed() -> None:
        heart.wake()
        examination.renew()

    ear = Ear(connection.patient(settings.redis_url), settings, cache, aligner, changed)
    answering = Answering(connection.patient(settings.redis_url), settings, files)
    recovery = Recovery(redis, queue, settings)
    recovery.recover(settings.worker_name)
    worker = QueueWorker(redis, settings, queue, runner, heart, cache.needs, metrics.worked)
    monitor.start()
    heart.start()
    diary.start()
    examination.start(heart.wake)
    ear.start()
    answering.start()
    hide = metrics.serve()
    # Whoever is said to be alive leaves in order, also before RQ's own handlers stand.
    signal.signal(signal.SIGTERM, _leave)
    try:
        heart.tell()
        worker.work(logging_level="WARNING")
    finally:
        hide()
        answering.stop()
        ear.stop()
        examination.stop()
        _give_back(recovery, settings.worker_name)
        heart.stop()
        diary.stop()
        monitor.stop()
        cache.unload_all()
    return worker.stopping


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _complain(error: SpeechError) -> None:
    sys.stderr.write(f"{error.message} {error.next_step or ''}\n")
    sys.stderr.flush()


def _give_back(recovery: Recovery, worker: str) -> None:
    """What was taken and not begun need not wait until somebody misses this worker."""
    try:
        recovery.recover(worker)
    except SpeechError as error:
        log.warning("What is left is given back by others: %s", error.message)


def _describing(
    settings: Settings,
    choice: Choice,
    cache: Cache,
    aligner: LazyAligner,
    monitor: Monitor,
    examination: Examination,
) -> Callable[[str | None], WorkerStatus]:
    started = time.time()

    def describe(job: str | None) -> WorkerStatus:
        trouble = choice.trouble(settings)
        return WorkerStatus(
            name=settings.worker_name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            started_at=started,
            told_at=time.time(),
            engine=choice.info(),
            reason=choice.reason,
            ready=not trouble,
            trouble=trouble,
            job=job,
            queues=list(settings.worker_queues),
            loaded=cache.describe(),
            needs=list(cache.needs()),
            words=choice.description.preview or aligner.ready,
            caches=cache.stats(),
            gpu=monitor.gpu(),
            process=monitor.process(),
            findings=examination.findings,
        )

    return describe


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
