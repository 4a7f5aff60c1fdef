"""The recording of subtitles: every cue in its time, to the sample, and an account of each.

Cues are placed by the sample that their time says, so no error adds up over the hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from shared.assembly import files, report, stems, timings
from shared.assembly.assembling import Assembled, Materials, Placed, assembles
from shared.assembly.filenames import Filenames
from shared.assembly.fitting import APART, Fit, cut, fit
from shared.assembly.packing import packing
from shared.assembly.report import Told
from shared.assembly.stems import Laid, Level
from shared.assembly.timings import Timed
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import CueTooLong
from shared.plans.plan import Line, Slot
from shared.requests.subtitles import Subtitles

_SPEAKER = "speaker"
_MOST_NAMED = 20


@dataclass
class _Film:
    """The mix, and what is known of the cues in it."""

    request: Subtitles
    length: int
    """Samples."""
    mix: Track
    clips: Track
    """The cues as they are heard, one after the other: stems and clips are made of them."""
    laid: list[Laid] = field(default_factory=list[Laid])
    placed: list[Placed] = field(default_factory=list[Placed])
    told: list[Told] = field(default_factory=list[Told])
    free: int = 0
    """Sample from which on nobody is late any more, where cues are shifted."""
    lost: list[int] = field(default_factory=list[int])
    """Lines that begin after the end of the film."""

    def start(self, slot: Slot) -> int:
        return max(round(slot.start * SAMPLE_RATE), self.free)

    def lay(self, line: Line, slot: Slot, start: int, fitted: Fit, text: str) -> None:
        """Put a cue where it is heard; what the film has no room for is cut off."""
        if self.request.overrun != "shift":
            fitted = self._within(start, fitted)
        elif fitted.overrun:
            self.free = start + len(fitted.samples) + round(APART * SAMPLE_RATE)
        place, count = self.clips.append(fitted.samples), len(fitted.samples)
        self.mix.mix(start, fitted.samples)
        heard = Placed(line.number, start / SAMPLE_RATE, (start + count) / SAMPLE_RATE)
        self.placed.append(heard)
        sound = partial(self.clips.read, place, count)
        self.laid.append(Laid(line.number, line.speaker, start, sound))
        self.told.append(report.heard(line, slot, heard, fitted, text))

    def _within(self, start: int, fitted: Fit) -> Fit:
        left = self.length - start
        if len(fitted.samples) <= left:
            return fitted
        over = (len(fitted.samples) - left) / SAMPLE_RATE
        samples = cut(fitted.samples, left / SAMPLE_RATE)
        return replace(fitted, samples=samples, action="cut", overrun=max(over, fitted.overrun))


@assembles(Subtitles)
def assemble_subtitles(materials: Materials) -> Assembled:
    """The mix as long as the film, a stem and the clips of each speaker, subtitles, a report.

    Raises CueTooLong where `overrun` is `fail` and a cue does not fit.
    """
    request: Subtitles = materials.request  # pyright: ignore[reportAssignmentType]
    folder = materials.folder
    seconds = request.duration or materials.plan.duration or 0.0
    with Track(folder / ".mix.track") as mix, Track(folder / ".clips.track") as clips:
        film = _Film(request, round(seconds * SAMPLE_RATE), mix, clips)
        _perform(materials, film)
        mix.extend(film.length)
        mastered = loudness.master(mix, request.loudness, materials.watch)
        level = Level(request.loudness, 10 ** (mastered.gain_db / 20))
        audio = folder / f"audio{FORMATS[request.format].extension}"
        made = [files.encode(mix, audio, request.format, watch=materials.watch)]
        samples = len(mix)
        notes = [mastered.note, *_warnings(film)]
        if request.stems:
            written, told = stems.write(
                folder, film.laid, samples, level, request.format, materials.watch
            )
            made += written
            notes += told
        made.append(_clips(materials, film.laid, level))
    made += timings.write(folder, list(_timed(materials, film.placed)))
    made += report.write(folder, report.whole(materials.plan, film.told))
    warnings = [note for note in notes if note]
    return Assembled(audio.name, SAMPLE_RATE, samples, film.placed, made, warnings)


def _perform(materials: Materials, film: _Film) -> None:
    """Every line that has a sound, in the order of time."""
    lines = [line for line in materials.plan.lines if line.slot]
    starts = sorted({line.slot.start for line in lines if line.slot})
    after = dict(zip(starts, [*starts[1:], film.length / SAMPLE_RATE], strict=True))
    for count, (line, slot) in enumerate(_in_time(lines)):
        materials.watch()
        materials.tell(count / len(lines))
        sound = materials.sounds.get(line.number)
        if sound is None:
            continue
        start = film.start(slot)
        if start >= film.length and film.request.overrun != "shift":
            film.lost.append(line.number)
            continue
        late = start / SAMPLE_RATE - slot.start
        until_next = after[slot.start] - slot.start
        fitted = fit(sound.heard(), slot.end - slot.start, until_next - late, film.request)
        if fitted.action == "overrun" and film.request.overrun == "fail":
            raise _too_long(line, slot, fitted)
        film.lay(line, slot, start, fitted, sound.text)


def _in_time(lines: list[Line]) -> Iterator[tuple[Line, Slot]]:
    pairs = [(line, line.slot) for line in lines if line.slot]
    yield from sorted(pairs, key=lambda pair: (pair[1].start, pair[0].number))


def _too_long(line: Line, slot: Slot, fitted: Fit) -> CueTooLong:
    return CueTooLong(
        f"Cue {line.where.line} at {slot.start:.3f} s takes {fitted.natural:.2f} s and has room "
        f"for {fitted.room:.2f} s; even {fitted.rate:.2f} times as fast it is {fitted.overrun:.2f} "
        "s too long.",
        param="overrun",
    )


def _warnings(film: _Film) -> list[str]:
    warnings: list[str] = []
    late = [str(told.cue) for told in film.told if told.overrun > 0]
    if late:
        what = "were cut off" if film.request.overrun == "cut" else "run over their time"
        warnings.append(f"Cues that {what}: {_listed(late)}. report.csv says by how much.")
    if film.lost:
        lost = _listed([str(number) for number in film.lost])
        warnings.append(f"Lines that begin after the end of the film, and are left out: {lost}.")
    return warnings


def _listed(numbers: list[str]) -> str:
    more = " and others" if len(numbers) > _MOST_NAMED else ""
    return ", ".join(numbers[:_MOST_NAMED]) + more


def _clips(materials: Materials, laid: list[Laid], level: Level) -> Path:
    """Every cue as a file of its own, as it is heard in the mix."""
    target = materials.folder / "cues.zip"
    names = Filenames(_SPEAKER)
    with packing(target) as pack:
        for line in laid:
            materials.watch()
            who = f"-{names.of(line.speaker)}" if line.speaker else ""
            pack.add(f"cues/{line.number:05d}{who}.wav", level.clip(line.sound()))
    return target


def _timed(materials: Materials, placed: list[Placed]) -> Iterator[Timed]:
    for place in placed:
        line = materials.plan.by_number[place.number]
        text = materials.sounds[place.number].text
        yield Timed(place.number, place.start, place.end, text, line.speaker)
