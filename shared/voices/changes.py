"""What a client says of a voice: when it makes one, and when it changes one."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from shared import languages
from shared.errors import InvalidRequest
from shared.requests.declared import (
    Language,
    NewVoiceName,
    ReferenceFile,
    Transcript,
    VoiceName,
    explain,
)
from shared.requests.voice_design import MOST_CANDIDATES
from shared.stores.outputs import Tags
from shared.stores.voice_record import MOST_CLIPS, Note
from shared.voices import settings

VoiceSettings = Annotated[
    dict[str, Any],
    AfterValidator(settings.checked),
    Field(json_schema_extra=settings.VoiceSettings.model_json_schema()),
]
_SOURCES = ("reference", "from_job", "mix")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class VoiceFacts(_Body):
    """What people say of a voice, whatever it is made from."""

    description: Note = ""
    tags: Tags = ()
    """Words to find it by."""
    consent: Note = ""
    """Who agreed that this voice is used, and to what."""
    source: Note = ""
    """Where the recording comes from."""
    settings: VoiceSettings = {}
    """Fields of a request, the seed among them, that hold unless the request says otherwise."""


class Share(_Body):
    """A voice in a mixture."""

    voice: VoiceName
    weight: float = Field(default=1.0, gt=0, le=100)
    """Its share, in proportion to the others'."""


_Share = Annotated[Share, WithJsonSchema(Share.model_json_schema())]
"""Its schema stands where it is used: the OpenAPI document keeps no `$defs` for it."""


class NewVoice(VoiceFacts):
    """A voice to be made from one of: a recording, a candidate that a job designed, a mixture."""

    name: NewVoiceName
    """As people call it; no two voices share one, whatever its case."""
    language: Language | None = None
    """The language it is at home in; left out, that of the candidate, or `auto`."""
    transcript: Transcript | None = None
    """Every word of the recording: with it a clone takes up how the person speaks."""
    reference: ReferenceFile | None = None
    """Id of an upload of the kind `reference`; a multipart body brings the file itself."""
    from_job: str | None = Field(default=None, max_length=60)
    """A finished job with candidates."""
    candidate: int = Field(default=1, ge=1, le=MOST_CANDIDATES)
    """Which of the job's candidates."""
    mix: tuple[_Share, ...] | None = Field(default=None, min_length=2, max_length=MOST_CLIPS)
    """Voices with recordings, out of which one is mixed. Experimental."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidRequest(
                f"{' and '.join(given)} are given." if given else "Nothing to make it from.",
                param="reference",
                hint="Send one of: a file `reference`, `from_job` with `candidate`, `mix`.",
            )
        if self.transcript and self.reference is None:
            raise InvalidRequest(
                "A transcript goes with a reference; a candidate has its own.", param="transcript"
            )
        return self

    @property
    def home(self) -> str:
        """The language, where one was given."""
        return self.language or languages.AUTO

    @classmethod
    def parse(cls, body: Any) -> Self:
        """Raises InvalidRequest, with the field's name as `param`."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise explain(dict(error.errors(include_url=False)[0])) from error


class VoiceChanges(VoiceFacts):
    """What is left out stays as it is; tags and settings replace those before."""

    name: NewVoiceName = ""
    language: Language = languages.AUTO
    transcript: Transcript | None = None
    """Every word of the recording; null takes it away. Prompts that were kept are made anew."""

    def given(self) -> dict[str, Any]:
        """The fields of the record that the client sent."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"transcript"}}
