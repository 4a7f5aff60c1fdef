"""Recordings assembled anew, beside the requests: in a process of its own, one after the other."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from api.planners import Planners
from shared.assembly.renewing import renew_in
from shared.errors import PlanningFailed, ServiceStopping, SpeechError

State = Literal["done", "running", "failed"]

_SECONDS = 3_600.0
"""That an assembly may take; an hour of sound takes about one minute."""
_MEMORY = 4 << 30

_BROKEN = "The recording could not be assembled again."

log = logging.getLogger(__name__)


class Assembling:
    """The assemblies that this API process has begun; what is left undone, anyone can begin."""

    def __init__(self, outputs: Path) -> None:
        self._outputs = outputs
        self._child = Planners(_SECONDS, _MEMORY)
        self._threads = ThreadPoolExecutor(1, "assembling")
        self._lock = threading.Lock()
        self._begun: dict[str, Future[None]] = {}

    def begin(self, run: str) -> Future[None]:
        """Let an output's recording follow its choices, once what is being assembled is done.

        One that runs already may have looked at the choices for the last time.
        """
        with self._lock:
            begun = self._begun.get(run)
            if begun is None or begun.running() or begun.done():
                begun = self._begun[run] = self._threads.submit(self._renew, run)
            return begun

    def state(self, run: str, stale: bool) -> tuple[State, str]:
        """How the recording of an output is, and what went wrong; begins what is left undone."""
        with self._lock:
            begun = self._begun.get(run)
            ended = begun if begun and begun.done() else None
            if ended and not stale:
                del self._begun[run]
        if not stale:
            return "done", ""
        if ended and (error := ended.exception()):
            return "failed", error.message if isinstance(error, SpeechError) else _BROKEN
        if ended or begun is None:
            self.begin(run)
        return "running", ""

    def close(self) -> None:
        """End what is being assembled: whoever looks next begins it again."""
        self._child.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _renew(self, run: str) -> None:
        try:
            self._child.run(renew_in, self._outputs, run)
        except ServiceStopping:
            raise
        except PlanningFailed as error:
            log.warning("Output %s was not assembled: %s", run, error.message)
            raise PlanningFailed(_BROKEN) from error
        except SpeechError as error:
            log.warning("Output %s was not assembled: %s", run, error.message)
            raise
        except Exception:  # the thread goes on with the next output
            log.exception("Output %s was not assembled.", run)
            raise
