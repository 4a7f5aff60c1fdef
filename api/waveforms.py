"""`/v1/outputs/{id}/waveform`: what a recording looks like, for players to draw."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status
from starlette.concurrency import run_in_threadpool

from api import traces
from api.deps import Here
from shared.entity_tags import is_known
from shared.jobs import has_lines
from shared.views import WaveformView

router = APIRouter(prefix="/v1/outputs/{id}/waveform", tags=["outputs"])

_POINTS = "How many peaks; a recording of fewer samples has fewer."
_FOR_EVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"
"""For a pipeline's recording, which is another one after a take of it was chosen."""


@router.get(
    "",
    summary="Look at the waveform of an output",
    response_model=WaveformView,
    responses={304: {"description": "It is still the one of `If-None-Match`."}},
)
async def look(
    id: str,
    here: Here,
    points: Annotated[int, Query(ge=16, le=4_000, description=_POINTS)] = 600,
    if_none_match: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """The highest amplitude of each of equally long parts of the finished recording.

    It is of the file that `audio` names, or of the WAV; of raw PCM it is of what was streamed.
    """
    output = await run_in_threadpool(here.index.get, id)
    name, fact = traces.recording(output)
    cache = _ASK_AGAIN if has_lines(output.task) else _FOR_EVER
    headers = {"ETag": f'"{fact.sha256}-{points}"', "Cache-Control": cache}
    if is_known(headers["ETag"], if_none_match):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    told = await here.traces.of(output.id, name, fact, points)
    return Response(told, headers=headers, media_type="application/json")
