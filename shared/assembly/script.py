"""The recording of a script: speech after speech, dual dialogue together, stems and lines."""

from dataclasses import dataclass

from shared.assembly.assembling import Assembled, Materials, assembles
from shared.assembly.mixing import PLACED, Mix, finish, mixing
from shared.audio.pcm import SAMPLE_RATE
from shared.plans.plan import Line
from shared.requests.script import Script
from shared.text.sentences import Boundary

_WITHIN = (Boundary.COMMA, Boundary.SENTENCE)
"""What ends within a speech."""


@dataclass
class _Stage:
    """Where the next line begins; it is told of every line of the plan, spoken or not."""

    speech: int = 0
    """Sample at which the present speech began: dual dialogue begins there too."""
    beside: int | None = None
    """Sample at which the second speaker goes on; None outside dual dialogue."""
    end: int = 0
    """Sample at which the next line begins, if it is not beside another."""
    before: Line | None = None
    """The line before, if it is not beside another."""

    def place(self, line: Line) -> int:
        """Sample at which a line begins."""
        if line.beside:
            return self.speech if self.beside is None else self.beside
        if self.beside is not None or not _goes_on(self.before, line):
            self.speech = self.end
        self.beside, self.before = None, line
        return self.end

    def follow(self, line: Line, end: int) -> None:
        """What comes after a line that ends at a sample, and after its pause."""
        after = end + round(line.pause_after * SAMPLE_RATE)
        self.end = max(self.end, after)
        if line.beside:
            self.beside = after


def _goes_on(before: Line | None, line: Line) -> bool:
    """Whether a line is of the same speech as the one before."""
    return before is not None and before.speaker == line.speaker and before.boundary in _WITHIN


@assembles(Script)
def assemble_script(materials: Materials) -> Assembled:
    """The mix, a stem and the single lines of each character, and subtitles with their names."""
    request = materials.request
    assert isinstance(request, Script)
    with mixing(materials.folder) as mix:
        _perform(materials, mix)
        return finish(mix, materials, request, "lines")


def _perform(materials: Materials, mix: Mix) -> None:
    """Every line in its place; equal lines of one speaker are heard each time."""
    mix.together.silence(materials.plan.opening)
    stage = _Stage(speech=len(mix.together), end=len(mix.together))
    for count, line in enumerate(materials.plan.lines):
        materials.watch()
        materials.tell(PLACED * count / len(materials.plan.lines))
        start = stage.place(line)
        if sound := materials.sounds.get(line.number):
            samples = sound.heard()
            mix.lay(line, start, samples)
            stage.follow(line, start + len(samples))
    mix.together.extend(stage.end)
