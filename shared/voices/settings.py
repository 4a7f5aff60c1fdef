"""The settings of a voice: fields of requests that hold unless a request says otherwise."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from shared.requests.custom_voice import CustomVoice
from shared.requests.declared import explain
from shared.requests.spoken import Spoken
from shared.requests.voice_clone import VoiceClone

_OF_ONE_REQUEST = frozenset({"text", "preset", "format", "words"})
_FIELDS: dict[str, FieldInfo] = {
    **{name: field for name, field in Spoken.model_fields.items() if name not in _OF_ONE_REQUEST},
    "instruct": CustomVoice.model_fields["instruct"],
    "mode": VoiceClone.model_fields["mode"],
    "min_similarity": VoiceClone.model_fields["min_similarity"],
}
_DECLARED: dict[str, Any] = {name: (field.annotation, field) for name, field in _FIELDS.items()}

VoiceSettings = create_model(
    "VoiceSettings", __config__=ConfigDict(extra="forbid", strict=True), **_DECLARED
)
"""Every field that a voice may set, as the contracts declare it."""


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, each as its contract takes it. Raises InvalidRequest for the first that is not.

    Which of them a task knows, the task's contract says; the others do not reach it.
    """
    try:
        known = VoiceSettings.model_validate(settings)
    except ValidationError as error:
        fault: dict[str, Any] = dict(error.errors(include_url=False)[0])
        raise explain(fault | {"loc": ("settings", *fault["loc"])}) from error
    return known.model_dump(mode="json", exclude_unset=True)
