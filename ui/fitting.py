"""How the cues of subtitles were made to fit, as the report of an output tells it."""

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.client import AsyncClient, calls
from shared.errors import UnknownFile
from ui.dashboard import ask

_REPORT = "report.json"


class Fitted(BaseModel):
    """What the report tells of a line; times in seconds."""

    model_config = ConfigDict(extra="ignore")

    line: int | None = None
    rate: float | None = None
    """How much faster it is heard."""
    action: str = ""
    overrun: float = 0.0
    """By how much it is longer than its room."""

    @property
    def strained(self) -> bool:
        """Whether it did not fit without harm: too long still, cut off, or hurried."""
        return self.overrun > 0 or self.action in _HARM

    @property
    def said(self) -> str:
        """In words; empty for a cue that was left as it is."""
        if self.overrun > 0:
            cut = ", cut off" if self.action == "cut" else ""
            return f"{self.overrun:.1f} s too long{cut}"
        if self.rate is not None and self.rate > 1.005:
            return f"{self.rate:.2f} × faster"
        return "" if self.action in _USUAL else self.action


_HARM = frozenset({"hurried", "cut", "overrun"})
_USUAL = frozenset({"", "fits"})
_ROWS = TypeAdapter(list[Fitted])


async def of(client: AsyncClient, output: str) -> dict[int, Fitted]:
    """The report of an output by the numbers of its lines; empty where there is none.

    Raises SpeechError.
    """
    try:
        rows = _ROWS.validate_json(await ask(_content(client, output)))
    except UnknownFile:
        return {}
    return {row.line: row for row in rows if row.line is not None}


async def _content(client: AsyncClient, output: str) -> bytes:
    async with client.part(calls.file(output, _REPORT)) as answer:
        return await answer.aread()
