"""When what is heard: the segments of a recording and their words, for programs and players."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.audio import finished
from api.deps import Here
from shared.cues import spoken
from shared.cues.writing import to_srt, to_vtt
from shared.errors import Conflict, NoWordTimes
from shared.requests.declared import REDACTED
from shared.stores.recipe import Recipe, Segment
from shared.views import Grain, SegmentTiming, TimingsView

router = APIRouter(tags=["timings"])

Fine = Annotated[
    Grain, Query(description="How fine: what is spoken in one go, or each word of it.")
]
Form = Annotated[
    Literal["json", "srt", "vtt"], Query(description="As data, or as subtitles that players show.")
]

_SUBTITLES = {"srt": ("application/x-subrip", to_srt), "vtt": ("text/vtt", to_vtt)}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind, _ in _SUBTITLES.values()}}
}


@router.get(
    "/v1/jobs/{id}/timings",
    summary="Say when what is heard in a job",
    response_model=TimingsView,
    responses=_RESPONSES,
)
def of_job(id: str, here: Here, format: Form = "json", level: Fine = "segment") -> Response:
    """Of a job that succeeded, task or pipeline; 409 before its end, and for words without times.

    Subtitles have cues of two lines at most; those of words have a few in each, and in WebVTT each
    word has its own time there.
    """
    return _answer(finished(here, id), format, level)


@router.get(
    "/v1/outputs/{id}/timings",
    summary="Say when what is heard in an output",
    response_model=TimingsView,
    responses=_RESPONSES,
)
def of_output(id: str, here: Here, format: Form = "json", level: Fine = "segment") -> Response:
    """The same of an output, which outlives its job; of a pipeline, of the takes that are heard."""
    return _answer(here.index.recipe(id), format, level)


def _answer(recipe: Recipe, format: str, level: Grain) -> Response:
    if level == "word" and not any(segment.words for segment in recipe.segments):
        raise NoWordTimes("The words of this recording have no times.", param="level")
    if format not in _SUBTITLES:
        return Response(_told(recipe, level).model_dump_json(), media_type="application/json")
    if recipe.segments and all(segment.text == REDACTED for segment in recipe.segments):
        raise Conflict(
            "The service keeps no texts, so there is nothing to show.",
            param="format",
            hint="Ask for `json`, which has the times alone.",
        )
    kind, write = _SUBTITLES[format]
    cues = spoken.of_words if level == "word" else spoken.of_segments
    headers = {"Content-Disposition": f'attachment; filename="{recipe.id}.{format}"'}
    return Response(write(cues(recipe.segments)), media_type=kind, headers=headers)


def _told(recipe: Recipe, level: Grain) -> TimingsView:
    return TimingsView(
        id=recipe.id,
        task=recipe.task,
        level=level,
        duration_seconds=recipe.duration_seconds,
        segments=[_segment(segment, level) for segment in recipe.segments],
    )


def _segment(segment: Segment, level: Grain) -> SegmentTiming:
    told = segment.model_dump(include=set(SegmentTiming.model_fields))
    return SegmentTiming.model_validate(told if level == "word" else {**told, "words": None})
