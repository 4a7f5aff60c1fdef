"""The client for event loops; method for method that of `sync`, which a test holds it to."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from shared.client import calls, faults, frames
from shared.client.address import headers, socket_address
from shared.client.calls import Call
from shared.client.files import whole
from shared.client.frames import Frame
from shared.errors import SpeechError
from shared.events import Fault
from shared.jobs import JobView
from shared.requests.declared import Format
from shared.stores.listing import Output, Page
from shared.views import Accepted, JobPage, ModelView, Readiness, SpeakerView, Status, TaskView

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
    ) -> JobView:
        return await self._do(calls.submit(task, request, priority, idempotency_key))

    async def job(self, job_id: str) -> JobView:
        return await self._do(calls.job(job_id))

    async def jobs(self, **query: Any) -> JobPage:
        return await self._do(calls.jobs(**query))

    async def cancel(self, job_id: str) -> JobView:
        return await self._do(calls.cancel(job_id))

    async def again(self, job_id: str) -> JobView:
        return await self._do(calls.again(job_id))

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
        self, job_id: str, format: Format | None = None, span: str | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """The service's own answer for a job's audio, or for what a Range header (`span`) names."""
        async with self._open(calls.part(job_id, format, span)) as response:
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
    ) -> AsyncGenerator[AsyncListening]:
        """Start a job and hear it."""
        async with self._connect("/v1/stream") as socket:
            await socket.send(frames.start(task, request, format, priority))
            yield AsyncListening(socket)

    @asynccontextmanager
    async def attach(
        self, job_id: str, after: int = 0, format: Format = "pcm", take: int | None = None
    ) -> AsyncGenerator[AsyncListening]:
        """Hear a job from sample `after` on, late or again."""
        query = {"after": after, "format": format} | ({} if take is None else {"take": take})
        async with self._connect(calls.attach(job_id), query) as socket:
            yield AsyncListening(socket)

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

    async def ready(self) -> Readiness:
        return await self._do(calls.ready())

    # --- carrying out ---

    async def _do(self, call: Call[Answer]) -> Answer:
        async with self._open(call) as response:
            return call.read(await response.aread())

    @asynccontextmanager
    async def _open(self, call: Call[Any]) -> AsyncGenerator[httpx.Response]:
        try:
            async with self._http.stream(
                call.method,
                call.path,
                params=call.query,
                json=call.body,
                headers=call.headers,
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
