"""The client for event loops; method for method that of `sync`, which a test holds it to."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from shared.client import calls, faults, frames
from shared.client.address import headers, socket_address
from shared.client.call import NO_FILES, Call, File
from shared.client.files import whole
from shared.client.frames import Frame
from shared.emotions import Emotion
from shared.errors import SpeechError
from shared.events import Fault
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.requests.declared import Format, UploadKind
from shared.stores.cleanup import Cleaned, Emptied, Restored
from shared.stores.listing import Disk, Facets, Output, Page, TrashPage
from shared.stores.presets import Preset, PresetPage
from shared.stores.uploads import Upload
from shared.views import (
    Accepted,
    History,
    JobPage,
    LinePage,
    LineView,
    ModelView,
    Readiness,
    SpeakerView,
    Status,
    TaskView,
    TranscriptView,
    WaveformView,
)
from shared.voices.view import VoicePage, VoiceView

Answer = TypeVar("Answer")
_TIMEOUT = httpx.Timeout(30, read=None)


class AsyncListening:
    """A job being heard: iterate for audio (bytes) and messages; `cancel` stops the job."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def __aiter__(self) -> AsyncIterator[Frame | bytes]:
        """Until the end. Raises what the service refused, or ServiceUnreachable when it is gone."""
        refusal: SpeechError | None = None
        try:
            async for packet in self._socket:
                frame = frames.read(packet)
                if isinstance(frame, Fault):
                    refusal = faults.from_body(frame.error)
                yield frame
        except ConnectionClosed as error:
            raise refusal or faults.broken(error) from error

    async def cancel(self) -> None:
        """Stop the job; `End` follows."""
        with suppress(ConnectionClosed):  # it has ended already, or iterating says why it broke
            await self._socket.send(frames.CANCEL)


