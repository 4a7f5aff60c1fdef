"""The dashboard's application: guard, proxy, static files, and the pages mounted behind them."""

import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from shared.access.credentials import Credentials
from shared.client import AsyncClient
from shared.errors import InternalError, SpeechError
from shared.requests.declared import explain
from shared.settings import Settings, load
from shared.version import __version__
from ui import pages, proxy, translation
from ui.dashboard import Dashboard
from ui.guard import Guard
from ui.theme import THEME

_STATIC = Path(__file__).parent / "static"
_SCRIPTS = (
    "frame",
    "player",
    "sample",
    "voice-sample",
    "voice-picker",
    "drawer",
    "snippets",
    "reading",
    "dropping",
    "draft",
    "submit",
    "rows",
    "copy",
    "compare",
    "address",
    "menus",
    "chart",
)


class _Own(StaticFiles):
    """Files of ours, which are others after an update: browsers ask whether theirs still hold."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create(settings: Settings) -> FastAPI:
    """The dashboard with these settings; nothing is asked of the API yet."""
    translation.speak(settings.gradio_language)
    client = AsyncClient(settings.api_address, settings.own_key)
    root = settings.gradio_root_path.rstrip("/")
    keyed = bool(settings.api_key) or Credentials(settings).any
    dashboard = Dashboard(client, root, settings.api_address, keyed)
    app = FastAPI(
        title="Speech dashboard",
        version=__version__,
        openapi_url=None,
        lifespan=_lifespan,
    )
    app.state.client = client
    app.add_exception_handler(SpeechError, _speech_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.include_router(proxy.router)
    app.mount("/own", _Own(directory=_STATIC))
    app.add_middleware(Guard, settings=settings)
    _mount(app, dashboard, settings)
    return app


def _mount(app: FastAPI, dashboard: Dashboard, settings: Settings) -> None:
    blocks = pages.build(dashboard)
    with warnings.catch_warnings():
        # Gradio says that it turns SSR off for several pages, even where nobody turned it on.
        warnings.filterwarnings("ignore", "SSR mode is not supported", UserWarning)
        gr.mount_gradio_app(
            app,
            blocks,
            path="/",
            root_path=dashboard.root or None,
            theme=THEME,
            css_paths=sorted((_STATIC / "style").glob("*.css")),
            head=_head(dashboard.root),
            max_file_size=settings.max_upload_mb * 1_000_000,
            footer_links=[],
            ssr_mode=False,
            show_error=False,
            enable_monitoring=False,
            mcp_server=False,
        )
    # Without it gradio takes any path of this machine for a file that somebody has put in.
    blocks.has_launched = True


def _head(root: str) -> str:
    """Scripts of ours, and the layout, which styles what stands around Gradio's own pages.

    All other styles are given to Gradio, which lets them win over its own.
    """
    scripts = (f'<script type="module" src="{root}/own/{name}.js"></script>' for name in _SCRIPTS)
    layout = f'<link rel="stylesheet" href="{root}/own/layout.css">'
    return "".join((layout, *scripts))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    yield
    await app.state.client.close()


async def _speech_error(_request: Request, error: Exception) -> JSONResponse:
    fault = error if isinstance(error, SpeechError) else InternalError(str(error))
    return JSONResponse(fault.body(), fault.status)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    fault = {**faults[0], "loc": faults[0]["loc"][1:]}
    return await _speech_error(request, explain(fault))


def app() -> FastAPI:
    """For ASGI servers that want a factory: `uvicorn --factory ui.app:app`."""
    return create(load())
