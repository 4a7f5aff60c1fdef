"""What `POST /tts` takes: one flat request for every task that reads a text."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, cast

from pydantic import ConfigDict, Field

from shared.dialects.voices import Chosen, choose
from shared.errors import InvalidRequest
from shared.requests.declared import Description, Instruct, ReferenceFile, Transcript
from shared.requests.spoken import Spoken
from shared.voices.library import Library

SpokenTask = Literal["custom_voice", "voice_clone", "voice_design", "design_then_clone"]
"""The tasks that read a text aloud."""

REFERENCES = ("reference", "audio", "ref_audio")
"""What the part of a form may be called that holds a recording."""
ALIASES = {
    "input": "text",
    "speaker": "voice",
    "instructions": "instruct",
    "instruction": "instruct",
    "response_format": "format",
    "ref_text": "transcript",
    **{name: REFERENCES[0] for name in REFERENCES[1:]},
}
"""Other names that clients have for a field."""
_LEXICON = "lexicon"
_OWN = frozenset({"task", "voice", "speed", "stream"})
"""Fields that no task has."""


class Speech(Spoken):
    """A text, who reads it, and how it is to arrive.

    Words of a form are taken for what they say: `7` is a number, `true` a yes.
    """

    model_config = ConfigDict(strict=False)

    voice: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A voice of the library, a preset speaker, or one of OpenAI's names."""
    task: SpokenTask | None = None
    """Which task reads; left out, it follows from the voice, the recording or the description."""
    instruct: Instruct | None = None
    """How it is read, in words."""
    description: Description | None = None
    """A voice in words, which is designed and reads."""
    reference: ReferenceFile | None = None
    """A recording of the voice: a file in a form, or the id that `POST /v1/uploads` gave it."""
    transcript: Transcript | None = None
    """Every word of `reference`."""
    speed: float = Field(default=1.0, ge=0.25, le=4)
    """How fast it is heard, at equal pitch."""
    stream: bool = False
    """Send the sound while it is made."""

    @classmethod
    def of(cls, sent: Any) -> Self:
        """From JSON, with any of its names. Raises InvalidRequest."""
        if not isinstance(sent, dict):
            raise InvalidRequest("The body must be a JSON object.")
        return cls.parse(_renamed(cast(dict[str, Any], sent)))

    @classmethod
    def of_words(cls, words: Mapping[str, str]) -> Self:
        """From a form or an address; what was left empty was left out. Raises InvalidRequest.

        The lexicon, which is no word, is JSON there.
        """
        said: dict[str, Any] = {name: word for name, word in words.items() if word}
        if _LEXICON in said:
            said[_LEXICON] = _parsed(said[_LEXICON])
        return cls.of(said)

    @classmethod
    def names(cls) -> frozenset[str]:
        """Every name of every field."""
        return frozenset({*cls.model_fields, *ALIASES})

    def chosen(self, library: Library, *, recorded: bool = False) -> Chosen:
        """The task that reads it, and all fields of its request; `recorded` where a recording came.

        Raises UnknownVoice and InvalidRequest.
        """
        who = self._who(library, recorded=recorded or self.reference is not None)
        fields = self.model_dump(exclude_unset=True, exclude=set(_OWN))
        if self.description is None and "description" in _fields_of(who.task) and self.instruct:
            fields["description"] = fields.pop("instruct")
        return Chosen(who.task, fields | who.fields)

    def _who(self, library: Library, *, recorded: bool) -> Chosen:
        given = [
            name
            for name, there in (
                ("voice", self.voice),
                ("reference", recorded),
                ("description", self.description),
            )
            if there
        ]
        if len(given) > 1:
            raise InvalidRequest(f"Whose voice? {' and '.join(given)} are given.", param=given[0])
        found = Chosen(self.task or _TASK_OF.get("".join(given), "custom_voice"))
        if self.voice is None:
            return found
        chosen = choose(library, self.voice)
        if self.task not in (None, chosen.task):
            raise InvalidRequest(
                f"{self.voice!r} speaks with {chosen.task}, not with {self.task}.",
                param="task",
                hint="Leave `task` out: it follows from the voice.",
            )
        return chosen


_TASK_OF = {"reference": "voice_clone", "description": "voice_design"}


def _fields_of(task: str) -> Mapping[str, Any]:
    return Spoken.registry[task].model_fields


def _parsed(lexicon: str) -> Any:
    try:
        return json.loads(lexicon)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The lexicon is not JSON.", param=_LEXICON) from error


def _renamed(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by our names for them. Raises InvalidRequest for two that disagree."""
    renamed: dict[str, Any] = {}
    for name, value in sent.items():
        own = ALIASES.get(name, name)
        if renamed.setdefault(own, value) != value:
            raise InvalidRequest(
                f"`{name}` is another name of `{own}`, and they differ.", param=own
            )
    return renamed
