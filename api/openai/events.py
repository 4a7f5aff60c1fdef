"""Sound as OpenAI's server-sent events: `speech.audio.delta`, then `speech.audio.done`."""

import base64
import json
from typing import Any

from shared.errors import SpeechError

MEDIA_TYPE = "text/event-stream"


def delta(data: bytes) -> bytes:
    """Further bytes of the format that was asked for."""
    return _event("speech.audio.delta", audio=base64.b64encode(data).decode())


def done(usage: dict[str, int]) -> bytes:
    """The end; `usage` has `input_tokens`, `output_tokens` and `total_tokens`."""
    return _event("speech.audio.done", usage=usage)


def failed(error: SpeechError) -> bytes:
    """In place of the end: OpenAI has no event for it, this is vLLM-Omni's."""
    return _event("speech.audio.error", error=error.body()["error"])


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
