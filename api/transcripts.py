"""What a recording says, written down by a worker that has a transcriber."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from api import questions
from api.deps import Here
from shared import asking, languages
from shared.views import TranscriptView

router = APIRouter(prefix="/v1/uploads", tags=["voices"])

_PATIENCE = 120.0
"""Seconds: the first question loads the model."""

Language = Annotated[str, Query(max_length=40), AfterValidator(languages.canonical)]


@router.post("/{id}/transcript", summary="Write down what a reference says")
async def transcribe(here: Here, id: str, language: Language = languages.AUTO) -> TranscriptView:
    """Of a reference that was sent; where no transcriber is set up, the error says what to do.

    Read it before you use it: a clone is made from every word of it.
    """
    await run_in_threadpool(here.uploads.get, "reference", id)
    question = asking.Transcribe(upload=id, language=language)
    return TranscriptView.model_validate(await questions.ask(here, question, _PATIENCE))
