"""The events of ASS and SSA files, by pysubs2."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pysubs2 import SSAFile

from shared.cues.timing import Times

_EVENT = re.compile(r"\s*(Dialogue|Comment)\s*:\s*(.*)", re.IGNORECASE)
_FORMAT = re.compile(r"\s*Format\s*:\s*(.*)", re.IGNORECASE)
_SECTION = re.compile(r"\s*\[([^\]]+)\]\s*")
_TIME = re.compile(r"-?\d{1,2}:(?:\d{1,2}:\d{1,2}[.,]\d{1,3}|\d{2}:\d{2})")
"""What pysubs2 takes for a time: at any other it stops."""
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")
"""pysubs2 knows too, but takes time that grows with the square of the codes."""
_USUAL = "layer,start,end,style,name,marginl,marginr,marginv,effect,text"
_UNKNOWN = "0:00:00.00"


@dataclass(frozen=True)
class Event:
    """A line of dialogue or a comment."""

    row: int
    """Line of the file, from 1."""
    times: Times | None
    """None where nobody can read them."""
    name: str
    text: str
    """Without the codes of its style."""
    comment: bool
    drawing: bool
    """It holds lines and curves."""


@dataclass(frozen=True)
class _Written:
    """An event as it stands in the file."""

    row: int
    comment: bool
    start: str
    end: str
    name: str
    text: str

    @property
    def readable(self) -> bool:
        return all(_TIME.fullmatch(time) for time in (self.start, self.end))

    @property
    def repaired(self) -> str:
        """With the columns that pysubs2 expects, and nothing in them at which it stops."""
        start, end = (self.start, self.end) if self.readable else (_UNKNOWN, _UNKNOWN)
        kind = "Comment" if self.comment else "Dialogue"
        return f"{kind}: 0,{start},{end},Default,{self.name},0,0,0,,{self.text}"


def events(text: str) -> list[Event]:
    """All events in the order of the file, whatever order its columns are in."""
    written = list(_written(text))
    script = "\n".join(("[Events]", *(event.repaired for event in written)))
    parsed = SSAFile.from_string(script, format_="ass")
    return [
        Event(
            row=event.row,
            times=(found.start, found.end) if event.readable else None,
            name=found.name.strip(),
            text=found.plaintext.strip(),
            comment=event.comment,
            drawing=_DRAWING.search(found.text) is not None,
        )
        for event, found in zip(written, parsed, strict=True)
    ]


def _written(text: str) -> Iterator[_Written]:
    columns, section = _USUAL.split(","), "events"
    for row, line in enumerate(text.split("\n"), 1):
        if heading := _SECTION.fullmatch(line):
            section = heading[1].strip().lower()
        elif (form := _FORMAT.fullmatch(line)) and section == "events":
            named = [column.strip().lower() for column in form[1].split(",")]
            columns = named if {"start", "end", "text"} <= set(named) else columns
        elif event := _EVENT.fullmatch(line):
            cells = event[2].split(",", len(columns) - 1)
            cell = dict(zip(columns, cells, strict=False))
            styled, brace, shown = cell.get("text", "").rpartition("}")
            yield _Written(
                row=row,
                comment=event[1].lower() == "comment",
                start=cell.get("start", "").strip(),
                end=cell.get("end", "").strip(),
                name=(cell.get("name") or cell.get("actor") or "").strip(),
                # pysubs2 would look for the end of each open brace, and there is none.
                text=styled + brace + shown.replace("{", ""),
            )
