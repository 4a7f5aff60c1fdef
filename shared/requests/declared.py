"""How a feature is declared: one pydantic model whose class says what it is."""

from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared import languages, speakers
from shared.errors import InvalidRequest, NothingToSay, TextTooLong, UnknownField, UnknownFormat
from shared.text.clean import speakable

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

Text = Annotated[str, AfterValidator(speakable), Field(json_schema_extra={"x-private": True})]
"""Text to be spoken: at least one letter or digit after cleaning."""
Language = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"x-choices": [languages.AUTO, *languages.CODES]}),
    AfterValidator(languages.canonical),
]
SpeakerName = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"x-choices": list(speakers.SPEAKERS)}),
    AfterValidator(speakers.canonical),
]


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
    """A request that runs as it stands, on any engine."""

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

    @classmethod
    def redact(cls, request: dict[str, Any]) -> dict[str, Any]:
        """The request without the texts in it, for services that do not keep them."""
        private = {
            name
            for name, field in cls.model_fields.items()
            if isinstance(field.json_schema_extra, dict)
            and field.json_schema_extra.get("x-private")
        }
        return {name: REDACTED if name in private else value for name, value in request.items()}

    def estimated_seconds(self) -> float:
        """How long the audio will be, about."""
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
    if not param:
        return kind(f"The body must be a JSON object: {fault['msg']}.")
    return kind(f"{param}: {fault['msg']}.", param=param)


def _printable(name: str) -> str:
    """A name as somebody sent it, fit for an answer: half a surrogate pair cannot be encoded."""
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
