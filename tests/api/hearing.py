"""Sound as the tests of the routes receive it."""

import io
from typing import Any

import httpx
import soundfile


def samples(job: dict[str, Any]) -> int:
    return job["result"]["samples"]


def pcm_of(http: httpx.Client, job: dict[str, Any]) -> bytes:
    """The samples of a job's finished file, s16le."""
    data, rate = soundfile.read(io.BytesIO(http.get(job["links"]["audio"]).content), dtype="int16")
    assert rate == 24_000
    assert len(data) == samples(job)
    return data.astype("<i2").tobytes()
