"""What every pipeline has: a document, how it is read, and what is done with the sound."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared import languages
from shared.errors import BodyTooLarge, InvalidRequest, TextTooLong
from shared.requests.declared import (
    MAX_SEED,
    PRIVATE,
    SAID,
    CheckpointKind,
    Declared,
    DocumentFile,
    Kind,
    Language,
    PlanFile,
    PresetName,
    RunId,
    Size,
    Spellings,
)
from shared.requests.role import CAST, Role
from shared.requests.sampling import Sampling
from shared.text import duration
from shared.text.sentences import Boundary

LONGEST_DOCUMENT = 4_000_000
"""Characters of a document in a request; a file may have what `MAX_UPLOAD_MB` allows."""

Loudness = Literal["audiobook", "podcast", "broadcast", "games", "off"]
"""`audiobook`: ACX, RMS -20 dB; `podcast`: -16 LUFS in stereo, -19 in mono; `broadcast`: EBU R128,
-23 LUFS; `games`: -23 LUFS for each character; `off`: as it was spoken."""
_Seconds = Annotated[float, Field(ge=0, le=30)]
_WAYS = "Send the document as `text` or as the file `source`, or a `plan` of it."


class Pauses(BaseModel):
    """Silence in seconds after a line, by what ends there; a pause in mark-up goes before."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    comma: _Seconds = 0.1
    """Within a sentence that is too long to be spoken in one go."""
    sentence: _Seconds = 0.25
    """After a sentence."""
    paragraph: _Seconds = 0.6
    """After a paragraph, and between two speakers."""
    chapter: _Seconds = 2.0
    """After a chapter or a scene."""

    def after(self, boundary: Boundary) -> float:
        """Seconds after what ends so; nothing comes after the end."""
        return 0.0 if boundary is Boundary.END else float(getattr(self, boundary.value))


class Pipeline(Sampling, Declared):
    """Base of the contracts that turn a document into a recording, line by line."""

    kind: ClassVar[Kind] = "pipeline"
    checkpoint: ClassVar[CheckpointKind | None] = None
    example_name: ClassVar[str]
    """What a file with the text of the example is called."""

    text: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=LONGEST_DOCUMENT,
                json_schema_extra={PRIVATE: True, SAID: True},
            ),
        ]
        | None
    ) = None
    """The document itself."""
    source: DocumentFile | None = None
    """The document as a file, or the id that `POST /v1/uploads` gave it."""
    plan: PlanFile | None = None
    """A plan as `?plan=1` answers with, changed or not: it is spoken as it stands, whatever the
    document says."""
    language: Language = languages.AUTO
    """The language of the document: a name, an ISO code, or `auto`."""
    seed: int | None = Field(default=1, ge=0, le=MAX_SEED)
    """Equal seeds make equal audio on one engine. It stays the same unless it is changed, so a
    document that is sent again speaks only what is new in it."""
    size: Size | None = None
    """Which size of checkpoint speaks; left out, the one that the service is set to."""
    preset: PresetName | None = None
    """Name of a preset, whose settings hold wherever the request says nothing. A cast is saved as
    one; where both give roles, they are put together."""
    pauses: Pauses = Pauses()
    """Silence after each line."""
    normalise: bool = True
    """Write out numbers, dates, units, currencies, abbreviations and addresses as they are read."""
    lexicon: Spellings = Field(default_factory=dict)
    """Words and how they are to be read, before those of the service (`configs/lexicon/`)."""
    retakes: int = Field(default=2, ge=0, le=5)
    """How often a line is spoken again, with another seed, that is too long or short, silent,
    clipped or broken."""
    continues: RunId | None = None
    """A job or output whose lines are taken over where nothing about them has changed; left out,
    the latest one is looked for."""
    fresh: bool = False
    """Speak every line, also those that an earlier output has."""
    loudness: Loudness = "podcast"
    """How loud the finished recording is; true peaks are limited in all but `off`."""

    @model_validator(mode="after")
    def _one_document(self) -> Self:
        if self.text is not None and self.source is not None:
            raise InvalidRequest("`text` and `source` were both given.", param="source", hint=_WAYS)
        if self.text is None and self.source is None and self.plan is None:
            raise InvalidRequest("No document was given.", param="text", hint=_WAYS)
        return self

    @classmethod
    def parse(cls, body: Any) -> Self:
        """As for every contract, but a text that is too long is a body that is too large."""
        try:
            return super().parse(body)
        except TextTooLong as error:
            raise BodyTooLarge(
                f"A text may have {LONGEST_DOCUMENT:,} characters.",
                param="text",
                hint="Send the document as a file: `source`.",
            ) from error

    @classmethod
    def redact(cls, request: dict[str, Any]) -> dict[str, Any]:
        """As for every contract; of one that has a plan, the text is needed no more."""
        redacted = super().redact(request)
        return {**redacted, "text": None} if redacted.get("plan") else redacted

    def estimated_seconds(self) -> float:
        """From the characters of its text; a file is first known once it has a plan."""
        return duration.estimate(self.text, self.language) if self.text else 0.0

    @property
    def document_field(self) -> str:
        """The field that the document came in."""
        return "source" if self.text is None else "text"

    @property
    def sampling(self) -> Sampling:
        """The sampling parameters alone."""
        return Sampling(**{field: getattr(self, field) for field in Sampling.model_fields})

    def roles(self) -> dict[str, Role]:
        """Its roles by where they stand, such as `narrator` or `cast.ANNA`."""
        found: dict[str, Role] = {}

        def note(place: str, role: Role) -> Role:
            return found.setdefault(place, role)

        self.with_roles(note)
        return found

    def with_roles(self, change: Callable[[str, Role], Role]) -> Self:
        """The request with each of its roles changed; `change` is told where it stands."""
        changed: dict[str, Any] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, Role):
                changed[field] = change(field, value)
            elif field in self.casts():
                roles = cast(Mapping[str, Role], value)
                changed[field] = {name: change(f"{field}.{name}", it) for name, it in roles.items()}
        return self.model_copy(update=changed)

    @classmethod
    def casts(cls) -> dict[str, bool]:
        """The fields that give the roles of several, by name."""
        return cls._marked(CAST)
