"""Who let the service speak, and what came of it: two lines a job in the log, never its words.

They come at every LOG_LEVEL, from the logger `audit`: the first from the process that admits the
job, the second from the one that ends it.
"""

import logging

from shared import logs
from shared.audio.pcm import SAMPLE_RATE
from shared.jobs import JobRecord
from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline

log = logging.getLogger("audit")
log.setLevel(logging.INFO)


def admitted(job_id: str, client: str, request: Declared, estimate: float) -> None:
    """A job has been admitted, of about `estimate` seconds of audio."""
    log.info(
        "A job was admitted.",
        extra=logs.facts(
            job_id=job_id,
            client=client,
            task=request.name,
            voices=_voices(request),
            characters=_characters(request),
            estimate_seconds=round(estimate, 1),
        ),
    )


def ended(record: JobRecord) -> None:
    """A job has ended, for whatever reason."""
    engine = record.engine
    log.info(
        "A job has ended.",
        extra=logs.facts(
            job_id=record.id,
            client=record.client,
            task=record.task,
            state=record.state.value,
            code=record.error["code"] if record.error else None,
            audio_seconds=round(record.samples / SAMPLE_RATE, 2),
            engine=engine.name if engine else None,
            checkpoint=engine.checkpoint if engine else None,
        ),
    )


def _voices(request: Declared) -> list[str]:
    """The ids of the voices that are to speak."""
    named = [getattr(request, field) for field in request.voices()]
    if isinstance(request, Pipeline):
        named += [role.voice for role in request.roles().values()]
    return sorted({voice for voice in named if voice})


def _characters(request: Declared) -> int | None:
    """How long the text is; None for a pipeline, whose text is in its document."""
    if isinstance(request, Pipeline):
        return None
    return sum(len(getattr(request, field) or "") for field in request.said())
