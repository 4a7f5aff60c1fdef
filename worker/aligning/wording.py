"""The words of one job's segments: noted while it speaks, found at its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE, Samples
from shared.errors import (
    CheckpointDamaged,
    EngineFailed,
    EnginePoisoned,
    EngineUnavailable,
    SpeechError,
)
from shared.stores.outputs import MASTER, Growing
from shared.stores.recipe import Segment, Word
from worker.aligning.written import written
from worker.engine.protocol import Aligner, WordTime
from worker.pulse import LOADING, Pulse

UNTIMED = "It is not known when each word is heard."
UNRISKED = f"{UNTIMED} The worker died over this job, so nothing more was tried for its words."
_DIGITS = 3
"""Of seconds: nothing here knows words to less than a millisecond."""


@dataclass
class _Said:
    """What is spoken in a segment."""

    text: str
    """As it is written."""
    said: str
    language: str
    times: Sequence[WordTime] = ()
    """From the beginning of the segment on; empty where the engine does not tell."""


@dataclass
class Wording:
    """What is said in each segment, in order."""

    aligner: Aligner
    growing: Growing
    pulse: Pulse
    last: bool = False
    """Whether nobody takes the job up again should this process die: words that the engine has not
    told, which take a model to find, are then not looked for."""
    poisoned: EnginePoisoned | None = field(default=None, init=False)
    """What finding the words did to the process, which is to end once the speech is safe."""
    _said: list[_Said] = field(default_factory=list[_Said], init=False)

    def note(self, text: str, said: str, language: str) -> None:
        """A segment begins."""
        self._said.append(_Said(text, said, language))

    def tell(self, times: Sequence[WordTime]) -> None:
        """When the words of the last one are heard."""
        self._said[-1].times = times

    def find(self, segments: Sequence[Segment]) -> Iterator[str]:
        """Give the segments their words; all sound is in the file. What is to be said of it comes.

        Words are an extra: speech without them is speech all the same, so neither the deadline of
        the speech nor a fault ends the job here. Raises Cancelled.
        """
        with self.pulse.patient(LOADING):
            for segment, said in zip(segments, self._said, strict=True):
                self.pulse.watch()
                if self.last and not said.times:
                    yield UNRISKED
                    continue
                try:
                    times = said.times or self._aligned(segment, said)
                except EngineUnavailable as error:
                    yield _told(error)
                    continue
                except (CheckpointDamaged, EngineFailed) as error:
                    # Another segment would meet the same, after a while each.
                    self.poisoned = error if isinstance(error, EnginePoisoned) else None
                    yield _told(error)
                    return
                words = [_within(segment, it) for it in written(said.text, said.said, times)]
                segment.words = words or None
                if not words:
                    yield UNTIMED

    def _aligned(self, segment: Segment, said: _Said) -> list[WordTime]:
        return self.aligner.align(self._heard(segment), said.said, said.language)

    def _heard(self, segment: Segment) -> Samples:
        first, after = (round(at * SAMPLE_RATE) for at in (segment.start, segment.end))
        return pcm.decode(
            self.growing.read(MASTER, first * SAMPLE_BYTES, (after - first) * SAMPLE_BYTES)
        )


def _told(error: SpeechError) -> str:
    return " ".join(filter(None, (UNTIMED, error.message, error.next_step)))


def _within(segment: Segment, word: Word) -> Word:
    """A word that is timed from the segment's beginning, where it is heard in the whole."""
    start, end = (
        round(min(segment.start + moment, segment.end), _DIGITS)
        for moment in (word.start, word.end)
    )
    return word.model_copy(update={"start": start, "end": end})
