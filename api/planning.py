"""From what was sent for a pipeline to a request that carries its plan."""

from typing import Any

from api import planners
from api.deps import Context
from shared import receiving
from shared.errors import UnreadablePicture
from shared.plans import exchange
from shared.plans.directory import Directory
from shared.plans.planning import Document
from shared.requests.narration import Narration
from shared.requests.pipeline import Pipeline
from shared.resolution import Files

MOST_CARRIED = 20_000
"""Characters of a text that stays in its request; a longer one becomes a file."""


def planned(
    here: Context, declared: type[Pipeline], body: Any, files: Files
) -> tuple[Pipeline, Files]:
    """The request with the id of its plan, which is among its files; nothing is kept yet.

    So is the cover of a book that has one. A plan that was sent is spoken as it stands. Raises what
    `Resolution.resolve` raises, what the planner says of the document, PlanningFailed and
    PlannersBusy.
    """
    request = here.resolution.resolve(declared, body, files).request
    assert isinstance(request, declared)
    if request.plan:
        return _with_files(request, files, _cover(here, request, files))
    directory = Directory.of(here.library)
    document = _document(here, request, files)
    made = here.planners.run(planners.make_plan, request, document, directory)
    return _with_files(request, files, made)


def carried(request: Pipeline, files: Files) -> tuple[Pipeline, Files]:
    """The request as it is queued: a long text is a file."""
    if request.text is None or len(request.text) <= MOST_CARRIED:
        return request, files
    source = receiving.document(request.text.encode())
    return _with_files(request.model_copy(update={"text": None}), files, {"source": source})


def answered(here: Context, declared: type[Pipeline], body: Any, files: Files) -> bytes:
    """What `?plan=1` answers with, a `PlanView` in JSON; the plan is kept, and nothing queued."""
    request, files = planned(here, declared, body, files)
    if plan := files.get("plan"):
        plan.keep(here.uploads)
    facts = here.resolution.facts(request, "plan", files)
    content = here.resolution.content(request, "plan", files)
    return exchange.view(content, request.plan or "", facts.seconds)


def _document(here: Context, request: Pipeline, files: Files) -> Document:
    if request.text is not None:
        return Document(request.text.encode())
    name = here.resolution.facts(request, "source", files).name
    return Document(here.resolution.content(request, "source", files), name)


def _cover(here: Context, request: Pipeline, files: Files) -> Files:
    """The cover of the book that came beside a plan of it."""
    if not isinstance(request, Narration) or request.cover or not request.source:
        return {}
    if here.resolution.facts(request, "source", files).media != "epub":
        return {}
    try:
        return here.planners.run(planners.find_cover, _document(here, request, files))
    except UnreadablePicture:
        return {}  # the plan has said so


def _with_files(request: Pipeline, files: Files, made: Files) -> tuple[Pipeline, Files]:
    ids = {field: file.id for field, file in made.items()}
    return request.model_copy(update=ids), {**files, **made}
