"""Questions to a worker, each in a thread that no other request waits for."""

from typing import Any

from anyio import to_thread

from api.deps import Context
from shared import asking
from shared.asking import ReadPrompt, Transcribe
from shared.errors import WorkerBusy

MOST_ASKED = asking.MOST_WAITING
"""Questions that a process has open at once."""
_SOON = 5.0
"""Seconds after which one of them may have been answered."""


async def ask(
    here: Context, question: ReadPrompt | Transcribe, patience: float = 30.0
) -> dict[str, Any]:
    """As `asking.ask`; where as many ask already as may, WorkerBusy is raised at once."""
    if here.asking.available_tokens < 1:
        raise WorkerBusy(f"{MOST_ASKED} requests wait for a worker already.", retry_after=_SOON)
    return await to_thread.run_sync(asking.ask, here.redis, question, patience, limiter=here.asking)
