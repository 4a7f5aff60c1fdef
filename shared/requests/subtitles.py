"""The contract of `subtitles`: subtitles are spoken in their time."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.errors import InvalidRequest
from shared.requests.pipeline import Loudness, Pipeline
from shared.requests.role import CastField, Role, RoleField


class Subtitles(Pipeline):
    """Speak subtitles in their time."""

    name: ClassVar[str] = "subtitles"
    title: ClassVar[str] = "Subtitles"
    summary: ClassVar[str] = (
        "Subtitles (SRT, WebVTT, ASS) are spoken, each cue fitted into its time: a mix as long as "
        "the film, a track for each speaker, and a report of what was done to fit."
    )
    artifacts: ClassVar[tuple[str, ...]] = (
        "audio.srt",
        "audio.vtt",
        "timings.json",
        "report.json",
        "report.csv",
        "cues.zip",
    )
    example_name: ClassVar[str] = "river.srt"
    example: ClassVar[dict[str, Any]] = {
        "text": "1\n00:00:00,500 --> 00:00:02,500\nThe river froze in November.\n\n"
        "2\n00:00:03,000 --> 00:00:05,000\nANNA: It was enough.\n",
        "voice": "ryan",
        "cast": {"ANNA": "serena"},
        "language": "english",
    }

    form: Literal["auto", "srt", "vtt", "ass"] = "auto"
    """How the subtitles are written."""
    voice: RoleField = Role(voice="ryan")
    """Who speaks cues that name nobody."""
    cast: CastField = Field(default_factory=dict)
    """Who speaks whom: speaker → role, or the name of a voice. Whoever is left out gets a voice
    that nobody else has, as long as there are any."""
    borrow: bool = True
    """Let a cue that is too long use the silence until the next one."""
    squeeze: bool = True
    """Shorten the silences inside a cue that is too long."""
    soft_rate: float = Field(default=1.25, ge=1, le=2)
    """How much faster a cue may be spoken without being reported."""
    hard_rate: float = Field(default=1.5, ge=1, le=3)
    """How much faster at most."""
    overrun: Literal["shift", "overlap", "cut", "fail"] = "overlap"
    """What happens to a cue that does not fit even so: those after it are shifted, it is heard
    beside the next, it is cut off with a fade, or the job fails."""
    duration: float | None = Field(default=None, gt=0, le=86_400)
    """Seconds of the film; left out, the end of the last cue."""
    stems: bool = True
    """One track for each speaker, as long as the mix."""
    loudness: Loudness = "broadcast"
    """How loud the finished recording is; true peaks are limited in all but `off`."""

    @model_validator(mode="after")
    def _rates_in_order(self) -> Self:
        if self.soft_rate > self.hard_rate:
            raise InvalidRequest("soft_rate is above hard_rate.", param="soft_rate")
        return self
