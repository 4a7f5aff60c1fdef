"""Ending a task for good."""

import asyncio
from typing import Any

_PATIENCE = 0.1


async def stop(task: asyncio.Future[Any]) -> None:
    """Cancel a task until it has ended, however it ends.

    Once is not enough before Python 3.12: `asyncio.wait_for`, through which redis-py sends, loses
    a cancellation that comes in the moment in which it is done.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_PATIENCE)
    if not task.cancelled():
        task.exception()
