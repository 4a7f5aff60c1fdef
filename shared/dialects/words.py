"""Word times as other services tell them, in the header of an answer (vllm-omni)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.errors import InvalidRequest
from shared.requests.declared import REDACTED
from shared.status import WorkerStatus
from shared.stores.recipe import Segment

HEADER = "X-Word-Timestamps"
OMITTED = "X-Word-Timestamps-Omitted"
_LONGEST = 4_096
"""Bytes of the header; proxies refuse answers whose headers are much longer."""


def require(alive: Sequence[WorkerStatus], param: str = "word_timestamps") -> None:
    """Raises InvalidRequest where workers speak, and none can say when words are heard."""
    speaking = [worker for worker in alive if worker.speaks]
    if speaking and not any(worker.words for worker in speaking):
        raise InvalidRequest(
            "Nothing here can say when each word is heard.",
            param=param,
            hint="Leave it out, or set up an aligner: docs/timings.md says how.",
        )


def timestamps(segments: Iterable[Segment], speed: float = 1.0) -> list[dict[str, str | int]]:
    """The words of a recording, with their times in milliseconds as it is heard at this speed."""
    return [
        {
            "word": word.text,
            "start_ms": round(1_000 * word.start / speed),
            "end_ms": round(1_000 * word.end / speed),
        }
        for segment in segments
        for word in segment.words or ()
        if word.text != REDACTED
    ]


def headers(result: Mapping[str, Any], speed: float = 1.0) -> dict[str, str]:
    """For an answer that holds a whole recording; `result` is that of its job.

    Words that take too much room are left out, and a header of its own says so. None where nobody
    could time them, and where texts are not kept.
    """
    words = timestamps(map(Segment.model_validate, result["segments"]), speed)
    if not words:
        return {}
    told = json.dumps(words, separators=(",", ":"))
    return {HEADER: told} if len(told) <= _LONGEST else {OMITTED: "true"}
