"""Ending tasks for good, and work that nothing may end."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from anyio import CancelScope

_PATIENCE = 0.1
_seen_through: set[asyncio.Task[None]] = set()
"""Kept here until they are done: the event loop itself does not hold on to its tasks."""


async def stop(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they have ended, however they end.

    Once is not enough before Python 3.12: `asyncio.wait_for`, through which redis-py sends, loses
    a cancellation that comes in the moment in which it is done.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_PATIENCE)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def see_through(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end, however often whoever waits for it is cancelled meanwhile.

    Starlette does that by a scope once a client has gone, `unless_gone` by the task, and again.
    """
    task = asyncio.create_task(work)
    _seen_through.add(task)
    task.add_done_callback(_seen_through.discard)
    with CancelScope(shield=True):
        await asyncio.shield(task)
