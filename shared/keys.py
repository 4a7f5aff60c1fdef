"""Every Redis key of the service; RQ's own keys start with `rq:`."""

ACTIVE = "tts:active"
"""Sorted set: jobs that wait, run or are paused, by the time at which a forgotten entry heals
itself."""
JOBS = "tts:jobs"
"""Sorted set: all remembered jobs, by creation time."""
WORKERS = "tts:workers"
"""Set: names of workers that were born and neither left in order nor were given up as lost."""
PACE = "tts:pace"
"""Hash: engine → wall seconds per second of speech, a moving average; `<engine> codec` → of what
only the codec does; `last` is the engine in use."""
JANITOR = "tts:janitor"
"""Lock: the API process that tidies up at the moment."""

MEASURED = "tts:measured"
"""Sorted set with expiry: the workers that wrote readings latest, by the time of the last."""
ENDED = "tts:ended"
"""Stream with expiry: what each job took that a worker ended, as JSON."""

QUESTIONS = "tts:questions"
"""List: questions that a worker answers beside its jobs, as JSON."""

WEBHOOKS = "tts:webhooks"
"""Sorted set, the outbox: keys of the records whose webhook is to be delivered, by the time of the
next attempt."""
WEBHOOKS_FAILED = "tts:webhooks:failed"
"""Sorted set: keys of those whose webhook was given up, by the time."""

INTERACTIVE = "interactive"
BATCH = "batch"
CODEC = "codec"
"""Tasks of the codec alone, which may run beside a generation."""
QUEUES = (INTERACTIVE, BATCH, CODEC)
"""Names of the queues, the most urgent first."""


def job(job_id: str) -> str:
    """Hash: the job record, the only truth about its state."""
    return f"tts:job:{job_id}"


def batch(batch_id: str) -> str:
    """Hash: jobs that were admitted together, and how many of them have not ended."""
    return f"tts:batch:{batch_id}"


def stream(job_id: str) -> str:
    """Stream: the last minute of audio and the events, ids `{first sample}-{sequence}`."""
    return f"tts:stream:{job_id}"


def channel(job_id: str) -> str:
    """Channel: the same entries as they happen."""
    return f"tts:channel:{job_id}"


def listening(job_id: str) -> str:
    """String with expiry: somebody is attached to the job."""
    return f"tts:listening:{job_id}"


def client(client_id: str) -> str:
    """Sorted set: the active jobs of one client."""
    return f"tts:client:{client_id}"


def rate(client_id: str) -> str:
    """String with expiry: when the requests of one client will have been paid off, Redis' clock."""
    return f"tts:rate:{client_id}"


def idempotency(client_id: str, digest: str) -> str:
    """String: the job that an Idempotency-Key of a client stands for."""
    return f"tts:idempotency:{client_id}:{digest}"


def bell(queue: str) -> str:
    """List: tokens that wake a worker waiting for this queue."""
    return f"tts:bell:{queue}"


def inflight(worker: str) -> str:
    """List: jobs that a worker has taken and not yet started."""
    return f"tts:inflight:{worker}"


def lease(worker: str) -> str:
    """String with expiry: who lives under this worker's name."""
    return f"tts:lease:{worker}"


def worker(name: str) -> str:
    """String with expiry: what a worker says of itself, as JSON."""
    return f"tts:worker:{name}"


def control(name: str) -> str:
    """List: control messages for a worker, as JSON."""
    return f"tts:control:{name}"


def model(name: str, checkpoint: str) -> str:
    """String with expiry: progress of a pull or load of a checkpoint on a worker, as JSON."""
    return f"tts:model:{name}:{checkpoint}"


def readings(name: str) -> str:
    """Stream with expiry: what a worker measured in the last hour, as JSON."""
    return f"tts:readings:{name}"


def minutes(name: str) -> str:
    """Stream with expiry: means and maxima of these for each minute of the last day, as JSON."""
    return f"tts:minutes:{name}"


def answer(question: str) -> str:
    """List with expiry: the one answer to a question, as JSON."""
    return f"tts:answer:{question}"
