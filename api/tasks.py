"""What can be asked for, from the declarations: tasks, speakers, languages, emotions."""

from fastapi import APIRouter

from shared import languages
from shared.emotions import EMOTIONS, Emotion
from shared.requests import CONTRACTS, contract
from shared.requests.declared import Declared
from shared.speakers import SPEAKERS
from shared.views import LanguageView, SpeakerView, TaskView

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/tasks")
def list_tasks() -> list[TaskView]:
    """Every task and pipeline, with the schema of its request."""
    return [_view(declared) for declared in CONTRACTS.values()]


@router.get("/tasks/{name}")
def show_task(name: str) -> TaskView:
    """One task or pipeline."""
    return _view(contract(name))


@router.get("/speakers")
def list_speakers() -> list[SpeakerView]:
    """The preset speakers."""
    return [SpeakerView(**vars(speaker)) for speaker in SPEAKERS.values()]


@router.get("/languages")
def list_languages() -> list[LanguageView]:
    """The languages, `auto` being the guess of the model."""
    return [LanguageView(id=languages.AUTO, code=languages.AUTO)] + [
        LanguageView(id=name, code=code) for name, code in languages.CODES.items()
    ]


@router.get("/emotions")
def list_emotions() -> list[Emotion]:
    """The moods that `emotion` can name, and what a checkpoint is told that follows words."""
    return list(EMOTIONS.values())


def _view(declared: type[Declared]) -> TaskView:
    return TaskView(
        name=declared.name,
        title=declared.title,
        summary=declared.summary,
        kind=declared.kind,
        example=declared.example,
        json_schema=declared.model_json_schema(),
        submit=f"/v1/jobs/{declared.name}",
    )
