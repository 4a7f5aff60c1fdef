"""How a feature is declared: one pydantic model whose class says what it is."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
)

from shared import emotions, languages, speakers
from shared.errors import InvalidRequest, NothingToSay, TextTooLong, UnknownField, UnknownFormat
from shared.text import plain
from shared.text.clean import speakable
from shared.voices import naming

CheckpointKind = Literal["custom_voice", "voice_design", "base"]
Size = Literal["0.6B", "1.7B"]
Kind = Literal["task", "pipeline"]
Format = Literal["wav", "flac", "mp3", "opus", "aac", "pcm"]
FORMATS: tuple[str, ...] = get_args(Format)
MAX_SEED = 2**32 - 1
_LONGEST_NAME = 100
REDACTED = ""
"""What stands for a text that is not kept."""

_KIND_OF_FAULT: dict[str, type[InvalidRequest]] = {
    "extra_forbidden": UnknownField,
    "string_too_long": TextTooLong,
    "string_too_short": NothingToSay,
}
_OF_TEXTS = (TextTooLong, NothingToSay)
"""Only said of a field called `text`."""

PRIVATE = "x-private"
"""In the schema of a field that holds what somebody wrote."""
SAID = "x-said"
"""In the schema of a field whose words are heard: they belong to one piece of work."""
UPLOAD = "x-upload"
"""In the schema of a field: the kind of file that it takes; in a request stands the file's id."""
VOICE = "x-voice"
"""In the schema of a field that names a voice: `stored`, or `preset` for a speaker."""
NEW_VOICE = "x-new-voice"
"""In the schema of a field: it names a voice that the job puts into the library."""
PRESET = "x-preset"
"""In the schema of a field that names a saved preset."""

Text = Annotated[
    str, AfterValidator(plain.speakable), Field(json_schema_extra={PRIVATE: True, SAID: True})
]
"""Text to be spoken, with mark-up or without: at least one letter or digit is left of it."""
Language = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"x-choices": [languages.AUTO, *languages.CODES]}),
    AfterValidator(languages.canonical),
]
SpeakerName = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"x-choices": list(speakers.SPEAKERS), VOICE: "preset"}),
    AfterValidator(speakers.canonical),
]

EmotionName = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"x-choices": list(emotions.EMOTIONS)}),
    AfterValidator(emotions.canonical),
]
UploadKind = Literal["reference", "audio", "codes", "document", "plan", "cover"]
"""What a file is checked as: a recording of a voice to clone, any sound, codes of the codec, a
document to be read, the plan of its lines, a picture."""
_ID_OF_UPLOAD = r"^[0-9a-f]{64}$"
ANY_FILE = "0" * 64
"""Stands for the id of a file that nobody has looked at yet."""

