"""The process that makes plans: what a document does to it, it does not do to the service.

Its memory and its time are limited, it gives way to what speaks, and it ends with us.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from shared import receiving
from shared.errors import PlannersBusy, PlanningFailed, ServiceStopping, UnreadablePicture
from shared.plans import planning
from shared.plans.directory import Directory
from shared.plans.planning import Document
from shared.requests.narration import Narration
from shared.requests.pipeline import Pipeline
from shared.resolution import Files

MEMORY = 2 << 30
"""Bytes of address space that making a plan may take, beside the program itself."""
SECONDS = 120.0
"""That one plan may take; a novel takes two."""
MOST_WAITING = 4
"""Plans that wait for the one that is being made; each keeps a thread waiting too."""
_SOON = 10.0
"""Seconds after which one of them may be done."""
_MEANNESS = 10
"""Added to the niceness of the process: the engine goes before."""
_STATM = Path("/proc/self/statm")

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Planners:
    """One child process, started with the first plan, and anew when it had to be ended."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._places = threading.BoundedSemaphore(1 + MOST_WAITING)
        self._turn = threading.Lock()
        self._change = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._starting: Future[int] = Future()
        self._child: int | None = None
        self._closed = False

    def run(self, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        """What `work`, a function of a module, makes of these arguments in the child.

        Raises what `work` raises; PlanningFailed if it takes too much memory or time, or breaks the
        child; PlannersBusy; ServiceStopping.
        """
        if not self._places.acquire(blocking=False):
            raise PlannersBusy(
                f"{MOST_WAITING} documents wait for their plan already.", retry_after=_SOON
            )
        try:
            with self._turn:
                return self._run(work, *given, **named)
        finally:
            self._places.release()

    def close(self) -> None:
        """End the child, whatever it is at; nothing is made after it."""
        self._closed = True
        self._end(kill=True)

    def _run(self, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        try:
            making = self._submitted(work, *given, **named)
            return making.result(self._seconds)
        except TimeoutError as error:
            self._end(kill=True)
            raise PlanningFailed(
                f"Making the plan took longer than {self._seconds:g} seconds."
            ) from error
        except MemoryError as error:
            self._end(kill=True)
            raise PlanningFailed("Making the plan took more memory than it may.") from error
        except (BrokenProcessPool, CancelledError) as error:
            self._end()
            if self._closed:
                raise _stopping() from error
            raise PlanningFailed("The program that makes plans broke down.") from error

    def _submitted(
        self, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs
    ) -> Future[Made]:
        try:
            return self._started().submit(work, *given, **named)
        except BrokenProcessPool:  # it died since the last plan, so not of this one
            self._end()
            return self._started().submit(work, *given, **named)

    def _started(self) -> ProcessPoolExecutor:
        with self._change:
            if self._closed:
                raise _stopping()
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    max_workers=1,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin,
                    initargs=(self._memory,),
                )
                self._starting = self._pool.submit(os.getpid)
            pool, starting = self._pool, self._starting
        self._child = starting.result()
        return pool

    def _end(self, kill: bool = False) -> None:
        """End the child; the next plan starts another."""
        with self._change:
            pool, self._pool = self._pool, None
            child, self._child = self._child, None
        if kill and child is not None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        if pool:
            pool.shutdown(cancel_futures=True)


def make_plan(request: Pipeline, document: Document, directory: Directory) -> Files:
    """The plan of a document, and the cover that is in it, by field: work for the child.

    Raises what `planning.plan` raises.
    """
    made = planning.plan(request, document, directory)
    cover: Files = {}
    if isinstance(request, Narration) and request.cover is None:
        try:
            cover = find_cover(document)
        except UnreadablePicture as error:
            warning = f"The cover of the book is left out: {error.message}"
            made = made.model_copy(update={"warnings": [*made.warnings, warning]})
    return {**cover, "plan": receiving.plan(made)}


def find_cover(document: Document) -> Files:
    """The cover of a book, by field, if it has one: work for the child.

    Raises UnreadableDocument and UnreadablePicture.
    """
    from shared.plans import narration  # it reads every kind of book, which only the child does

    cover = narration.cover_of(document)
    return {"cover": receiving.cover(cover)} if cover else {}


def _stopping() -> ServiceStopping:
    return ServiceStopping("The service was told to stop.")


def _begin(memory: int) -> None:
    """What the child does first: it gives up what planning does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too; our parent ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "win32":
        return
    import resource

    os.nice(_MEANNESS)
    limits = {resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = _address_space() + memory
    for kind, most in limits.items():
        _, already = resource.getrlimit(kind)
        if already == resource.RLIM_INFINITY or already > most:
            resource.setrlimit(kind, (most, most))


def _address_space() -> int:
    """Bytes that this process has mapped already."""
    return int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _end_with_parent() -> None:
    """A parent that was killed tells nobody, and the child would wait for work forever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
