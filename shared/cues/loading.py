"""Subtitle files, however malformed: every cue with its time, and what had to be mended.

pysubs2 reads ASS. SRT and WebVTT are read here: pysubs2 loses negative times, hours above 99,
identifiers, a last line that is a number, and takes notes for what somebody says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from shared.cues.cue import Loaded, LoadedCue
from shared.cues.substation import events
from shared.cues.timing import Times, is_meant, times
from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from shared.plans.plan import MOST_LINES
from shared.text.remarks import listed

Form = Literal["srt", "vtt", "ass"]

_HEADER = re.compile(r"\s*WEBVTT\b")
_VOICE = re.compile(r"<v[.\s]")
_SUBSTATION = re.compile(
    r"^\s*\[(?:Script Info|V4\+? Styles|Events)\]|^\s*Dialogue\s*:.*,.*,", re.I | re.M
)
_REMARK = re.compile(r"NOTE(?:\s.*)?|STYLE\s*|REGION\s*")
_INDEX = re.compile(r"[0-9]{1,9}")


def load(text: str, form: Form | None = None) -> Loaded:
    """The cues of a file, whose lines end in `\\n`; without a form, it is told from the text.

    Raises NothingToSay for an empty file, UnreadableDocument for one without cues, InvalidRequest
    for one with more than a plan may have.
    """
    if not text.strip():
        raise NothingToSay("The document is empty.")
    form = form or form_of(text)
    loaded = _from_events(text) if form == "ass" else _from_blocks(text, form)
    if not loaded.cues:
        raise UnreadableDocument(
            "There is no cue in the subtitles.",
            hint="A cue begins with its time, such as `00:00:01,000 --> 00:00:02,500`.",
        )
    if len(loaded.cues) > MOST_LINES:
        raise InvalidRequest(
            f"The subtitles have {len(loaded.cues):,} cues; {MOST_LINES:,} are spoken at most.",
            hint="Send them in parts.",
        )
    return _mended(loaded)


def form_of(text: str) -> Form:
    """What a subtitle file is, told from what is in it."""
    if _HEADER.match(text):
        return "vtt"
    if _SUBSTATION.search(text):
        return "ass"
    return "vtt" if _VOICE.search(text) else "srt"


# --- SRT and WebVTT ---------------------------------------------------------------------------


@dataclass
class _Block:
    """The line with a time, and the lines below it as far as the next."""

    row: int
    times: Times | None
    id: str
    lines: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    @property
    def texts(self) -> list[str]:
        return [line.strip() for _, line in self.lines]

    def may_end(self) -> bool:
        """Whether a cue can begin now: below nothing, a blank line or an index."""
        last = self.lines[-1][1].strip() if self.lines else ""
        return not last or _INDEX.fullmatch(last) is not None

    def take_name(self, form: Form) -> str:
        """Take the name of the next cue off the end of the lines; empty where it has none."""
        texts = self.texts
        if texts and texts[-1]:
            alone = len(texts) == 1 or not texts[-2]
            if not _INDEX.fullmatch(texts[-1]) and not (form == "vtt" and alone):
                return ""
            del self.lines[-1]
            return texts[-1]
        written = next((at for at in reversed(range(len(texts))) if texts[at]), None)
        if written is None or not _follows(texts[written], self.id):
            return ""
        del self.lines[written:]
        return texts[written]


def _from_blocks(text: str, form: Form) -> Loaded:
    before = _Block(0, None, "0")
    blocks = [before]
    for row, line in _without_remarks(text.split("\n"), form):
        found = times(line)
        if found or (is_meant(line) and blocks[-1].may_end()):
            blocks.append(_Block(row, found, blocks[-1].take_name(form)))
        else:
            blocks[-1].lines.append((row, line))
    return Loaded(
        cues=[_cue(number, block) for number, block in enumerate(blocks[1:], 1)],
        strays=[(row, line.strip()) for row, line in before.lines if line.strip()],
    )


def _without_remarks(lines: list[str], form: Form) -> Iterator[tuple[int, str]]:
    """The lines and their numbers; without header, notes and styles of WebVTT."""
    remark, blank, header = False, True, True
    for row, line in enumerate(lines, 1):
        if form == "vtt" and blank and (_REMARK.fullmatch(line) or (header and _is_header(line))):
            remark = True
        blank = not line.strip()
        header = header and blank
        if blank or times(line):
            remark = False
        if not remark:
            yield row, line


def _is_header(line: str) -> bool:
    return _HEADER.match(line) is not None


def _follows(index: str, previous: str) -> bool:
    """In files with a blank line after every line, indices are known by going up."""
    counted = all(_INDEX.fullmatch(name) for name in (index, previous))
    return counted and int(index) == int(previous) + 1


def _cue(number: int, block: _Block) -> LoadedCue:
    start, end = block.times or (0, 0)
    text = "\n".join(filter(None, block.texts))
    return LoadedCue(
        number=number,
        start=start,
        end=end,
        text=text,
        id=block.id,
        row=block.row,
        unspoken="" if block.times else "Its times cannot be read.",
    )


# --- ASS and SSA ------------------------------------------------------------------------------


def _from_events(text: str) -> Loaded:
    cues: list[LoadedCue] = []
    for number, event in enumerate(events(text), 1):
        start, end = event.times or (0, 0)
        why = "Its times cannot be read." if event.times is None else ""
        why = "It is a drawing." if event.drawing else why
        why = "It is a comment." if event.comment else why
        cues.append(
            LoadedCue(number, start, end, event.text, "", event.row, event.name, unspoken=why)
        )
    return Loaded(cues)


# --- what is wrong with the times -------------------------------------------------------------


def _mended(loaded: Loaded) -> Loaded:
    """In the order of time, no time negative, no end before its start; with a word on each."""
    timed = [cue for cue in loaded.cues if not cue.unspoken]
    warnings = list(loaded.warnings)

    def warn(numbers: list[int], one: str, many: str) -> None:
        if numbers:
            warnings.append(
                one.format(numbers[0]) if not numbers[1:] else many.format(listed(numbers))
            )

    warn(
        [cue.number for cue in timed if cue.start < 0 or cue.end < 0],
        "Cue {} has a negative time, which was taken for 0.",
        "Cues {} have negative times, which were taken for 0.",
    )
    warn(
        [cue.number for cue in timed if cue.end <= cue.start],
        "Cue {} ends before it begins or as it begins, so it has no time of its own.",
        "Cues {} end before they begin or as they begin, so they have no time of their own.",
    )
    warn(
        [later.number for earlier, later in pairwise(timed) if later.start < earlier.start],
        "Cue {} begins before the one above it; the cues were put in order.",
        "Cues {} begin before the ones above them; the cues were put in order.",
    )
    cues = sorted(map(_from_zero, loaded.cues), key=lambda cue: cue.start)
    warn(
        _overlapping(cue for cue in cues if not cue.unspoken),
        "Cue {} begins before an earlier one ends.",
        "Cues {} begin before an earlier one ends.",
    )
    return replace(loaded, cues=cues, warnings=warnings)


def _from_zero(cue: LoadedCue) -> LoadedCue:
    start = max(0, cue.start)
    return replace(cue, start=start, end=max(start, cue.end))


def _overlapping(cues: Iterable[LoadedCue]) -> list[int]:
    ended = 0
    found: list[int] = []
    for cue in cues:
        if cue.start < ended:
            found.append(cue.number)
        ended = max(ended, cue.end)
    return found
