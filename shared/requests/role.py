"""Who speaks and how: what a document says of its narrator, a script of its cast."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.errors import InvalidRequest
from shared.requests.declared import PRIVATE, Description, EmotionName, Instruct
from shared.voices import naming

Speed = Annotated[float, Field(ge=0.5, le=2.0)]
"""How fast, as a share of the natural pace; the pitch stays."""
AnyVoiceName = Annotated[
    str, Field(min_length=1, max_length=naming.LONGEST), AfterValidator(str.strip)
]
"""Id or name of any voice of the library, preset speakers included."""


class Role(BaseModel):
    """A voice of the library, or one in words; with neither, one is chosen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    voice: AnyVoiceName | None = None
    """Id or name of a voice of the library, preset speakers included."""
    description: Description | None = None
    """A voice in words: it is designed once, and a clone of it speaks every line."""
    instruct: Instruct | None = None
    """How all of it is spoken, in words; a line's own direction is added to it."""
    emotion: EmotionName | None = None
    """The mood of every line that has none of its own."""
    speed: Speed = 1.0
    """How fast, as a share of the natural pace: made from the finished sound, at equal pitch."""

    @model_validator(mode="after")
    def _one_voice(self) -> "Role":
        if self.voice and self.description:
            raise InvalidRequest("A role has a `voice` or a `description`, not both.")
        return self

    @property
    def chosen(self) -> bool:
        """Whether it says who speaks."""
        return bool(self.voice or self.description)


def same(name: str) -> str:
    """What two spellings of the name of one character have in common."""
    return naming.folded(" ".join(name.split()))


def _named(value: Any) -> Any:
    """A voice's name alone stands for the role that says nothing else."""
    return {"voice": value} if isinstance(value, str) else value


LONGEST_NAME = 100
"""Characters of the name of a character."""
ROLE = "x-role"
"""In the schema of a field that says who speaks; a voice's name alone will do."""
CAST = "x-cast"
"""In the schema of a field that gives the roles of several, by name."""

RoleField = Annotated[Role, BeforeValidator(_named), Field(json_schema_extra={ROLE: True})]
_PartName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
CastField = Annotated[
    dict[_PartName, Annotated[Role, BeforeValidator(_named)]],
    Field(max_length=1_000, json_schema_extra={CAST: True, PRIVATE: True}),
]
