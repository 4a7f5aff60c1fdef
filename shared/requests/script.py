"""The contract of `script`: a screenplay or dialogue is read by a cast."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from shared.requests.pipeline import Loudness, Pipeline
from shared.requests.role import CastField, RoleField


class Script(Pipeline):
    """Let a cast read a script."""

    name: ClassVar[str] = "script"
    title: ClassVar[str] = "Table read"
    summary: ClassVar[str] = (
        "A screenplay or dialogue (Fountain, Final Draft, `NAME: line`, Markdown, CSV, JSON) is "
        "read by a cast: the mix, a track and the lines of each character, subtitles."
    )
    artifacts: ClassVar[tuple[str, ...]] = ("audio.srt", "audio.vtt", "timings.json", "lines.zip")
    example_name: ClassVar[str] = "market.txt"
    example: ClassVar[dict[str, Any]] = {
        "text": "NARRATOR: The market closes at dusk.\nTOLLA (tired): You again.\n"
        "WREN: I don't want a map.",
        "cast": {"TOLLA": "serena", "WREN": {"voice": "aiden", "instruct": "wary"}},
        "language": "english",
    }

    form: Literal["auto", "fountain", "fdx", "dialogue", "csv", "json"] = "auto"
    """How the script is written; `dialogue` is `NAME: line`, in plain text or Markdown."""
    cast: CastField = Field(default_factory=dict)
    """Who speaks whom: character → role, or the name of a voice. Whoever is left out gets a voice
    that nobody else has, as long as there are any; the plan says which."""
    narrator: RoleField | None = None
    """Who reads scene headings and action, and what nobody says; left out, these are not read."""
    narrates: Literal["all", "headings", "action"] = "all"
    """What the narrator reads."""
    beat: float = Field(default=0.8, ge=0, le=10)
    """Seconds of silence for `(beat)` and `(pause)`."""
    stems: bool = True
    """One track for each character, as long as the mix."""
    loudness: Loudness = "podcast"
    """How loud the finished recording is; true peaks are limited in all but `off`."""
