"""A mix: lines that are heard together, and of which each can be heard alone."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.assembly import clips, files, timings
from shared.assembly.assembling import Assembled, Materials, Placed
from shared.assembly.filenames import Filenames
from shared.assembly.packing import packing
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.formats import FORMATS
from shared.audio.loudness import Mastered
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.plans.plan import Line
from shared.requests.script import Script
from shared.requests.subtitles import Subtitles

MOST = 40
"""Stems of one output: each is as long as the whole."""
PLACED = 0.5
"""How much is done when every line is in its place."""
_NARRATOR = "narrator"


@dataclass(frozen=True)
class _Laid:
    """A line in its place."""

    line: Line
    start: int
    """Sample of the mix at which it begins."""
    place: int
    """Sample at which it begins where it lies alone."""
    count: int
    """Its samples."""

    @property
    def placed(self) -> Placed:
        end = self.start + self.count
        return Placed(self.line.number, self.start / SAMPLE_RATE, end / SAMPLE_RATE)

    @property
    def speaker(self) -> str:
        return self.line.speaker or _NARRATOR


@dataclass
class Mix:
    """What is heard, before it is mastered; the lines lie beside it, one after the other."""

    together: Track
    alone: Track
    laid: list[_Laid] = field(default_factory=list[_Laid])

    def lay(self, line: Line, start: int, samples: Samples) -> Placed:
        """Let a dressed line be heard from sample `start` on."""
        self.together.mix(start, samples)
        self.laid.append(_Laid(line, start, self.alone.append(samples), len(samples)))
        return self.laid[-1].placed


@contextmanager
def mixing(folder: Path) -> Generator[Mix]:
    """An empty mix, whose tracks are gone at the end. Raises StoreUnavailable."""
    with Track(folder / ".mix.track") as together, Track(folder / ".lines.track") as alone:
        yield Mix(together, alone)


def finish(mix: Mix, materials: Materials, request: Script | Subtitles, archive: str) -> Assembled:
    """Master a mix, and write it, a stem of each speaker, `{archive}.zip`, and timings.

    In the zip every line is a file. Stems and lines are as loud as they are in the mix, so that
    the stems together are the mix. Raises StoreUnavailable.
    """
    mastered = loudness.master(mix.together, request.loudness, materials.watch)
    finishing = _Finishing(mix, materials, request, mastered)
    made = [finishing.encode(mix.together, "audio", materials.plan.title)]
    notes = [mastered.note] if mastered.note else []
    if request.stems:
        kept, left = _speakers(mix)
        made += [finishing.stem(speaker) for speaker in kept]
        if left:
            notes.append(f"There are stems of the {MOST} who say most, and none of {left} others.")
    made.append(finishing.pack(archive))
    placed = [it.placed for it in mix.laid]
    made += timings.write(materials.folder, timings.of(materials, placed))
    materials.tell(1.0)
    return Assembled(made[0].name, SAMPLE_RATE, len(mix.together), placed, made, notes)


def _speakers(mix: Mix) -> tuple[list[str], int]:
    """Who has a stem, in the order in which they speak, and how many have none."""
    said = Counter(it.speaker for it in mix.laid)
    most = {speaker for speaker, _ in said.most_common(MOST)}
    return [speaker for speaker in said if speaker in most], len(said) - len(most)


@dataclass(frozen=True)
class _Finishing:
    """A mix on its way to files."""

    mix: Mix
    materials: Materials
    request: Script | Subtitles
    mastered: Mastered
    names: Filenames = field(default_factory=lambda: Filenames("speaker"))

    def stem(self, speaker: str) -> Path:
        """What one says, alone, on a track as long as the mix."""
        name = f"stem-{self.names.of(speaker)}"
        with Track(self.materials.folder / f".{name}.track") as track:
            for it in self.mix.laid:
                if it.speaker == speaker:
                    self.materials.watch()
                    track.mix(it.start, self._sound(it))
            track.extend(len(self.mix.together))
            return self.encode(track, name, speaker)

    def pack(self, archive: str) -> Path:
        """Every line as a file of its own."""
        target = self.materials.folder / f"{archive}.zip"
        with packing(target) as pack:
            for it in self.mix.laid:
                self.materials.watch()
                name = f"{it.line.number:05d}-{self.names.of(it.speaker)}.wav"
                pack.add(f"{archive}/{name}", clips.encoded(self._sound(it), SAMPLE_RATE))
        return target

    def encode(self, track: Track, name: str, title: str) -> Path:
        extension = FORMATS[self.request.format].extension
        return files.encode(
            track,
            self.materials.folder / f"{name}{extension}",
            self.request.format,
            title=title,
            artist=self.materials.plan.author,
            album=self.materials.plan.title,
            watch=self.materials.watch,
        )

    def _sound(self, it: _Laid) -> Samples:
        """A line as it is heard in the finished mix."""
        return self.mastered.part(it.start, self.mix.alone.read(it.place, it.count))
