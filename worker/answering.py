"""Answers what the API asks of a worker beside its jobs, in threads of its own."""

import base64
import binascii
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import redis
from pydantic import ValidationError

from shared import asking
from shared.asking import Asked, ReadPrompt, Transcribe
from shared.audio import clip
from shared.connection import Connection
from shared.errors import (
    EngineUnavailable,
    InternalError,
    SpeechError,
    UnreadableVoice,
    WorkerBusy,
)
from shared.settings import Settings
from shared.stores.uploads import UploadStore
from worker.transcribing import Transcriber

_PATIENCE = 1.0
"""Seconds that a thread waits for something to do before it looks whether it shall go on."""
_WAITING = 4
"""Recordings that wait to be written down: whoever asks after them would not wait so long."""

log = logging.getLogger(__name__)


class Answering:
    """Nothing here touches the GPU, so that no job waits for it."""

    def __init__(self, connection: Connection, settings: Settings, uploads: UploadStore) -> None:
        self._redis = connection
        self._settings = settings
        self._uploads = uploads
        self._transcriber = Transcriber(settings)
        self._recordings: queue.Queue[Asked] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._attend, args=[step], name=name, daemon=True)
            for name, step in (("answering", self._listen), ("transcribing", self._write_down))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no further question; the threads end within about a second."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for the threads' end."""
        for thread in self._threads:
            thread.join()

    def _attend(self, step: Callable[[], None]) -> None:
        while not self._stopped.is_set():
            try:
                step()
            except redis.RedisError as error:
                log.warning("Redis does not answer the questions' thread: %s", error)
                self._stopped.wait(_PATIENCE)
            except ValidationError as error:
                log.error("A question was not understood: %s", error)

    def _listen(self) -> None:
        """Take a question. What takes long is left to the other thread, so that a prompt file does
        not wait for a recording."""
        asked = asking.receive(self._redis, _PATIENCE)
        if asked and isinstance(asked.question, Transcribe):
            try:
                self._recordings.put_nowait(asked)
            except queue.Full:
                asking.refuse(self._redis, asked, _busy())
        elif asked:
            self._answer(asked)

    def _write_down(self) -> None:
        try:
            self._answer(self._recordings.get(timeout=_PATIENCE))
        except queue.Empty:
            self._transcriber.rest()

    def _answer(self, asked: Asked) -> None:
        try:
            content = self._content(asked.question)
        except SpeechError as error:
            asking.refuse(self._redis, asked, error)
        except Exception as error:  # whoever asked must learn it, and the next question be heard
            log.exception("A question met a fault.")
            fault = InternalError(f"The worker met a fault of its own ({type(error).__name__}).")
            asking.refuse(self._redis, asked, fault)
        else:
            asking.reply(self._redis, asked, content)

    def _content(self, question: ReadPrompt | Transcribe) -> dict[str, Any]:
        match question:
            case ReadPrompt():
                return self._read_prompt(question)
            case Transcribe():
                samples = clip.loads(self._uploads.read("reference", question.upload))
                return self._transcriber.transcribe(samples, question.language).model_dump()

    def _read_prompt(self, question: ReadPrompt) -> dict[str, Any]:
        read = _reader()
        try:
            data = base64.b64decode(question.file, validate=True)
        except binascii.Error as error:
            raise UnreadableVoice("The prompt file did not arrive whole.") from error
        return {"prompts": read(data, question.checkpoint, self._settings)}


def _busy() -> WorkerBusy:
    return WorkerBusy(f"{_WAITING} recordings wait to be written down already.", retry_after=5.0)


def _reader() -> Callable[[bytes, str | None, Settings], list[dict[str, Any]]]:
    """Raises EngineUnavailable where torch is not installed."""
    try:
        from worker.engine.adopting import convert
    except ImportError as error:
        raise EngineUnavailable(
            f"This worker cannot read prompt files of the qwen-tts package: {error}.",
            hint="`ENGINE=qwen3 make run` installs torch, which reads them.",
        ) from error
    return convert
