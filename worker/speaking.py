"""What performers that speak have in common: pieces, utterances, order, and the reading itself."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from shared import emotions
from shared.audio.codes import FRAME_SAMPLES
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.stretching import stretch
from shared.errors import NothingToSay, TextTooLong
from shared.requests.spoken import Spoken
from shared.text.manner import PLAIN, Manner
from shared.text.passages import Passage, Reading
from shared.text.passages import read as read_text
from shared.text.sentences import PAUSES
from worker.engine.protocol import FinishReason, Frames, Utterance, WordTime
from worker.performing import Audio, Ended, Likeness, Line, Piece, Remark, Studio, Worded

_SLACK = 3.0
_FLOOR = 2.0
LONGEST_SAID = 100_000
"""Characters of a text once numbers and the spellings of a lexicon are written out."""
_NAMED = 5
"""Voices that one remark names; of the others it gives the number."""


# --- what is to be said -----------------------------------------------------------------------


def divide(request: Spoken) -> Generator[Remark, None, Reading]:
    """The text in passages of a few sentences each, once it is told what was left out of it.

    Raises NothingToSay where the lexicon leaves nothing, and TextTooLong where it says too much.
    """
    reading = read_text(
        request.text, request.language, lexicon=request.lexicon, normalise=request.normalise
    )
    yield from map(Remark, reading.remarks)
    if not reading.passages:
        raise NothingToSay("The text holds nothing that can be spoken.", param="text")
    said = sum(len(passage.said) for passage in reading.passages)
    if said > LONGEST_SAID:
        raise TextTooLong(
            f"Written out as it is read, the text has {said:,} characters; {LONGEST_SAID:,} are "
            "the most.",
            param="text",
        )
    return reading


def manners(reading: Reading) -> list[Manner]:
    """Each manner of a text once, in the order in which they come."""
    return list(dict.fromkeys(passage.manner for passage in reading.passages))


def voices_named(reading: Reading) -> list[str]:
    """Each voice that mark-up in a text names, once."""
    return list(dict.fromkeys(it.voice for it in manners(reading) if it.voice))


def unheard(why: str, names: Sequence[str]) -> Iterator[Remark]:
    """One remark on all voices that a text names and that cannot speak; none where there are none.

    `why` is a sentence that ends in a colon.
    """
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield Remark(f"{why} {', '.join(names[:_NAMED])}{more}.")


def prepare(request: Spoken, studio: Studio) -> Utterance:
    """What all utterances of a request have in common; who speaks, and the text, are to come."""
    return Utterance(
        text="",
        language=request.language,
        seed=studio.seed,
        sampling=request.sampling,
        owner=studio.owner,
        live=studio.live,
    )


def utterances(
    prepared: Mapping[Manner, Utterance], passages: Sequence[Passage], seed: int
) -> list[Utterance]:
    """One utterance for each passage, from what is prepared for its manner."""
    return [
        replace(
            prepared[passage.manner],
            text=passage.said,
            language=passage.manner.language or prepared[passage.manner].language,
            seed=seed_of(seed, row),
            max_seconds=speech_bound(passage.seconds),
        )
        for row, passage in enumerate(passages)
    ]


def instruction(
    request: Spoken, language: str, instruct: str | None = None, manner: Manner = PLAIN
) -> str | None:
    """Mood and manner in words, for checkpoints that follow them; None where nothing is asked.

    The mood of the passage goes before that of the request, and its direction after the request's.
    `language` is that of the whole text.
    """
    words = "; ".join(part for part in (instruct, manner.instruct) if part)
    return direction(manner.emotion or request.emotion, words, manner.language or language)


def direction(emotion: str | None, instruct: str | None, language: str) -> str | None:
    """As `instruction`, of what is spoken in a language."""
    if not emotion:
        return instruct or None
    mood = emotions.instruct(emotion, language)
    return f"{mood.rstrip(' .。')}. {instruct}" if instruct else mood


def seed_of(seed: int, row: int) -> int:
    """The seed of one utterance of a job: other rows draw otherwise, equal jobs draw alike."""
    digest = hashlib.sha256(f"{seed}/{row}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def speech_bound(estimated_seconds: float) -> float:
    """Seconds after which speech is a runaway: three times the estimate and two more.

    Tighter bounds clip slow or expressive speech; without one the model can go on for minutes.
    """
    return _SLACK * estimated_seconds + _FLOOR


# --- saying it --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """Frames of the row whose turn it is."""

    audio: Samples
    first: bool
    """True for the first frames of the row."""
    finish_reason: FinishReason | None
    notes: tuple[str, ...]
    similarity: float | None = None
    """How alike the row was to the voice that it is a clone of, told with its last frames."""
    tokens: int = 0
    """As `Frames.tokens`."""
    words: tuple[WordTime, ...] = ()
    """As `Frames.words`."""


Rows = Generator[tuple[int, Heard]]
"""Rows one after the other, each in one or several parts."""


def in_order(batch: Generator[Frames]) -> Rows:
    """Frames row after row, however the engine interleaves them; later rows wait in memory."""
    waiting: dict[int, list[Frames]] = {}
    turn, begun = 0, False
    with closing(batch):
        for frames in batch:
            waiting.setdefault(frames.row, []).append(frames)
            while waiting.get(turn):
                head = waiting[turn].pop(0)
                told = (head.finish_reason, head.notes)
                heard = Heard(head.audio, not begun, *told, tokens=head.tokens, words=head.words)
                yield turn, heard
                begun = head.finish_reason is None
                if not begun:
                    del waiting[turn]
                    turn += 1


@contextmanager
def heard_out(rows: Rows) -> Generator[Rows]:
    """Rows that are read within it, all of them: the engine then comes to its own end, at which it
    keeps what it has drawn. Whatever breaks the reading off ends the engine's work at once."""
    with closing(rows):
        yield rows
        for _ in rows:
            raise ValueError("Rows were left unread.")


