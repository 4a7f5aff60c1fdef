"""`/v1/audio/models` and `/v1/audio/voices`: what can be asked for, each of which speaks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.deps import Context, Here
from api.models import aliases, speakable
from api.openai.faults import Route
from shared.checkpoints import folder
from shared.dialects import voices
from shared.speakers import SPEAKERS
from shared.views import View
from shared.voices import naming

router = APIRouter(prefix="/v1/audio", tags=["openai"], route_class=Route)


class AudioModel(View):
    """A model that speaks."""

    id: str
    name: str


class AudioModels(View):
    """The models that speak."""

    object: Literal["list"] = "list"
    models: list[AudioModel]


class AudioVoice(View):
    """A voice that speaks."""

    id: str
    name: str
    language: str
    """`auto` where it is at home in none."""
    kind: str
    """`preset`, `cloned`, `designed`, `mixed`, or `alias` for a name of OpenAI's."""
    description: str = ""


class AudioVoices(View):
    """The voices that speak, twice, as clients look in either place."""

    object: Literal["list"] = "list"
    voices: list[AudioVoice]
    data: list[AudioVoice]


class VoiceNames(View):
    """Their ids alone."""

    voices: list[str]


@router.get("/models")
def list_audio_models(here: Here) -> AudioModels:
    """The models that speak now: names of OpenAI's, and checkpoints that are complete."""
    usable = folder.usable(here.settings.models_dir)
    ids = [card.id for card in aliases(here)] + [entry.id for entry in usable]
    return AudioModels(models=[AudioModel(id=id, name=id) for id in ids])


@router.get("/voices")
def list_audio_voices(
    here: Here,
    legacy: Annotated[bool, Query(description="The ids alone, as strings.")] = False,
) -> AudioVoices | VoiceNames:
    """The voices that speak now: preset speakers, the library's, and names of OpenAI's."""
    found = _voices(here)
    if legacy:
        return VoiceNames(voices=[voice.id for voice in found])
    return AudioVoices(voices=found, data=found)


def _voices(here: Context) -> list[AudioVoice]:
    kinds = speakable(here)
    library = here.library.readable()[0]
    found = [
        AudioVoice(
            id=id,
            name=voice.name,
            language=voice.language,
            kind=voice.kind,
            description=voice.description,
        )
        for id, voice in library.items()
        if ("custom_voice" if voice.kind == "preset" else "base") in kinds
    ]
    if "custom_voice" in kinds:
        taken = {*library, *(naming.folded(voice.name) for voice in library.values())}
        found += [_alias(word) for word in voices.ALIASES if word not in taken]
    return found


def _alias(word: str) -> AudioVoice:
    speaker = SPEAKERS[voices.ALIASES[word]]
    return AudioVoice(
        id=word,
        name=word.capitalize(),
        language=speaker.language,
        kind="alias",
        description=f"{speaker.name}. {speaker.description}",
    )
