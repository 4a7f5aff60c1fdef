"""The contract of `npc_pack`: a table of lines becomes the voice files of a game."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from shared.requests.pipeline import Loudness, Pipeline
from shared.requests.role import CastField

Engine = Literal["yarn", "unreal", "godot"]


class NpcPack(Pipeline):
    """Speak a table of lines for a game."""

    name: ClassVar[str] = "npc_pack"
    title: ClassVar[str] = "NPC pack"
    summary: ClassVar[str] = (
        "A table of lines (CSV, JSON or YAML; columns of Yarn Spinner, Unreal, Godot and Unity are "
        "understood) becomes a zip of voice files by language and character, with a manifest."
    )
    artifacts: ClassVar[tuple[str, ...]] = ("pack.zip", "manifest.json", "manifest.csv")
    example_name: ClassVar[str] = "barks.csv"
    example: ClassVar[dict[str, Any]] = {
        "text": "id,character,text\nsmith_01,Blacksmith,Mind the sparks.\n"
        "oracle_01,Oracle,You were taller in the dream.",
        "cast": {"Blacksmith": "ryan", "Oracle": "serena"},
        "language": "english",
    }

    form: Literal["auto", "csv", "json", "yaml"] = "auto"
    """How the table is written."""
    cast: CastField = Field(default_factory=dict)
    """Who speaks whom: character → role, or the name of a voice. It goes before the table's own
    column; whoever is in neither gets a voice that nobody else has, as long as there are any."""
    takes: int = Field(default=1, ge=1, le=10)
    """How many takes of each line, with different seeds; a row may say otherwise."""
    clips: Literal["wav", "ogg"] = "wav"
    """Format of the files in the pack."""
    rate: Literal[16_000, 22_050, 24_000, 44_100, 48_000] = 48_000
    """Samples per second of the files in the pack; the voices have 24,000."""
    bits: Literal[16, 24] = 16
    """Bits per sample of `wav`."""
    gain: Literal["per_character", "per_line", "off"] = "per_character"
    """What is made equally loud: the lines of a character together, so that a whisper stays one;
    each line; nothing."""
    tables: Annotated[list[Engine], Field(max_length=3)] = Field(default_factory=list[Engine])
    """Tables of the lines for these engines, in the pack."""
    loudness: Loudness = "games"
    """How loud, as `gain` says."""
