"""What routes ask for, as annotated dependencies; the application's lifespan makes them."""

from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends
from fastapi.requests import HTTPConnection

from api.assembling import Assembling
from api.planners import Planners
from api.rates import Rates
from api.records import Records
from api.relay import Hub
from api.sheets import Sheets
from api.traces import Traces
from shared.access.credentials import Credentials
from shared.connection import Connection
from shared.queue import JobQueue
from shared.resolution import Resolution
from shared.settings import Settings
from shared.stores.index import OutputIndex
from shared.stores.outputs import OutputStore
from shared.stores.presets import PresetStore
from shared.stores.uploads import UploadStore
from shared.voices.library import Library


@dataclass(frozen=True)
class Context:
    """Everything that one API process holds."""

    settings: Settings
    credentials: Credentials
    rates: Rates
    redis: Connection
    queue: JobQueue
    records: Records
    hub: Hub
    outputs: OutputStore
    index: OutputIndex
    library: Library
    presets: PresetStore
    uploads: UploadStore
    resolution: Resolution
    planners: Planners
    assembling: Assembling
    sheets: Sheets
    traces: Traces
    decoding: CapacityLimiter
    """Of files that were sent: one at a time."""
    asking: CapacityLimiter
    """Of workers: each question waits in a thread, and other requests need theirs."""


async def context(connection: HTTPConnection) -> Context:
    """The context of the application that serves this connection.

    Not a plain function: that would wait for a free thread, and `/health` must not.
    """
    return connection.app.state.context


Here = Annotated[Context, Depends(context)]
