"""The recording of a script: speech after speech, dual dialogue together, stems and lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.assembly import files, stems, timings
from shared.assembly.assembling import Assembled, Materials, Placed, assembles
from shared.assembly.filenames import Filenames
from shared.assembly.packing import packing
from shared.assembly.stems import Laid, Level
from shared.assembly.timings import Timed
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.plans.plan import Line
from shared.requests.script import Script

_NARRATOR = "narrator"


@dataclass
class _Stage:
    """Where the next line begins."""

    track: Track
    speech: int = 0
    """Sample at which the present speech began: dual dialogue begins there too."""
    beside: int | None = None
    """Sample at which the second speaker goes on; None outside dual dialogue."""
    end: int = 0
    """Sample at which the next line begins, if it is not beside another."""
    speaker: str | None = None
    laid: list[Laid] = field(default_factory=list[Laid])
    placed: list[Placed] = field(default_factory=list[Placed])

    def place(self, line: Line) -> int:
        """Sample at which a line begins."""
        if line.beside:
            return self.speech if self.beside is None else self.beside
        if self.beside is not None or line.speaker != self.speaker:
            self.speech = self.end
        self.beside = None
        return self.end

    def follow(self, line: Line, end: int) -> None:
        """What comes after a line that ends at a sample, and after its pause."""
        after = end + round(line.pause_after * SAMPLE_RATE)
        self.end = max(self.end, after)
        if line.beside:
            self.beside = after
        else:
            self.speaker = line.speaker


@assembles(Script)
def assemble_script(materials: Materials) -> Assembled:
    """The mix, a stem and the single lines of each character, and subtitles with their names."""
    request: Script = materials.request  # pyright: ignore[reportAssignmentType]
    with Track(materials.folder / ".mix.track") as track:
        stage = _perform(materials, track)
        mastered = loudness.master(track, request.loudness, materials.watch)
        level = Level(request.loudness, 10 ** (mastered.gain_db / 20))
        audio = materials.folder / f"audio{FORMATS[request.format].extension}"
        made = [files.encode(track, audio, request.format, watch=materials.watch)]
        samples = len(track)
    warnings = [mastered.note] if mastered.note else []
    if request.stems:
        written, notes = stems.write(
            materials.folder, stage.laid, samples, level, request.format, materials.watch
        )
        made += written
        warnings += notes
    made.append(_lines(materials, stage.laid, level))
    made += timings.write(materials.folder, list(_timed(materials, stage.placed)))
    return Assembled(audio.name, SAMPLE_RATE, samples, stage.placed, made, warnings)


def _perform(materials: Materials, track: Track) -> _Stage:
    """Every line in its place; equal lines of one speaker are heard each time."""
    track.silence(materials.plan.opening)
    stage = _Stage(track, speech=len(track), end=len(track))
    for count, line in enumerate(materials.plan.lines):
        materials.watch()
        materials.tell(count / len(materials.plan.lines))
        sound = materials.sounds.get(line.number)
        if sound is None:
            continue
        samples = sound.heard()
        start = stage.place(line)
        track.mix(start, samples)
        end = start + len(samples)
        stage.laid.append(Laid(line.number, line.speaker, start, sound.heard))
        stage.placed.append(Placed(line.number, start / SAMPLE_RATE, end / SAMPLE_RATE))
        stage.follow(line, end)
    track.extend(stage.end)
    return stage


def _lines(materials: Materials, laid: list[Laid], level: Level) -> Path:
    """Every line as a file of its own, as loud as in the mix."""
    target = materials.folder / "lines.zip"
    names = Filenames("speaker")
    with packing(target) as pack:
        for line in laid:
            materials.watch()
            name = f"{line.number:05d}-{names.of(line.speaker or _NARRATOR)}.wav"
            pack.add(f"lines/{name}", level.clip(line.sound()))
    return target


def _timed(materials: Materials, placed: list[Placed]) -> Iterator[Timed]:
    for place in placed:
        line = materials.plan.by_number[place.number]
        text = materials.sounds[place.number].text
        yield Timed(place.number, place.start, place.end, text, line.speaker, line.chapter)