class Progress:
    """How much of a number of pieces has been spoken, by their estimates."""

    def __init__(self, estimates: Sequence[float], tell: Callable[[float], None]) -> None:
        self._estimates = estimates
        self._tell = tell
        self._ended = 0
        self._heard = 0.0

    def hear(self, seconds: float) -> None:
        """So much more of the present piece was spoken; it counts for its estimate at most."""
        self._heard += seconds
        done = sum(self._estimates[: self._ended])
        done += min(self._heard, self._estimates[self._ended])
        self._tell(done / sum(self._estimates))

    def end(self) -> None:
        """The present piece has ended, however long it was."""
        self._ended += 1
        self._heard = 0.0


@dataclass
class _Paced:
    """The sound of a passage at the speed that mark-up asks for: as a whole, once it has ended.

    Where it asks for none, the sound comes as it is made.
    """

    speed: float
    parts: list[Samples] = field(default_factory=list[Samples])

    def timed(self, word: WordTime) -> WordTime:
        """A word where it is heard at this speed."""
        return replace(word, start=word.start / self.speed, end=word.end / self.speed)

    def hear(self, part: Heard) -> Iterator[Audio]:
        if self.speed == 1:
            yield Audio(part.audio)
            return
        self.parts.append(part.audio)
        if part.finish_reason:
            yield Audio(stretch(np.concatenate(self.parts), self.speed))


def read(
    rows: Rows,
    passages: Iterable[Passage],
    progress: Progress,
    opening: float = 0.0,
    *,
    language: str,
) -> Iterator[Piece]:
    """The next of the rows, one for each passage, with the pause that belongs after it.

    `opening` is the silence before the first, in seconds; `language` that of the whole text.
    """
    if opening:
        yield Audio.silence(opening)
    for passage in passages:
        paced = _Paced(passage.manner.speed or 1.0)
        spoken = 0
        for _, part in rows:
            spoken += len(part.audio)
            if part.first:
                yield Line(passage.text, passage.said, passage.manner.language or language)
            yield from map(Remark, part.notes)
            progress.hear(len(part.audio) / SAMPLE_RATE)
            yield from paced.hear(part)
            if part.finish_reason:
                progress.end()
                yield Ended(part.finish_reason, part.tokens, -(-spoken // FRAME_SAMPLES))
                if part.similarity is not None:
                    yield Likeness(part.similarity)
                if part.words:
                    yield Worded(tuple(map(paced.timed, part.words)))
                pause = passage.pause
                yield Audio.silence(PAUSES[passage.boundary] if pause is None else pause)
                break
