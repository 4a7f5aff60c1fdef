"""The worker's ear between jobs: pulls, loads and unloads checkpoints when asked to."""

import logging
import os
import threading
import time
from collections.abc import Callable

import redis
from pydantic import ValidationError

from shared import status
from shared.checkpoints import catalogue, download, folder
from shared.checkpoints.progress import Progress
from shared.connection import Connection
from shared.errors import CheckpointMissing, EnginePoisoned, SpeechError
from shared.settings import Settings
from shared.status import Control, ModelAction
from worker.aligning.aligner import LazyAligner
from worker.engine.cache import Cache
from worker.runner import POISONED

_PATIENCE = 5.0
_NOTE_EVERY = 0.5

log = logging.getLogger(__name__)


class Ear:
    """Listens for control messages in a thread of its own; loading waits for the running job."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        cache: Cache,
        aligner: LazyAligner,
        tell: Callable[[], None],
    ) -> None:
        """`tell` publishes the worker's status anew."""
        self._redis = connection
        self._settings = settings
        self._cache = cache
        self._aligner = aligner
        self._tell = tell
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                message = status.receive(self._redis, self._settings.worker_name, _PATIENCE)
                if message:
                    self._obey(message)
                self._cache.unload_idle()
                self._aligner.rest()
            except redis.RedisError as error:
                log.warning("Redis does not answer the ear: %s", error)
                time.sleep(1)
            except ValidationError as error:
                log.error("A control message was not understood: %s", error)

    def _obey(self, message: Control) -> None:
        self._note(message, "running")
        try:
            done = self._do(message)
        except SpeechError as error:
            log.warning("%s %s: %s", message.action, message.checkpoint, error.message)
            self._note(message, "failed", error.message)
            if isinstance(error, EnginePoisoned):
                # The next life has a sound context; what is queued waits for it.
                os._exit(POISONED)
        except Exception as error:  # whoever asked must learn it, and the ear must go on listening
            log.exception("%s %s met a fault.", message.action, message.checkpoint)
            self._note(message, "failed", f"A fault of the worker ({type(error).__name__}).")
        else:
            self._note(message, "done", done)
            self._tell()

    def _do(self, message: Control) -> str:
        match message.action:
            case "pull":
                return self._pull(message)
            case "load":
                return self._load(message)
            case "unload":
                return "Unloaded." if self._cache.unload(message.checkpoint) else "Was not loaded."
            case "unload_all":
                self._cache.unload_all()
                self._aligner.release()
                return "Unloaded all."
            case "clear_caches":
                self._cache.clear_caches()
                return "All caches are empty."

    def _pull(self, message: Control) -> str:
        last = 0.0

        def report(progress: Progress) -> None:
            nonlocal last
            if time.monotonic() - last > _NOTE_EVERY:
                last = time.monotonic()
                self._note(message, "running", progress.file, progress)

        download.pull(
            catalogue.find(message.checkpoint),
            self._settings.models_dir,
            self._settings,
            report,
            self._stopped.is_set,
        )
        return "Downloaded and verified."

    def _load(self, message: Control) -> str:
        entry = folder.entry(self._settings.models_dir, message.checkpoint)
        if entry.presence.state != "present":
            raise CheckpointMissing(
                f"The checkpoint {entry.id} is {entry.presence.state} on this machine."
            )
        self._cache.load(entry.id, entry.folder)
        return "Loaded."

    def _note(
        self, message: Control, state: str, text: str = "", progress: Progress | None = None
    ) -> None:
        """`progress` is that of a download."""
        action = ModelAction.model_validate(
            {
                "action": message.action,
                "state": state,
                "message": text,
                "done_bytes": progress.done_bytes if progress else 0,
                "total_bytes": progress.total_bytes if progress else 0,
                "rate": progress.rate if progress else 0.0,
            }
        )
        status.note(self._redis, self._settings.worker_name, message.checkpoint, action)
