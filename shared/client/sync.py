"""The blocking client."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from shared.audio.pcm import SAMPLE_RATE
from shared.batches import BatchView
from shared.client import calls, faults, frames, live
from shared.client.address import LOCAL, from_environment, headers, socket_address
from shared.client.call import NO_FILES, Call, File
from shared.client.faults import ServiceUnreachable
from shared.client.files import whole
from shared.client.frames import Frame
from shared.client.live import LiveMessage
from shared.client.patience import Repeats
from shared.emotions import Emotion
from shared.errors import SpeechError
from shared.events import Fault, Waiting
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.requests.declared import Format, UploadKind
from shared.stores.cleanup import Cleaned, Emptied, Restored
from shared.stores.listing import Disk, Facets, Output, Page, TrashPage
from shared.stores.presets import Preset, PresetPage
from shared.stores.uploads import Upload
from shared.views import (
    Accepted,
    Grain,
    History,
    JobPage,
    LinePage,
    LineView,
    ModelView,
    Readiness,
    SpeakerView,
    Status,
    TaskView,
    TimingsView,
    TranscriptView,
    WaveformView,
)
from shared.voices.view import VoicePage, VoiceView
from shared.webhooks.webhook import Webhook

Answer = TypeVar("Answer")
Result = TypeVar("Result")


class Listening:
    """A job being heard: iterate for audio (bytes) and messages; `cancel` stops the job."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def __iter__(self) -> Iterator[Frame | bytes]:
        """Until the end. Raises what the service refused, or ServiceUnreachable when it is gone."""
        refusal: SpeechError | None = None
        try:
            for packet in self._socket:
                frame = frames.read(packet)
                if isinstance(frame, Fault):
                    refusal = faults.from_body(frame.error)
                yield frame
        except ConnectionClosed as error:
            raise refusal or faults.broken(error) from error

    def cancel(self) -> None:
        """Stop the job; `End` follows."""
        with suppress(ConnectionClosed):  # it has ended already, or iterating says why it broke
            self._socket.send(frames.CANCEL)