Instruct = Annotated[str, Field(max_length=1_000, json_schema_extra={PRIVATE: True})]
_Spelling = Annotated[str, Field(min_length=1, max_length=200)]
Spellings = Annotated[
    dict[_Spelling, _Spelling], Field(max_length=1_000, json_schema_extra={PRIVATE: True})
]
"""Words and how they are to be read."""
Description = Annotated[
    str, Field(min_length=3, max_length=1_000, json_schema_extra={PRIVATE: True})
]
Transcript = Annotated[
    str,
    AfterValidator(speakable),
    Field(min_length=1, max_length=2_000, json_schema_extra={PRIVATE: True, SAID: True}),
]
NewVoiceName = Annotated[
    str,
    Field(max_length=naming.LONGEST, json_schema_extra={NEW_VOICE: True}),
    AfterValidator(naming.checked_name),
]
_Name = Annotated[str, Field(min_length=1, max_length=naming.LONGEST)]
PresetName = Annotated[_Name, Field(json_schema_extra={PRESET: True})]
VoiceName = Annotated[_Name, Field(json_schema_extra={VOICE: "stored"})]
"""Id or name of a voice in the library; a request that was admitted carries the id."""
ReferenceFile = Annotated[
    str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "reference"})
]
AudioFile = Annotated[str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "audio"})]
CodesFile = Annotated[str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "codes"})]
DocumentFile = Annotated[str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "document"})]
PlanFile = Annotated[str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "plan"})]
CoverFile = Annotated[str, Field(pattern=_ID_OF_UPLOAD, json_schema_extra={UPLOAD: "cover"})]
RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""Id of a job or output."""

MinSimilarity = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        description="Speak a sentence again, with another seed, while its voice is less alike than "
        "this to the reference (cosine of speaker embeddings). Sound then comes sentence by "
        "sentence.",
    ),
]

_ALONE = ConfigDict(strict=True)
"""How a field is validated outside its contract: as in it."""


class Declared(BaseModel):
    """Base of every contract; a subclass with a `name` is a feature of the service."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    name: ClassVar[str]
    """The word in routes, records and commands."""
    title: ClassVar[str]
    summary: ClassVar[str]
    kind: ClassVar[Kind]
    example: ClassVar[dict[str, Any]]
    """A request that runs as it stands, on any engine, with the files that it names."""
    example_files: ClassVar[dict[str, str]] = {}
    """Files that go with the example: field → path from the root of the project."""
    on_codec_alone: ClassVar[bool] = False
    """True where nothing is generated: such jobs have a queue of their own."""
    artifacts: ClassVar[tuple[str, ...]] = ()
    """Names of the files that every result has beside its sound."""
    checkpoint: ClassVar[CheckpointKind | None] = None
    """The kind of checkpoint that it needs first; None: any will do, as every one has the codec."""

    registry: ClassVar[dict[str, type["Declared"]]] = {}

    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    """Equal seeds make equal audio on one engine; left out, one is drawn and reported."""
    format: Format = "wav"
    """Format of the finished file."""

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        super().__pydantic_init_subclass__(**keywords)
        if "name" in cls.__dict__:
            cls.registry[cls.name] = cls

    @classmethod
    def parse(cls, body: Any) -> Self:
        """Validate a request body. Raises InvalidRequest, with the field's name as `param`."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise explain(dict(error.errors(include_url=False)[0]), cls) from error
        except InvalidRequest:
            cls.check_part(body)  # a type refuses without knowing which field it is of
            raise

    @classmethod
    def stand_in(cls) -> dict[str, Any]:
        """The example as it is once its files have been sent, with ids that stand for any file."""
        return {**dict.fromkeys(cls.example_files, ANY_FILE), **cls.example}

    @classmethod
    def uploads(cls) -> dict[str, UploadKind]:
        """The fields that name a file, and what each file is checked as."""
        return cls._marked(UPLOAD)

    @classmethod
    def voices(cls) -> dict[str, str]:
        """The fields that name a voice: `stored` ones of the library, or `preset` speakers."""
        return cls._marked(VOICE)

    @classmethod
    def new_voices(cls) -> dict[str, bool]:
        """The fields that name a voice which is to be kept."""
        return cls._marked(NEW_VOICE)

    @classmethod
    def texts(cls) -> dict[str, bool]:
        """The fields that hold what somebody wrote."""
        return cls._marked(PRIVATE)

    @classmethod
    def said(cls) -> dict[str, bool]:
        """The fields whose words are heard."""
        return cls._marked(SAID)

    @classmethod
    def check_part(cls, part: Mapping[str, Any]) -> None:
        """Check some fields of a request, each by itself. Raises InvalidRequest, as `parse`."""
        for name, value in part.items():
            if name not in cls.model_fields:
                raise explain({"type": "extra_forbidden", "loc": (name,)}, cls)
            field = _alone(cls.model_fields[name].rebuild_annotation())
            try:
                field.validate_python(value)
            except ValidationError as error:
                fault = error.errors(include_url=False)[0]
                raise explain({**fault, "loc": (name, *fault["loc"])}, cls) from error
            except InvalidRequest as error:
                error.param = name
                raise

    @classmethod
    def redact(cls, request: dict[str, Any]) -> dict[str, Any]:
        """The request without the texts in it, for services that do not keep them."""
        private = cls.texts()
        return {
            name: _redacted(value) if name in private else _without_private(cls, name, value)
            for name, value in request.items()
        }

    @classmethod
    def lacks_words(cls, request: Mapping[str, Any]) -> bool:
        """Whether what was to be heard has been taken out of a request."""
        return any(request.get(name) == REDACTED for name in cls.said())

    @classmethod
    @cache
    def _marked(cls, mark: str) -> dict[str, Any]:
        """The fields whose schema carries a mark, optional ones too, and what it says."""
        return {
            name: kind[mark]
            for name, field in cls.model_json_schema()["properties"].items()
            for kind in (field, *field.get("anyOf", ()))
            if mark in kind
        }

    def estimated_seconds(self) -> float:
        """How long the audio will be, about; on the codec alone, as long as what it is given."""
        raise NotImplementedError


def explain(fault: dict[str, Any], contract: type[Declared] | None = None) -> InvalidRequest:
    """One of pydantic's faults as one of our errors."""
    param = ".".join(_printable(str(part)) for part in fault["loc"]) or None
    kind = _KIND_OF_FAULT.get(fault["type"], InvalidRequest)
    if kind in _OF_TEXTS and fault["loc"][-1:] != ("text",):
        kind = InvalidRequest
    if param == "format":
        kind = UnknownFormat
    if kind is UnknownField:
        known = f" Known are: {', '.join(contract.model_fields)}." if contract else ""
        return UnknownField(f"There is no field {param!r}.{known}", param=param)
    if kind is NothingToSay:
        return NothingToSay("The text is empty.", param=param)
    if fault["type"] == "string_pattern_mismatch" and fault["ctx"]["pattern"] == _ID_OF_UPLOAD:
        return InvalidRequest(
            f"{param}: This is no id of a file that was sent.",
            param=param,
            hint="Send the file in a form, or take the id that POST /v1/uploads answers with.",
        )
    if not param:
        return kind(f"The body must be a JSON object: {fault['msg']}.")
    return kind(f"{param}: {fault['msg']}.", param=param)


def _alone(kind: Any) -> TypeAdapter[Any]:
    """What validates a field as its contract does; a model says itself how strict it is."""
    try:
        return TypeAdapter(kind, config=_ALONE)
    except PydanticUserError:
        return TypeAdapter(kind)


def _redacted(value: Any) -> Any:
    """What stands for a private value: nothing, of its own kind."""
    if value is None or isinstance(value, str):
        return value and REDACTED
    return type(value)()


def _without_private(contract: type[Declared], name: str, value: Any) -> Any:
    """A model inside a request without the private fields that it has; anything else as it is."""
    if name not in contract.model_fields or not isinstance(value, dict):
        return value
    inside = cast(dict[str, Any], value)
    private = _private_inside(contract, name)
    return {key: None if key in private else content for key, content in inside.items()}


@cache
def _private_inside(contract: type[Declared], name: str) -> frozenset[str]:
    """The private fields of the model that a field holds; none where it holds none."""
    schema = TypeAdapter[Any](contract.model_fields[name].rebuild_annotation()).json_schema()
    models = (schema, *schema.get("$defs", {}).values())
    return frozenset(
        key
        for model in models
        for key, field in model.get("properties", {}).items()
        for kind in (field, *field.get("anyOf", ()))
        if PRIVATE in kind
    )


def _printable(name: str) -> str:
    """A name as somebody sent it, fit for an answer: half a surrogate pair cannot be encoded."""
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
