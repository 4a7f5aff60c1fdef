"""Speaking one line again: as a task of its own, which knows nothing of the output."""

import itertools
from collections.abc import Container
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import InvalidRequest
from shared.plans.directory import Directory
from shared.plans.plan import Line
from shared.plans.planning import seed_of
from shared.plans.utterance import joined
from shared.requests.declared import MAX_SEED, EmotionName, Instruct
from shared.requests.pipeline import Pipeline
from shared.requests.role import AnyVoiceName, Role, Speed
from shared.speakers import SPEAKERS
from shared.stores.takes import Spoken
from shared.text import passages
from shared.text.samples import SAMPLES


class Retake(BaseModel):
    """What is to be other than before; with nothing in it, the seed alone is."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    """Left out, one that this line has not been spoken with."""
    text: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    """Other words, which are heard and shown in place of those of the document."""
    instruct: Instruct | None = None
    """Another direction."""
    emotion: EmotionName | None = None
    """Another mood."""
    voice: AnyVoiceName | None = None
    """Id or name of another voice of the library."""
    speed: Speed | None = None
    """Another pace, as a share of the natural one: made from the finished sound, so the recording
    has it and the take alone has not. For the same take at another pace, send its `seed` too."""


@dataclass(frozen=True)
class Designed:
    """The take of a designed voice that the lines of an output are clones of."""

    upload: str
    """Id of it as a reference."""
    language: str
    """In which it says the sample sentence."""


def seed_for(retake: Retake, line: Line, known: Container[int]) -> int:
    """The seed of one take more: the one that is wanted, or the next that is not `known`."""
    if retake.seed is not None:
        return retake.seed
    seeds = (seed_of(line.seed, line.said, "retake", number) for number in itertools.count(2))
    return next(seed for seed in seeds if seed not in known)


def role_for(retake: Retake, line: Line, directory: Directory) -> Role:
    """Who speaks now, and how. Raises UnknownVoice."""
    changes: dict[str, Any] = retake.model_dump(include={"instruct", "emotion"}, exclude_unset=True)
    if retake.voice:
        changes |= {"voice": directory.find(retake.voice).id, "description": None}
    if retake.speed is not None:
        changes["speed"] = retake.speed
    return line.role.model_copy(update=changes)


def task_for(
    retake: Retake, role: Role, seed: int, line: Line, request: Pipeline, designed: Designed | None
) -> tuple[str, dict[str, Any]]:
    """The task that speaks it, and its request.

    Raises InvalidRequest for a designed voice of which nothing was kept.
    """
    body: dict[str, Any] = {
        **request.sampling.model_dump(),
        **_words(retake, line, request),
        "language": line.language,
        "seed": seed,
        "size": request.size,
        "emotion": role.emotion,
        "instruct": role.instruct,
    }
    if role.voice in SPEAKERS:
        return "custom_voice", {**body, "speaker": role.voice}
    if role.voice:
        return "voice_clone", {**body, "voice": role.voice}
    if designed is None:
        raise InvalidRequest(
            "The voice of this line was designed, and no take of it was kept.",
            param="voice",
            hint="Name a `voice` of the library instead.",
        )
    said = SAMPLES[designed.language]
    return "voice_clone", {**body, "reference": designed.upload, "transcript": said}


def spoken(
    job: str, task: str, request: dict[str, Any], seed: int, line: Line, speed: float | None
) -> Spoken:
    """What such a job has made of the line, at the `speed` of its role; None: as planned."""
    text, said = _read(request, line)
    voice = request.get("speaker" if task == "custom_voice" else "voice")
    changes: dict[str, Any] = {
        "instruct": request.get("instruct"),
        "emotion": request.get("emotion"),
        "speed": line.role.speed if speed is None else speed,
    }
    if voice:
        changes |= {"voice": voice, "description": None}
    return Spoken(
        job=job,
        seed=seed,
        text=text,
        said=said,
        role=line.role.model_copy(update=changes),
    )


def _words(retake: Retake, line: Line, request: Pipeline) -> dict[str, Any]:
    """What is said: new words are read as the document was, the old ones have been."""
    if retake.text is None:
        return {"text": line.said}
    return {"text": retake.text, "normalise": request.normalise, "lexicon": request.lexicon}


def _read(request: dict[str, Any], line: Line) -> tuple[str, str]:
    """What was said, as it is written without mark-up, and as it was spoken."""
    source = request["text"]
    if source == line.said:
        return line.text, line.said
    parts = passages.read(
        source, line.language, lexicon=request["lexicon"], normalise=request["normalise"], line=None
    ).passages
    written, spoken = [part.text for part in parts], [part.said for part in parts]
    return joined(source, parts, written), joined(source, parts, spoken)