class Live:
    """A text that is spoken while it is written: `say` it, and iterate for sound and messages.

    Whoever does not iterate for a minute while there is sound is let go; `feed` lets text come
    while sound is heard.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._fed_wrong: Exception | None = None

    def __iter__(self) -> Iterator[LiveMessage | bytes]:
        """Until the end. Raises what the service refused, ServiceUnreachable when it is gone, and
        at the end what went wrong with the pieces that it was fed."""
        refusal: SpeechError | None = None
        try:
            for packet in self._socket:
                message = live.read(packet)
                if isinstance(message, live.Failed) and message.utterance is None:
                    refusal = faults.from_body(message.error)
                yield message
        except ConnectionClosed as error:
            raise refusal or faults.broken(error) from error
        if self._fed_wrong:
            raise self._fed_wrong

    def say(self, text: str) -> None:
        """More text, cut anywhere."""
        for message in live.say(text):
            self._send(message)

    def feed(self, pieces: Iterable[str]) -> None:
        """Say pieces as they come, in a thread of its own, then finish; iterate meanwhile."""

        def run() -> None:
            try:
                for piece in pieces:
                    self.say(piece)
            except Exception as error:  # raised where it is iterated
                self._fed_wrong = error
            self.finish()

        Thread(target=run, name="feed", daemon=True).start()

    def flush(self) -> None:
        """Speak what has no end yet."""
        self._send(live.FLUSH)

    def commit(self) -> None:
        """Speak what has no end yet; what follows is another utterance."""
        self._send(live.COMMIT)

    def cancel(self) -> None:
        """Stop what is spoken, and forget what waits."""
        self._send(live.CANCEL)

    def finish(self) -> None:
        """Say that no more text comes."""
        self._send(live.FINISH)

    def _send(self, message: str) -> None:
        with suppress(ConnectionClosed):  # it has ended already, or iterating says why it broke
            self._socket.send(message)


class Client:
    """The service as seen from Python; every method raises the service's own errors."""

    def __init__(
        self, url: str = LOCAL, api_key: str = "", *, timeout: float = 30, patience: float = 0
    ) -> None:
        """`timeout`: seconds to connect and to send; an answer may take as long as it takes.

        `patience`: seconds for which a call is sent again that found no room (429, 503) or nobody
        there, each time after what `Retry-After` says. What might have been carried out is only
        repeated where that is safe; jobs get an idempotency key for it.
        """
        self._url = url.rstrip("/")
        self._headers = headers(api_key)
        self._patience = patience
        self._http = httpx.Client(
            base_url=self._url, headers=self._headers, timeout=httpx.Timeout(timeout, read=None)
        )

    @classmethod
    def from_environment(cls, *, timeout: float = 30, patience: float = 0) -> Self:
        """The service that `API_URL` and `API_KEY` name; without them, the one on this machine."""
        url, api_key = from_environment()
        return cls(url, api_key, timeout=timeout, patience=patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go; the last thing to do with it, unless `with` does."""
        self._http.close()

    # --- speech in one call ---

    @overload
    def speak(
        self,
        text: str,
        voice: str | None = None,
        path: None = None,
        *,
        format: Format | None = None,
        reference: File | None = None,
        **fields: Any,
    ) -> bytes: ...

    @overload
    def speak(
        self,
        text: str,
        voice: str | None,
        path: Path,
        *,
        format: Format | None = None,
        reference: File | None = None,
        **fields: Any,
    ) -> Path: ...

    @overload
    def speak(
        self,
        text: str,
        voice: str | None = None,
        *,
        path: Path,
        format: Format | None = None,
        reference: File | None = None,
        **fields: Any,
    ) -> Path: ...

    def speak(
        self,
        text: str,
        voice: str | None = None,
        path: Path | None = None,
        *,
        format: Format | None = None,
        reference: File | None = None,
        **fields: Any,
    ) -> bytes | Path:
        """A text as sound, or in a file at `path`, whose ending then says the format.

        `voice` is a speaker or a voice of the library, `reference` a recording of one; `fields` are
        those of `POST /tts`: `language`, `instruct`, `emotion`, `speed`, `seed`, `transcript`.
        """
        call = calls.speech(text, voice, format or calls.format_of(path), reference, fields)
        if path is None:
            return self._do(call)
        self._save(call, path)
        return path

    def hear(
        self,
        text: str,
        voice: str | None = None,
        *,
        format: Format = "pcm",
        reference: File | None = None,
        **fields: Any,
    ) -> Iterator[bytes]:
        """A text as sound while it is made, as `speak`; whoever stops iterating stops the job."""
        call = calls.speech(text, voice, format, reference, fields, stream=True)
        with self._open(call) as response:
            yield from response.iter_bytes()

    def narrate(
        self,
        document: Path | str,
        path: Path | None = None,
        *,
        progress: Callable[[Waiting], object] | None = None,
        idempotency_key: str | None = None,
        **request: Any,
    ) -> JobView:
        """Let a document be read, a file or the text itself, and wait; with `path`, write it there.

        `request` are the fields of `narration`. Raises the job's own error.
        """
        asked = calls.narration(document, path, request)
        files = {"source": document} if isinstance(document, Path) else NO_FILES
        job = self.submit("narration", asked, idempotency_key=idempotency_key, files=files)
        job = self.finish(job.id, progress)
        if path:
            self.download(job.id, path)
        return job

    # --- jobs ---

    def submit(
        self,
        task: str,
        request: dict[str, Any],
        priority: str | None = None,
        idempotency_key: str | None = None,
        files: Mapping[str, File] = NO_FILES,
        webhook: Webhook | str | None = None,
    ) -> JobView:
        """Start a job; a file takes the place of the field that it is named after. `webhook`, an
        address, is told of its end."""
        key = self._key(idempotency_key)
        return self._do(calls.submit(task, request, priority, key, files, webhook))

    def submit_batch(
        self,
        items: Sequence[Mapping[str, Any]],
        defaults: Mapping[str, Any] | None = None,
        partial: bool = False,
        webhook: Webhook | str | None = None,
        idempotency_key: str | None = None,
    ) -> BatchView:
        """Start many jobs: all or none, or with `partial` those that can be. An item has a
        `request`, and may have a `task`, an `id` of yours and a `priority`; `defaults` are fields
        of every request."""
        key = self._key(idempotency_key)
        return self._do(calls.submit_batch(items, defaults, partial, webhook, key))

    def batch(self, batch_id: str) -> BatchView:
        """Which jobs a batch has, and how those ended that have."""
        return self._do(calls.batch(batch_id))

    def plan(
        self, task: str, request: dict[str, Any], files: Mapping[str, File] = NO_FILES
    ) -> PlanView:
        """What a pipeline would speak, without speaking; its `id` can be sent as `plan`."""
        return self._do(calls.plan(task, request, files))

    def job(self, job_id: str) -> JobView:
        """A job as it is now."""
        return self._do(calls.job(job_id))

    def jobs(self, **query: Any) -> JobPage:
        """Jobs, the newest first: `state`, `task`, `active`, `limit`, `before` narrow them."""
        return self._do(calls.jobs(**query))

    def cancel(self, job_id: str) -> JobView:
        """Stop a job: at once while it waits, at the next frame while it runs."""
        return self._do(calls.cancel(job_id))

    def again(self, job_id: str, idempotency_key: str | None = None) -> JobView:
        """The same request with the same seed once more, as another job."""
        return self._do(calls.again(job_id, self._key(idempotency_key)))

    def pause(self, job_id: str) -> JobView:
        """Let a pipeline rest, once its present line is spoken."""
        return self._do(calls.pause(job_id))

    def resume(self, job_id: str, idempotency_key: str | None = None) -> JobView:
        """Go on with a paused job; with one that failed or was cancelled, as another job."""
        return self._do(calls.resume(job_id, self._key(idempotency_key)))

    def retry(self, job_id: str, idempotency_key: str | None = None) -> JobView:
        """A job that failed or was cancelled once more, as another job with the same seed; of a
        pipeline, the lines that were spoken are taken over."""
        return self._do(calls.retry(job_id, self._key(idempotency_key)))

    def wait(self, job_id: str, progress: Callable[[Waiting], object] | None = None) -> JobView:
        """The job once it has ended, however it ended; `progress` hears how far it is meanwhile."""
        repeats = Repeats.of(calls.events(job_id), self._patience)
        while True:
            try:
                for frame in self.events(job_id):
                    repeats.reset()
                    if progress and isinstance(frame, Waiting):
                        progress(frame)
                if (job := self.job(job_id)).state.terminal:
                    return job
                raise ServiceUnreachable("The service stopped telling of the job.")
            except ServiceUnreachable as error:
                time.sleep(repeats.pause(error))

    def finish(self, job_id: str, progress: Callable[[Waiting], object] | None = None) -> JobView:
        """As `wait`, of a job that is to succeed. Raises the job's own error, or JobFailed."""
        return faults.require_success(self.wait(job_id, progress))

    def events(self, job_id: str) -> Iterator[Frame]:
        """What happens to a job, until its end."""
        call = calls.events(job_id)
        with self._open(call) as response:
            for line in response.iter_lines():
                if (event := frames.read_event(line)) is not None:
                    yield event

    # --- sound ---

    def audio(self, job_id: str, format: Format | None = None) -> bytes:
        """What a job has made, in its own format or another."""
        return self._do(calls.audio(job_id, format))

    @contextmanager
    def part(self, whole: Call[bytes], span: str | None = None) -> Generator[httpx.Response]:
        """The service's own answer to a call for bytes, or what a Range header (`span`) names."""
        with self._open(calls.part(whole, span)) as response:
            yield response

    def follow(self, job_id: str, format: Format = "wav") -> Iterator[bytes]:
        """The audio of a job while it grows."""
        with self._open(calls.audio(job_id, format, follow=True)) as response:
            yield from response.iter_bytes()

    def download(self, job_id: str, path: Path, name: str | None = None) -> None:
        """Write a job's audio, or the file called `name`, to `path`."""
        call = calls.file(job_id, name) if name else calls.audio(job_id)
        self._save(call, path)

    @contextmanager
    def stream(
        self,
        task: str,
        request: dict[str, Any],
        format: Format = "pcm",
        priority: str | None = None,
        files: Mapping[str, File] = NO_FILES,
    ) -> Generator[Listening]:
        """Start a job and hear it; files are sent before, as a WebSocket takes none."""
        uploaded = self._upload_all(task, files)
        with self._connect("/v1/stream") as socket:
            socket.send(frames.start(task, request | uploaded, format, priority))
            yield Listening(socket)

    @contextmanager
    def attach(
        self, job_id: str, after: int = 0, format: Format = "pcm", take: int | None = None
    ) -> Generator[Listening]:
        """Hear a job from sample `after` on, late or again."""
        query = {"after": after, "format": format} | ({} if take is None else {"take": take})
        with self._connect(calls.attach(job_id), query) as socket:
            yield Listening(socket)

    @contextmanager
    def live(
        self,
        request: dict[str, Any] | None = None,
        voice: str | None = None,
        task: str | None = None,
        format: Format = "pcm",
        speed: float = 1.0,
        sample_rate: int = SAMPLE_RATE,
    ) -> Generator[Live]:
        """Speak a text while it is written; `request` is that of a job, without its text."""
        with self._connect("/v1/live") as socket:
            with suppress(ConnectionClosed):  # iterating says why
                socket.send(live.start(task, request or {}, voice, format, speed, sample_rate))
            yield Live(socket)

    # --- files to send ---

    def upload(self, kind: UploadKind, file: File) -> Upload:
        """Send a file before the request that it belongs to, which then names its id."""
        return self._do(calls.upload(kind, file))

    def upload_output(self, kind: UploadKind, job_id: str, name: str) -> Upload:
        """Take a file of a job's result as if it had been sent."""
        return self._do(calls.upload_output(kind, job_id, name))

    def uploaded(self, kind: UploadKind, upload_id: str) -> Upload:
        """What is known of a file that was sent."""
        return self._do(calls.uploaded(kind, upload_id))

    # --- voices ---

    def voices(self, **query: Any) -> VoicePage:
        """Those of the library; `q`, `tag`, `language` and `kind` narrow it."""
        return self._do(calls.voices(**query))

    def voice(self, voice_id: str) -> VoiceView:
        """A voice of the library."""
        return self._do(calls.voice(voice_id))

    def create_voice(self, fields: dict[str, Any], reference: File | None = None) -> VoiceView:
        """Make a voice from a recording, from `from_job` and `candidate`, or from `mix`."""
        return self._do(calls.create_voice(fields, reference))

    def change_voice(self, voice_id: str, **changes: Any) -> VoiceView:
        """Change its `name`, `description`, `tags`, `settings` and what else is given."""
        return self._do(calls.change_voice(voice_id, changes))

    def delete_voice(self, voice_id: str) -> None:
        """Delete a voice for good; a preset speaker is put back to how it came."""
        self._do(calls.delete_voice(voice_id))

    def voice_sample(self, voice_id: str) -> bytes:
        """What there is to listen to, as a WAV."""
        return self._do(calls.voice_sample(voice_id))

    def read_sample(self, voice_id: str, idempotency_key: str | None = None) -> JobView:
        """Let a voice read its sentence; `set_voice_sample` keeps what comes of it."""
        return self._do(calls.read_sample(voice_id, self._key(idempotency_key)))

    def set_voice_sample(self, voice_id: str, job_id: str) -> VoiceView:
        """Let the sound of a job be what one listens to."""
        return self._do(calls.set_voice_sample(voice_id, job_id))

    def voice_clip(self, voice_id: str, name: str) -> bytes:
        """A recording that the voice is made from, as a WAV."""
        return self._do(calls.voice_clip(voice_id, name))

    def set_voice_clip(
        self, voice_id: str, emotion: str, reference: File, transcript: str | None = None
    ) -> VoiceView:
        """Add or replace the recording of a mood."""
        return self._do(calls.set_voice_clip(voice_id, emotion, reference, transcript))

    def remove_voice_clip(self, voice_id: str, emotion: str) -> VoiceView:
        """Delete the recording of a mood."""
        return self._do(calls.remove_voice_clip(voice_id, emotion))

    def export_voice(self, voice_id: str, path: Path) -> None:
        """Write a voice to `path`, as one zip."""
        self._save(calls.export_voice(voice_id), path)

    def import_voice(
        self, file: File, name: str | None = None, checkpoint: str | None = None
    ) -> VoiceView:
        """Add a voice from a zip, or from a prompt file of the qwen-tts package."""
        return self._do(calls.import_voice(file, name, checkpoint))

    def transcribe(self, upload_id: str, language: str | None = None) -> TranscriptView:
        """Write down what a reference says that was sent."""
        return self._do(calls.transcribe(upload_id, language))

    def emotions(self) -> list[Emotion]:
        """The moods that `emotion` can name."""
        return self._do(calls.emotions())

    # --- presets ---

    def presets(self) -> PresetPage:
        """All presets by the alphabet."""
        return self._do(calls.presets())

    def preset(self, name: str) -> Preset:
        """Settings that have a name."""
        return self._do(calls.preset(name))

    def save_preset(self, name: str, task: str, request: dict[str, Any]) -> Preset:
        """Keep settings under a name that is still free."""
        return self._do(calls.save_preset(name, task, request))

    def replace_preset(self, name: str, task: str, request: dict[str, Any]) -> Preset:
        """Keep other settings under that name."""
        return self._do(calls.replace_preset(name, task, request))

    def delete_preset(self, name: str) -> None:
        """Forget a preset; jobs that were sent with it have its settings already."""
        self._do(calls.delete_preset(name))

    # --- outputs ---

    def outputs(self, **query: Any) -> Page:
        """A page of what was made: `q`, `task`, `voice`, `tag`, `starred`, `since`, `until`,
        `sort`, `limit`, `cursor`."""
        return self._do(calls.outputs(**query))

    def output(self, run: str) -> Output:
        """One output, with the request that made it."""
        return self._do(calls.output(run))

    def mark(self, run: str, **marks: Any) -> Output:
        """Change its `title`, `starred` or `tags`; what is left out stays as it is."""
        return self._do(calls.mark(run, **marks))

    def discard(self, run: str) -> None:
        """Move an output into the trash."""
        self._do(calls.discard(run))

    def restore(self, run: str) -> Output:
        """Take an output out of the trash."""
        return self._do(calls.restore(run))

    def restore_all(self, runs: list[str]) -> Restored:
        """Take outputs out of the trash, 10,000 at most."""
        return self._do(calls.restore_all(runs))

    def facets(self) -> Facets:
        """What outputs can be filtered by."""
        return self._do(calls.facets())

    def usage(self) -> Disk:
        """What outputs and trash take, and the rules by which they go."""
        return self._do(calls.usage())

    def clean(self, older_than_days: float, **rule: Any) -> Cleaned:
        """What would go into the trash; with `preview=False`, let it go. `rule` may narrow it:
        `task`, `larger_than_bytes`, `keep_starred`."""
        return self._do(calls.clean(older_than_days=older_than_days, **rule))

    def trash(self, limit: int = 50) -> TrashPage:
        """The outputs that were thrown away last."""
        return self._do(calls.trash(limit))

    def empty_trash(self) -> Emptied:
        """Delete for good what lies in the trash."""
        return self._do(calls.empty_trash())

    def archive(self, runs: list[str], path: Path) -> None:
        """Write all files of outputs, 100 at most, to `path` as one zip."""
        self._save(calls.archives(runs), path)

    def timings(self, job_id: str, level: Grain = "segment") -> TimingsView:
        """When what is heard in a job that succeeded; words where they were asked for with
        `words=True` and could be timed. Raises NoWordTimes, AudioNotReady and NoAudio."""
        return self._do(calls.timings(job_id, level))

    def subtitles(
        self, job_id: str, format: Literal["srt", "vtt"] = "srt", level: Grain = "segment"
    ) -> str:
        """The same as subtitles; those of words have a few in each cue."""
        return self._do(calls.subtitles(job_id, format, level))

    def waveform(self, run: str, points: int = 600) -> WaveformView:
        """What the recording of an output looks like, in at most `points` peaks."""
        return self._do(calls.waveform(run, points))

    # --- lines of outputs ---

    def lines(self, output: str, after: int = 0, limit: int = 200, **wanted: Any) -> LinePage:
        """What a pipeline has spoken, from the line after `after` on; only lines as `wanted`:
        `speaker`, `q`, `state`, `faulty`, `strained`, `takes` (as many or more)."""
        return self._do(calls.lines(output, after, limit, **wanted))

    def line(self, output: str, number: int) -> LineView:
        """A line with its takes."""
        return self._do(calls.line(output, number))

    def retake(self, output: str, number: int, **changes: Any) -> JobView:
        """Speak a line again, with another `seed`, `text`, `instruct`, `emotion`, `voice` or
        `speed`."""
        return self._do(calls.retake(output, number, changes))

    def choose(self, output: str, number: int, take: int) -> LinePage:
        """Let a take be heard; `assembly` tells when the recording is of it."""
        return self._do(calls.choose(output, number, take))

    # --- the service ---

    def tasks(self) -> list[TaskView]:
        """Every task and pipeline, with the schema of its request."""
        return self._do(calls.tasks())

    def speakers(self) -> list[SpeakerView]:
        """The preset speakers."""
        return self._do(calls.speakers())

    def models(self) -> list[ModelView]:
        """The checkpoints, what lies on disk, and who has loaded them."""
        return self._do(calls.models())

    def model(self, checkpoint: str) -> ModelView:
        """One checkpoint, or the aligner, and what a worker last did with it."""
        return self._do(calls.model(checkpoint))

    def pull(self, checkpoint: str) -> Accepted:
        """Let a worker download a checkpoint."""
        return self._do(calls.change_model(checkpoint, "pull"))

    def load(self, checkpoint: str) -> Accepted:
        """Let a worker load a checkpoint."""
        return self._do(calls.change_model(checkpoint, "load"))

    def unload(self, checkpoint: str) -> Accepted:
        """Let a worker give the memory of a checkpoint back."""
        return self._do(calls.change_model(checkpoint, "unload"))

    def unload_all(self) -> Accepted:
        """Let every worker unload all its checkpoints."""
        return self._do(calls.unload_all())

    def clear_caches(self) -> Accepted:
        """Let every worker forget prompts, instructs and codes."""
        return self._do(calls.clear_caches())

    def status(self) -> Status:
        """Workers, engines, queue and disk."""
        return self._do(calls.status())

    def history(self, minutes: int = 60, points: int = 120) -> History:
        """Load and pace over the last minutes, a day at most."""
        return self._do(calls.history(minutes, points))

    def ready(self) -> Readiness:
        """Whether a job sent now would be spoken; an answer too where it would not."""
        return self._do(calls.ready())

    # --- carrying out ---

    def _upload_all(self, task: str, files: Mapping[str, File]) -> dict[str, str]:
        """Send the files of a request; what takes their places in it."""
        kinds = calls.kinds(task, files)
        return {name: self.upload(kinds[name], file).id for name, file in files.items()}

    def _save(self, call: Call[bytes], path: Path) -> None:
        with self._open(call) as response, whole(path) as target:
            for block in response.iter_bytes():
                target.write(block)

    def _key(self, given: str | None) -> str | None:
        """The key of a job, so that sending it again does no harm."""
        return given or (str(uuid4()) if self._patience else None)

    def _do(self, call: Call[Answer]) -> Answer:
        repeats = Repeats.of(call, self._patience)
        return self._patiently(repeats, lambda: self._read(call))

    def _read(self, call: Call[Answer]) -> Answer:
        with self._sent(call) as response:
            return call.read(response.read())

    @contextmanager
    def _open(self, call: Call[Any]) -> Generator[httpx.Response]:
        """An answer to be read piece by piece."""
        repeats = Repeats.of(call, self._patience)
        with ExitStack() as opened:
            yield self._patiently(repeats, lambda: opened.enter_context(self._sent(call)))

    def _patiently(self, repeats: Repeats, attempt: Callable[[], Result]) -> Result:
        while True:
            try:
                return attempt()
            except SpeechError as error:
                time.sleep(repeats.pause(error))

    @contextmanager
    def _sent(self, call: Call[Any]) -> Generator[httpx.Response]:
        try:
            with (
                call.content() as content,
                self._http.stream(
                    call.method, call.path, params=call.query, headers=call.headers, **content
                ) as response,
            ):
                if response.is_error and response.status_code not in call.accept:
                    response.read()
                    raise faults.from_http(response)
                yield response
        except httpx.TransportError as error:
            raise faults.unreachable(self._url, error) from error

    @contextmanager
    def _connect(
        self, path: str, query: dict[str, Any] | None = None
    ) -> Generator[ClientConnection]:
        address = socket_address(self._url, path, query)
        socket = self._patiently(Repeats(self._patience), lambda: self._dialled(address))
        with socket:
            yield socket

    def _dialled(self, address: str) -> ClientConnection:
        try:
            return connect(address, additional_headers=self._headers, max_size=None)
        except InvalidStatus as error:
            raise faults.from_handshake(error) from error
        except (OSError, WebSocketException) as error:
            raise faults.unreachable(self._url, error) from error
