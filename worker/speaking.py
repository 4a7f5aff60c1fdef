"""What performers that speak have in common: pieces, utterances, order, and the reading itself."""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from shared import emotions
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.requests.spoken import Spoken
from shared.text.clean import clean
from shared.text.sentences import PAUSES, pack, split
from shared.text.sentences import Piece as TextPiece
from worker.engine.protocol import FinishReason, Frames, Utterance
from worker.performing import Audio, Ended, Likeness, Line, Piece, Remark, Studio

_SLACK = 3.0
_FLOOR = 2.0


# --- what is to be said -----------------------------------------------------------------------


def divide(text: str, language: str) -> Generator[Remark, None, list[TextPiece]]:
    """The text in pieces of a few sentences each, once it is told what was left out of it."""
    text, remarks = clean(text)
    yield from map(Remark, remarks)
    return pack(split(text, language), language)


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


def utterances(prepared: Utterance, pieces: Sequence[TextPiece], seed: int) -> list[Utterance]:
    """One utterance for each piece."""
    return [
        replace(
            prepared,
            text=piece.text,
            seed=seed_of(seed, row),
            max_seconds=speech_bound(piece.seconds),
        )
        for row, piece in enumerate(pieces)
    ]


def instruction(request: Spoken, instruct: str | None = None) -> str | None:
    """Mood and manner in words, for checkpoints that follow them; None where nothing is asked."""
    return direction(request.emotion, instruct, spoken_language(request))


def direction(emotion: str | None, instruct: str | None, language: str) -> str | None:
    """As `instruction`, of what is spoken in a language."""
    if not emotion:
        return instruct or None
    mood = emotions.instruct(emotion, language)
    return f"{mood.rstrip(' .。')}. {instruct}" if instruct else mood


def spoken_language(request: Spoken) -> str:
    """The language of the text, guessed where the request leaves it open."""
    return request.spoken_language


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
                yield turn, Heard(head.audio, not begun, head.finish_reason, head.notes)
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


def read(rows: Rows, pieces: Sequence[TextPiece], progress: Progress) -> Iterator[Piece]:
    """The next of the rows, one for each piece, with the pause that belongs after it."""
    for piece in pieces:
        for _, part in rows:
            if part.first:
                yield Line(piece.text)
            yield from map(Remark, part.notes)
            progress.hear(len(part.audio) / SAMPLE_RATE)
            yield Audio(part.audio)
            if part.finish_reason:
                progress.end()
                yield Ended(part.finish_reason)
                if part.similarity is not None:
                    yield Likeness(part.similarity)
                yield Audio.silence(PAUSES[piece.boundary])
                break
