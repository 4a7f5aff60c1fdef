"""The spans of a job that this worker has ended: its wait, and its making."""

import time

from shared import tracing
from shared.history import End
from shared.jobs import JobRecord


def ended(record: JobRecord, end: End) -> None:
    """Trace a job by what the diary says of it, under the span of its submission.

    The names are those of OpenTelemetry's conventions for generative models, where they have one;
    there are none for speech.
    """
    begun, now = record.created_at + end.queued, time.time()
    job: dict[str, str | float] = {"tts.job.id": record.id, "tts.task": end.task}
    tracing.past(
        "queue",
        record.created_at,
        begun,
        job | {"tts.queue": record.queue},
        parent=record.traceparent,
    )
    figures: dict[str, float | None] = {
        "gen_ai.server.request.duration": now - begun,
        "gen_ai.server.time_to_first_token": end.first_audio,
        "tts.audio.duration": end.audio,
        "tts.real_time_factor": end.real_time_factor,
        "tts.characters": end.characters,
    }
    known = {name: value for name, value in figures.items() if value is not None}
    made: dict[str, str | float] = {
        "gen_ai.operation.name": "text_to_speech",
        "gen_ai.request.model": end.engine,
        "tts.preview": end.preview,
        "tts.state": end.state,
        "request_id": record.request_id,
    }
    tracing.past(
        "generate", begun, now, job | made | known, parent=record.traceparent, fault=end.code
    )
