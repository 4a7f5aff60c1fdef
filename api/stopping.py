"""Ending tasks for good."""

import asyncio
from typing import Any

_PATIENCE = 0.1


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
