"""The application: routes, guards, and what one process holds while it lives."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api import (
    audio,
    batch,
    elevenlabs,
    errors,
    events,
    history,
    jobs,
    lines,
    metrics,
    models,
    outputs,
    presets,
    questions,
    scopes,
    status,
    stream,
    tasks,
    timings,
    transcripts,
    uploads,
    voices,
    waveforms,
    webhooks,
)
from api.assembling import Assembling
from api.couriers import Couriers
from api.deps import Context
from api.guards import Guards
from api.janitor import Janitor
from api.live import contexts, dashscope
from api.live import elevenlabs as stream_input
from api.live import socket as live
from api.metrics import Metrics
from api.openai import catalogue, speech
from api.planners import Planners
from api.rates import Rates
from api.records import Records
from api.relay import Hub
from api.sheets import Sheets
from api.simple import routes as simple
from api.traces import Traces
from api.traffic import Traffic
from shared import connection
from shared.access.credentials import Credentials
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.resolution import Resolution
from shared.settings import Settings, load
from shared.stores import presets as preset_store
from shared.stores import uploads as upload_store
from shared.stores.folder import FolderOutputs
from shared.stores.index import OutputIndex
from shared.stores.voices import FolderVoices
from shared.version import __version__
from shared.views import ErrorBody
from shared.voices.library import Library

_FAULTS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "The request cannot be met; `code` says why."},
    "5XX": {"model": ErrorBody, "description": "The service cannot do it now."},
}
_ROUTERS = (
    batch,  # before the routes that take the name of a task
    jobs,
    events,
    audio,
    lines,
    outputs,
    timings,
    waveforms,
    uploads,
    transcripts,
    presets,
    voices,
    tasks,
    models,
    status,
    history,
    metrics,
    webhooks,
    stream,
    live,
    simple,
    speech,
    catalogue,
    elevenlabs,
    stream_input,
    contexts,
    dashscope,
)


class _Watched(FastAPI):
    """Everything that goes in and out is seen, answers to faults among it."""

    def build_middleware_stack(self) -> ASGIApp:
        return Traffic(super().build_middleware_stack(), self.state.settings, self.state.metrics)

    def openapi(self) -> dict[str, Any]:
        return scopes.describe(super().openapi())


def create(settings: Settings) -> FastAPI:
    """The API with these settings."""
    app = _Watched(
        title="Qwen3-TTS platform",
        version=__version__,
        summary="Speech with Qwen3-TTS: jobs, streaming, outputs.",
        root_path=settings.root_path,
        lifespan=_lifespan,
        responses=_FAULTS,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    errors.install(app)
    for module in _ROUTERS:
        app.include_router(module.router)
    app.add_middleware(Guards, settings=settings, routes=app.routes)
    if settings.cors_origins:
        # In front of the guards: a browser asks beforehand without its key, and must be able to
        # read why it was refused. Keys come in headers, never as cookies.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    context = open_context(app.state.settings, app.state.metrics.ends.count)
    janitor = Janitor(context)
    context.hub.start()
    janitor.start()
    couriers = Couriers(context)
    couriers.start()
    app.state.context = context
    yield
    janitor.stop()
    await couriers.stop()
    await to_thread.run_sync(context.planners.close)
    await to_thread.run_sync(context.assembling.close)
    await context.hub.stop()
    await context.records.close()
    context.redis.close()


def open_context(
    settings: Settings, ended: Callable[[JobRecord], None] = lambda _: None
) -> Context:
    """Connections and stores; nothing is asked of them yet. `ended` hears of each job that this
    process ends."""
    redis = connection.prompt(settings.redis_url)
    credentials = Credentials(settings)
    queue = JobQueue(redis, settings, credentials.jobs, ended)
    looking = connection.looking(settings.redis_url)
    records = Records(looking, queue)
    store = FolderOutputs(settings.outputs_dir)
    index = OutputIndex(store)
    library = Library(FolderVoices(settings.voices_dir))
    named = preset_store.PresetStore(preset_store.folder(settings))
    sent = upload_store.FolderUploads(upload_store.folder(settings))
    return Context(
        settings=settings,
        credentials=credentials,
        rates=Rates(looking),
        redis=redis,
        queue=queue,
        records=records,
        hub=Hub(connection.listening(settings.redis_url), records.see),
        outputs=store,
        index=index,
        library=library,
        presets=named,
        uploads=sent,
        resolution=Resolution(library, named, sent),
        planners=Planners(),
        assembling=Assembling(settings.outputs_dir),
        sheets=Sheets(index, store),
        traces=Traces(store),
        decoding=CapacityLimiter(1),
        asking=CapacityLimiter(questions.MOST_ASKED),
    )


def app() -> FastAPI:
    """For ASGI servers that want a factory: `uvicorn --factory api.app:app`."""
    return create(load())
