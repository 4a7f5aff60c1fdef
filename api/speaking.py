"""A job that one client waits for and hears: begun, heard, and stopped once nobody hears it."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.concurrency import run_in_threadpool

from api.admission import Sender, enter
from api.deps import Context
from api.following import follow
from api.stopping import see_through
from shared import events
from shared.client import faults
from shared.errors import AlreadyEnded, JobFailed, QueueUnavailable, UnknownJob
from shared.jobs import JobRecord
from shared.requests import contract
from shared.resolution import Files
from shared.states import JobState

log = logging.getLogger(__name__)

Heard = events.Waiting | events.Notice | events.Header | events.Restart | events.End | bytes
"""What comes of a job: news while it waits, the header, sound (s16le, 24 kHz, mono), the end."""


async def begin(
    here: Context, sender: Sender, task: str, fields: dict[str, Any], files: Files | None = None
) -> JobRecord:
    """Admit a job, with the files that came for it. Raises what admission raises."""
    record, _ = await run_in_threadpool(enter, here, contract(task), fields, sender, files)
    return record


async def hear(here: Context, job_id: str, *, anew: bool = False) -> AsyncGenerator[Heard]:
    """All of a job to its good end.

    Whoever closes this before the end cancels the job. Raises the error of the job itself, and
    JobFailed if it was cancelled or its sound began anew, as what was sent cannot be taken back;
    with `anew` there is a `Restart` instead, and the new sound follows.
    """
    ended = False
    try:
        async with aclosing(follow(here, job_id)) as messages:
            async for message in messages:
                match message:
                    case events.Fault(error=error):
                        raise faults.from_body(error)
                    case events.Restart(reason=reason) if not anew:
                        raise JobFailed(f"The audio began anew: {reason}")
                    case events.End(state=state):
                        ended = True
                        if state is not JobState.SUCCEEDED:
                            raise JobFailed(f"The job was {state.value}.")
                        yield message
                    case _:
                        yield message
    finally:
        if not ended:
            await see_through(drop(here, job_id))


async def drop(here: Context, job_id: str) -> None:
    """Cancel a job that nobody hears any more."""
    try:
        await run_in_threadpool(here.queue.cancel, job_id)
    except (AlreadyEnded, UnknownJob):
        return
    except QueueUnavailable as error:
        log.warning("Job %s goes on, though nobody hears it: %s", job_id, error.message)
