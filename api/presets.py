"""`/v1/presets`: settings of a request under a name."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Here
from shared.jobs import moment
from shared.requests.declared import PresetName
from shared.stores.presets import Preset, PresetPage

router = APIRouter(prefix="/v1/presets", tags=["presets"])


class PresetSettings(BaseModel):
    """What a preset says."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    task: Annotated[str, Field(max_length=60)]
    """A name from `/v1/tasks`."""
    request: dict[str, Any]
    """Fields of that task's request; they hold wherever a request says nothing."""

    def named(self, name: str) -> Preset:
        return Preset(name=name, task=self.task, request=self.request, created=moment(time.time()))


class NewPreset(PresetSettings):
    """A preset, with its name."""

    name: PresetName


@router.get("", summary="List the presets")
def list_presets(here: Here) -> PresetPage:
    """All of them, by the alphabet, and the files that somebody has spoilt."""
    return here.presets.all()


@router.post("", status_code=status.HTTP_201_CREATED, summary="Save a preset")
def save(here: Here, preset: NewPreset) -> Preset:
    """A voice, a seed, a manner: whatever a request can say, to be named as `preset` in others."""
    return here.presets.save(preset.named(preset.name))


@router.get("/{name}", summary="Look at a preset")
def look(here: Here, name: str) -> Preset:
    """One preset."""
    return here.presets.get(name)


@router.put("/{name}", summary="Save or replace a preset")
def replace(here: Here, name: str, settings: PresetSettings) -> Preset:
    """What had the name before is gone."""
    return here.presets.save(settings.named(name), replace=True)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a preset")
def delete(here: Here, name: str) -> None:
    """Jobs that were sent with it have its settings already."""
    here.presets.delete(name)