class AsyncClient:
    """The service as seen from Python; every method raises the service's own errors."""

    def __init__(self, url: str = "http://127.0.0.1:8000", api_key: str = "") -> None:
        self._url = url.rstrip("/")
        self._headers = headers(api_key)
        self._http = httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # --- jobs ---

    async def submit(
        self,
        task: str,
        request: dict[str, Any],
        priority: str | None = None,
        idempotency_key: str | None = None,
        files: Mapping[str, File] = NO_FILES,
    ) -> JobView:
        """Start a job; a file takes the place of the field that it is named after."""
        return await self._do(calls.submit(task, request, priority, idempotency_key, files))

    async def plan(
        self, task: str, request: dict[str, Any], files: Mapping[str, File] = NO_FILES
    ) -> PlanView:
        """What a pipeline would speak, without speaking; its `id` can be sent as `plan`."""
        return await self._do(calls.plan(task, request, files))

    async def job(self, job_id: str) -> JobView:
        return await self._do(calls.job(job_id))

    async def jobs(self, **query: Any) -> JobPage:
        return await self._do(calls.jobs(**query))

    async def cancel(self, job_id: str) -> JobView:
        return await self._do(calls.cancel(job_id))

    async def again(self, job_id: str) -> JobView:
        return await self._do(calls.again(job_id))

    async def pause(self, job_id: str) -> JobView:
        """Let a pipeline rest, once its present line is spoken."""
        return await self._do(calls.pause(job_id))

    async def resume(self, job_id: str) -> JobView:
        """Go on with a paused job; with one that failed or was cancelled, as another job."""
        return await self._do(calls.resume(job_id))

    async def retry(self, job_id: str, idempotency_key: str | None = None) -> JobView:
        """A job that failed or was cancelled once more, as another job with the same seed; of a
        pipeline, the lines that were spoken are taken over."""
        return await self._do(calls.retry(job_id, idempotency_key))

    async def wait(self, job_id: str) -> JobView:
        """The job once it has ended, however it ended."""
        async for _ in self.events(job_id):
            pass
        return await self.job(job_id)

    async def events(self, job_id: str) -> AsyncIterator[Frame]:
        """What happens to a job, until its end."""
        call = calls.events(job_id)
        async with self._open(call) as response:
            async for line in response.aiter_lines():
                if (event := frames.read_event(line)) is not None:
                    yield event

    # --- sound ---

    async def audio(self, job_id: str, format: Format | None = None) -> bytes:
        return await self._do(calls.audio(job_id, format))

    @asynccontextmanager
    async def part(
        self, whole: Call[bytes], span: str | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """The service's own answer to a call for bytes, or what a Range header (`span`) names."""
        async with self._open(calls.part(whole, span)) as response:
            yield response

    async def follow(self, job_id: str, format: Format = "wav") -> AsyncIterator[bytes]:
        """The audio of a job while it grows."""
        async with self._open(calls.audio(job_id, format, follow=True)) as response:
            async for block in response.aiter_bytes():
                yield block

    async def download(self, job_id: str, path: Path, name: str | None = None) -> None:
        """Write a job's audio, or the file called `name`, to `path`."""
        call = calls.file(job_id, name) if name else calls.audio(job_id)
        async with self._open(call) as response:
            with whole(path) as target:
                async for block in response.aiter_bytes():
                    target.write(block)

    @asynccontextmanager
    async def stream(
        self,
        task: str,
        request: dict[str, Any],
        format: Format = "pcm",
        priority: str | None = None,
        files: Mapping[str, File] = NO_FILES,
    ) -> AsyncGenerator[AsyncListening]:
        """Start a job and hear it; files are sent before, as a WebSocket takes none."""
        uploaded = await self._upload_all(task, files)
        async with self._connect("/v1/stream") as socket:
            await socket.send(frames.start(task, request | uploaded, format, priority))
            yield AsyncListening(socket)

    @asynccontextmanager
    async def attach(
        self, job_id: str, after: int = 0, format: Format = "pcm", take: int | None = None
    ) -> AsyncGenerator[AsyncListening]:
        """Hear a job from sample `after` on, late or again."""
        query = {"after": after, "format": format} | ({} if take is None else {"take": take})
        async with self._connect(calls.attach(job_id), query) as socket:
            yield AsyncListening(socket)

    # --- files to send ---

    async def upload(self, kind: UploadKind, file: File) -> Upload:
        """Send a file before the request that it belongs to, which then names its id."""
        return await self._do(calls.upload(kind, file))

    async def upload_output(self, kind: UploadKind, job_id: str, name: str) -> Upload:
        """Take a file of a job's result as if it had been sent."""
        return await self._do(calls.upload_output(kind, job_id, name))

    async def uploaded(self, kind: UploadKind, upload_id: str) -> Upload:
        return await self._do(calls.uploaded(kind, upload_id))

    # --- voices ---

    async def voices(self, **query: Any) -> VoicePage:
        """Those of the library; `q`, `tag`, `language` and `kind` narrow it."""
        return await self._do(calls.voices(**query))

    async def voice(self, voice_id: str) -> VoiceView:
        return await self._do(calls.voice(voice_id))

    async def create_voice(
        self, fields: dict[str, Any], reference: File | None = None
    ) -> VoiceView:
        """Make a voice from a recording, from `from_job` and `candidate`, or from `mix`."""
        return await self._do(calls.create_voice(fields, reference))

    async def change_voice(self, voice_id: str, **changes: Any) -> VoiceView:
        return await self._do(calls.change_voice(voice_id, changes))

    async def delete_voice(self, voice_id: str) -> None:
        await self._do(calls.delete_voice(voice_id))

    async def voice_sample(self, voice_id: str) -> bytes:
        """What there is to listen to, as a WAV."""
        return await self._do(calls.voice_sample(voice_id))

    async def read_sample(self, voice_id: str, idempotency_key: str | None = None) -> JobView:
        """Let a voice read its sentence; `set_voice_sample` keeps what comes of it."""
        return await self._do(calls.read_sample(voice_id, idempotency_key))

    async def set_voice_sample(self, voice_id: str, job_id: str) -> VoiceView:
        """Let the sound of a job be what one listens to."""
        return await self._do(calls.set_voice_sample(voice_id, job_id))

    async def voice_clip(self, voice_id: str, name: str) -> bytes:
        """A recording that the voice is made from, as a WAV."""
        return await self._do(calls.voice_clip(voice_id, name))

    async def set_voice_clip(
        self, voice_id: str, emotion: str, reference: File, transcript: str | None = None
    ) -> VoiceView:
        """Add or replace the recording of a mood."""
        return await self._do(calls.set_voice_clip(voice_id, emotion, reference, transcript))

    async def remove_voice_clip(self, voice_id: str, emotion: str) -> VoiceView:
        return await self._do(calls.remove_voice_clip(voice_id, emotion))

    async def export_voice(self, voice_id: str, path: Path) -> None:
        """Write a voice to `path`, as one zip."""
        async with self._open(calls.export_voice(voice_id)) as response:
            with whole(path) as target:
                async for block in response.aiter_bytes():
                    target.write(block)

    async def import_voice(
        self, file: File, name: str | None = None, checkpoint: str | None = None
    ) -> VoiceView:
        """Add a voice from a zip, or from a prompt file of the qwen-tts package."""
        return await self._do(calls.import_voice(file, name, checkpoint))

    async def transcribe(self, upload_id: str, language: str | None = None) -> TranscriptView:
        """Write down what a reference says that was sent."""
        return await self._do(calls.transcribe(upload_id, language))

    async def emotions(self) -> list[Emotion]:
        return await self._do(calls.emotions())

    # --- presets ---

    async def presets(self) -> PresetPage:
        return await self._do(calls.presets())

    async def preset(self, name: str) -> Preset:
        return await self._do(calls.preset(name))

    async def save_preset(self, name: str, task: str, request: dict[str, Any]) -> Preset:
        """Keep settings under a name that is still free."""
        return await self._do(calls.save_preset(name, task, request))

    async def replace_preset(self, name: str, task: str, request: dict[str, Any]) -> Preset:
        return await self._do(calls.replace_preset(name, task, request))

    async def delete_preset(self, name: str) -> None:
        await self._do(calls.delete_preset(name))

    # --- outputs ---

    async def outputs(self, **query: Any) -> Page:
        return await self._do(calls.outputs(**query))

    async def output(self, run: str) -> Output:
        return await self._do(calls.output(run))

    async def mark(self, run: str, **marks: Any) -> Output:
        return await self._do(calls.mark(run, **marks))

    async def discard(self, run: str) -> None:
        await self._do(calls.discard(run))

    async def restore(self, run: str) -> Output:
        return await self._do(calls.restore(run))

    async def restore_all(self, runs: list[str]) -> Restored:
        """Take outputs out of the trash, 10,000 at most."""
        return await self._do(calls.restore_all(runs))

    async def facets(self) -> Facets:
        """What outputs can be filtered by."""
        return await self._do(calls.facets())

    async def usage(self) -> Disk:
        """What outputs and trash take, and the rules by which they go."""
        return await self._do(calls.usage())

    async def clean(self, older_than_days: float, **rule: Any) -> Cleaned:
        """What would go into the trash; with `preview=False`, let it go. `rule` may narrow it:
        `task`, `larger_than_bytes`, `keep_starred`."""
        return await self._do(calls.clean(older_than_days=older_than_days, **rule))

    async def trash(self, limit: int = 50) -> TrashPage:
        """The outputs that were thrown away last."""
        return await self._do(calls.trash(limit))

    async def empty_trash(self) -> Emptied:
        """Delete for good what lies in the trash."""
        return await self._do(calls.empty_trash())

    async def archive(self, runs: list[str], path: Path) -> None:
        """Write all files of outputs, 100 at most, to `path` as one zip."""
        async with self._open(calls.archives(runs)) as response:
            with whole(path) as target:
                async for block in response.aiter_bytes():
                    target.write(block)

    async def waveform(self, run: str, points: int = 600) -> WaveformView:
        """What the recording of an output looks like, in at most `points` peaks."""
        return await self._do(calls.waveform(run, points))

    # --- lines of outputs ---

    async def lines(self, output: str, after: int = 0, limit: int = 200, **wanted: Any) -> LinePage:
        """What a pipeline has spoken, from the line after `after` on; only lines as `wanted`:
        `speaker`, `q`, `state`, `faulty`, `strained`, `takes` (as many or more)."""
        return await self._do(calls.lines(output, after, limit, **wanted))

    async def line(self, output: str, number: int) -> LineView:
        return await self._do(calls.line(output, number))

    async def retake(self, output: str, number: int, **changes: Any) -> JobView:
        """Speak a line again, with another `seed`, `text`, `instruct`, `emotion`, `voice` or
        `speed`."""
        return await self._do(calls.retake(output, number, changes))

    async def choose(self, output: str, number: int, take: int) -> LinePage:
        """Let a take be heard; `assembly` tells when the recording is of it."""
        return await self._do(calls.choose(output, number, take))

    # --- the service ---

    async def tasks(self) -> list[TaskView]:
        return await self._do(calls.tasks())

    async def speakers(self) -> list[SpeakerView]:
        return await self._do(calls.speakers())

    async def models(self) -> list[ModelView]:
        return await self._do(calls.models())

    async def pull(self, checkpoint: str) -> Accepted:
        return await self._do(calls.change_model(checkpoint, "pull"))

    async def load(self, checkpoint: str) -> Accepted:
        return await self._do(calls.change_model(checkpoint, "load"))

    async def unload(self, checkpoint: str) -> Accepted:
        return await self._do(calls.change_model(checkpoint, "unload"))

    async def unload_all(self) -> Accepted:
        return await self._do(calls.unload_all())

    async def clear_caches(self) -> Accepted:
        return await self._do(calls.clear_caches())

    async def status(self) -> Status:
        return await self._do(calls.status())

    async def history(self, minutes: int = 60, points: int = 120) -> History:
        """Load and pace over the last minutes, a day at most."""
        return await self._do(calls.history(minutes, points))

    async def ready(self) -> Readiness:
        return await self._do(calls.ready())

    # --- carrying out ---

    async def _upload_all(self, task: str, files: Mapping[str, File]) -> dict[str, str]:
        """Send the files of a request; what takes their places in it."""
        kinds = calls.kinds(task, files)
        return {name: (await self.upload(kinds[name], file)).id for name, file in files.items()}

    async def _do(self, call: Call[Answer]) -> Answer:
        async with self._open(call) as response:
            return call.read(await response.aread())

    @asynccontextmanager
    async def _open(self, call: Call[Any]) -> AsyncGenerator[httpx.Response]:
        try:
            with call.content() as content:
                async with self._http.stream(
                    call.method, call.path, params=call.query, headers=call.headers, **content
                ) as response:
                    if response.is_error and response.status_code not in call.accept:
                        await response.aread()
                        raise faults.from_http(response)
                    yield response
        except httpx.TransportError as error:
            raise faults.unreachable(self._url, error) from error

    @asynccontextmanager
    async def _connect(
        self, path: str, query: dict[str, Any] | None = None
    ) -> AsyncGenerator[ClientConnection]:
        address = socket_address(self._url, path, query)
        try:
            socket = await connect(address, additional_headers=self._headers, max_size=None)
        except InvalidStatus as error:
            raise faults.from_handshake(error) from error
        except (OSError, WebSocketException) as error:
            raise faults.unreachable(self._url, error) from error
        async with socket:
            yield socket
