"""The recording of subtitles: every cue in its time, to the sample, and an account of each.

Cues are placed by the sample that their time says, so no error adds up over the hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from shared.assembly import report
from shared.assembly.assembling import Assembled, Materials, assembles
from shared.assembly.fitting import APART, Fit, cut, fit
from shared.assembly.mixing import PLACED, Mix, finish, mixing
from shared.assembly.report import Told
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import CueTooLong
from shared.plans.plan import Line, Slot
from shared.requests.subtitles import Subtitles

_MOST_NAMED = 20


@dataclass
class _Film:
    """The mix, and what is known of the cues in it."""

    request: Subtitles
    length: int
    """Samples."""
    mix: Mix
    told: list[Told] = field(default_factory=list[Told])
    free: int = 0
    """Sample from which on nobody is late any more, where cues are shifted."""
    lost: list[int] = field(default_factory=list[int])
    """Lines that the film has no time for."""

    def start(self, slot: Slot) -> int:
        return max(round(slot.start * SAMPLE_RATE), self.free)

    def lay(self, line: Line, slot: Slot, start: int, fitted: Fit, text: str) -> None:
        """Put a cue where it is heard; what the film has no room for is cut off."""
        if self.request.overrun != "shift":
            fitted = self._within(start, fitted)
        elif fitted.overrun or start > round(slot.start * SAMPLE_RATE):
            # One that fits but comes late holds up the next one too.
            end = start + len(fitted.samples)
            self.free = max(self.free, end + round(APART * SAMPLE_RATE))
        heard = self.mix.lay(line, start, fitted.samples)
        self.told.append(report.heard(line, slot, heard, fitted, text))

    def lose(self, line: Line, why: str) -> None:
        """Note a cue that is not heard."""
        self.lost.append(line.number)
        self.told.append(report.unheard(line, why))

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
    request = materials.request
    assert isinstance(request, Subtitles)
    with mixing(materials.folder) as mix:
        film = _Film(request, round(_seconds(materials, request) * SAMPLE_RATE), mix)
        _perform(materials, film)
        mix.together.extend(film.length)
        assembled = finish(mix, materials, request, "cues")
    told = report.whole(materials.plan, film.told)
    return replace(
        assembled,
        files=[*assembled.files, *report.write(materials.folder, told)],
        warnings=[*assembled.warnings, *_warnings(film)],
    )


def _seconds(materials: Materials, request: Subtitles) -> float:
    """How long the film is: a plan that a person has made may not say so."""
    ends = (line.slot.end for line in materials.plan.lines if line.slot)
    return request.duration or materials.plan.duration or max(ends, default=0.0)


def _perform(materials: Materials, film: _Film) -> None:
    """Every line that has a sound, in the order of time."""
    lines = list(_in_time(materials.plan.lines))
    starts = sorted({slot.start for _, slot in lines})
    after = dict(zip(starts, [*starts[1:], film.length / SAMPLE_RATE], strict=True))
    for count, (line, slot) in enumerate(lines):
        materials.watch()
        materials.tell(PLACED * count / len(lines))
        sound = materials.sounds.get(line.number)
        if sound is None:
            continue
        start = film.start(slot)
        if start >= film.length and film.request.overrun != "shift":
            film.lose(line, "It begins after the end of the film.")
            continue
        late = start / SAMPLE_RATE - slot.start
        until_next = after[slot.start] - slot.start
        fitted = fit(sound.heard(), slot.end - slot.start, until_next - late, film.request)
        if fitted.action == "overrun" and film.request.overrun == "fail":
            raise _too_long(line, slot, fitted)
        if len(fitted.samples):
            film.lay(line, slot, start, fitted, sound.text)
        else:
            film.lose(line, "It has no time at all, and was cut off.")


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
    late = [str(told.cue or told.line) for told in film.told if told.overrun > 0]
    if late:
        what = "were cut off" if film.request.overrun == "cut" else "run over their time"
        warnings.append(f"Cues that {what}: {_listed(late)}. report.csv says by how much.")
    if film.lost:
        lost = _listed([str(number) for number in film.lost])
        warnings.append(f"Lines that the film has no time for, and that are left out: {lost}.")
    return warnings


def _listed(numbers: list[str]) -> str:
    more = " and others" if len(numbers) > _MOST_NAMED else ""
    return ", ".join(numbers[:_MOST_NAMED]) + more
