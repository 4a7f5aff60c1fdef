"""A narration as finished files: the whole, its chapters, an audiobook."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from shared import pictures
from shared.assembly import files, timings
from shared.assembly.assembling import Assembled, Materials, Placed, assembles
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.encode import Mark
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import UnreadablePicture
from shared.plans.plan import Line
from shared.requests.narration import Narration

_HEAD = 0.75
"""Seconds of room tone before an `audiobook` and each of its chapters; ACX: 0.5 to 1."""
_TAIL = 2.0
"""Seconds after it; ACX: 1 to 5."""
_LONGEST = 120 * 60.0
"""Seconds of a file that ACX takes."""
_FOR_SALE: dict[str, int] = {"rate": 44_100, "bit_rate": 192_000}
"""The only MP3 that ACX takes."""
_UNTITLED = "—"
_SPOKEN, _MASTERED = 0.4, 0.6
"""How much is done when the lines are in their places, and when they are mastered."""


@dataclass(frozen=True)
class _Heard:
    """A line in its place; samples of the whole."""

    line: Line
    start: int
    end: int

    @property
    def placed(self) -> Placed:
        return Placed(self.line.number, self.start / SAMPLE_RATE, self.end / SAMPLE_RATE)


@dataclass(frozen=True)
class _Chapter:
    number: int
    """0 for what is outside all chapters."""
    title: str
    start: int
    end: int


class _Excerpt:
    """A chapter out of the mastered whole, as a recording of its own."""

    rate = SAMPLE_RATE
    channels = 1

    def __init__(self, track: Track, chapter: _Chapter, room_tone: bool) -> None:
        self._track = track
        self._chapter = chapter
        self._room_tone = room_tone

    @property
    def seconds(self) -> float:
        around = _HEAD + _TAIL if self._room_tone else 0.0
        return around + (self._chapter.end - self._chapter.start) / SAMPLE_RATE

    def blocks(self) -> Iterator[Samples]:
        yield from self._tone(_HEAD)
        yield from self._track.between(self._chapter.start, self._chapter.end)
        yield from self._tone(_TAIL)

    def _tone(self, seconds: float) -> Iterator[Samples]:
        if self._room_tone:
            yield loudness.room_tone(round(seconds * SAMPLE_RATE), seed=self._chapter.number)[:, 0]


@assembles(Narration)
def assemble(materials: Materials) -> Assembled:
    """The whole as `audio.<format>`, its chapters as `chapter-001.<format>`, and timings."""
    request = _request(materials)
    materials, warnings = _with_sound_cover(materials)
    with Track(materials.folder / ".narration.part") as track:
        heard = _put_together(track, materials, request)
        mastered = loudness.master(track, request.loudness, materials.watch)
        materials.tell(_MASTERED)
        chapters = _chapters(heard, materials)
        audio = _whole(track, chapters, materials, request)
        written, remarks = _each(track, chapters, materials, request)
        placed = [it.placed for it in heard]
        rows = timings.of(materials, placed)
        written = [audio, *written, *timings.write(materials.folder, rows)]
        materials.tell(1.0)
        return Assembled(
            audio=audio.name,
            sample_rate=track.rate,
            samples=len(track),
            placed=placed,
            files=written,
            warnings=[*warnings, *([mastered.note] if mastered.note else []), *remarks],
        )


def _request(materials: Materials) -> Narration:
    assert isinstance(materials.request, Narration)
    return materials.request


def _with_sound_cover(materials: Materials) -> tuple[Materials, list[str]]:
    """Without a cover that cannot be read, such as a book may have, and a warning of it."""
    if materials.cover is None:
        return materials, []
    try:
        pictures.require_picture(materials.cover)
    except UnreadablePicture as error:
        return replace(materials, cover=None), [f"The cover was left out. {error.message}"]
    return materials, []


# --- lines in their places ----------------------------------------------------------------------


def _put_together(track: Track, materials: Materials, request: Narration) -> list[_Heard]:
    """Every line that has a sound, one after the other."""
    plan, sold = materials.plan, request.loudness == "audiobook"
    track.silence(max(plan.opening, _HEAD) if sold else plan.opening)
    heard: list[_Heard] = []
    pause = 0.0
    for count, line in enumerate(plan.lines, 1):
        materials.watch()
        if sound := materials.sounds.get(line.number):
            start = track.append(sound.heard())
            heard.append(_Heard(line, start, len(track)))
            pause = line.pause_after
            track.silence(pause)
        materials.tell(_SPOKEN * count / len(plan.lines))
    if sold:
        track.silence(max(0.0, _TAIL - pause))
    return heard


def _chapters(heard: Sequence[_Heard], materials: Materials) -> list[_Chapter]:
    """From the first to the last line of each, in the order in which they are heard."""
    titles = {chapter.number: chapter.title for chapter in materials.plan.chapters}
    chapters: list[_Chapter] = []
    known: set[int] = set()
    for it in heard:
        number = it.line.chapter
        if number in known:
            # Somebody may have put a line of an earlier chapter here: it belongs to this one now.
            chapters[-1] = replace(chapters[-1], end=it.end)
        else:
            title = titles.get(number, "") or materials.plan.title or _UNTITLED
            chapters.append(_Chapter(number, title, it.start, it.end))
            known.add(number)
    return chapters


# --- files --------------------------------------------------------------------------------------


def _whole(
    track: Track, chapters: Sequence[_Chapter], materials: Materials, request: Narration
) -> Path:
    return files.encode(
        track,
        materials.folder / f"audio.{request.format}",
        request.format,
        title=_title(materials, request),
        album=_title(materials, request),
        chapters=_marks(chapters, track),
        watch=materials.watch,
        **_label(materials, request),
    )


def _each(
    track: Track, chapters: Sequence[_Chapter], materials: Materials, request: Narration
) -> tuple[list[Path], list[str]]:
    """A file for each chapter, if they are wanted and there are any, and what to say of them."""
    written: list[Path] = []
    warnings: list[str] = []
    if request.deliver == "whole" or not any(chapter.number for chapter in chapters):
        return written, warnings
    sold = request.loudness == "audiobook"
    for count, chapter in enumerate(chapters, 1):
        excerpt = _Excerpt(track, chapter, sold)
        written.append(
            files.encode(
                excerpt,
                materials.folder / f"chapter-{chapter.number:03}.{request.format}",
                request.format,
                title=chapter.title,
                album=_title(materials, request),
                track_number=chapter.number,
                watch=materials.watch,
                **_label(materials, request),
            )
        )
        if sold and excerpt.seconds > _LONGEST:
            warnings.append(
                f"Chapter {chapter.number} lasts longer than 120 minutes, the most that ACX takes: "
                "divide it."
            )
        materials.tell(_MASTERED + (1 - _MASTERED) * count / len(chapters))
    return written, warnings


def _marks(chapters: Sequence[_Chapter], track: Track) -> list[Mark]:
    """Chapters without gaps: each until the next one begins, the first one from 0 on."""
    starts = [0, *(chapter.start for chapter in chapters[1:]), len(track)]
    return [
        Mark(start / SAMPLE_RATE, end / SAMPLE_RATE, chapter.title)
        for chapter, (start, end) in zip(chapters, pairwise(starts), strict=False)
    ]


def _title(materials: Materials, request: Narration) -> str:
    return request.book_title or materials.plan.title


def _label(materials: Materials, request: Narration) -> dict[str, Any]:
    """What is the same of all files."""
    sold = request.loudness == "audiobook" and request.format == "mp3"
    return {
        "artist": request.author or materials.plan.author,
        "cover": materials.cover,
        **(_FOR_SALE if sold else {}),
    }
