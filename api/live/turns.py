"""What is to be spoken, in its order: sentences, and ends of utterances."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from api.live.bell import Bell
from api.live.manner import Way
from shared.errors import SpeechError
from shared.text.increments import Increments, Part

AHEAD = 2
"""Jobs that are in the queue beside the one that is heard: the wait is hidden, and no queue is
filled by one client."""


@dataclass(eq=False)
class Utterance:
    """What is said between two commits."""

    number: int
    wanted: bool = False
    """Whether any text has come for it."""
    begun: bool = False
    over: bool = False
    """Nothing of it is spoken any more."""
    characters: int = 0
    """Of the sentences that are heard whole."""
    samples: int = 0
    """To be heard so far."""


@dataclass(eq=False)
class Turn:
    """A sentence on its way."""

    utterance: Utterance
    part: Part
    way: Way
    taken: bool = False
    """True as soon as it is being submitted."""
    job: str = ""
    error: SpeechError | None = None
    start: int = 0
    """Samples of its utterance before its own."""

    @property
    def ready(self) -> bool:
        """Whether it can be heard, or why not is known."""
        return bool(self.job) or self.error is not None


@dataclass(eq=False)
class Close:
    """The end of an utterance."""

    utterance: Utterance
    ready: ClassVar[bool] = True
    taken: ClassVar[bool] = True


class Turns:
    """A text that grows, as what has to be spoken next; `bell` rings when that changes."""

    def __init__(self, bell: Bell, way: Way) -> None:
        self._bell = bell
        self._way = way
        self._text = Increments(way.language)
        self._waiting: deque[Turn | Close] = deque()
        self.open = Utterance(1)
        """To which further text belongs."""
        self.stops = 0
        """How often text was dropped: what is being cut meanwhile goes with it."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> Turn | Close | None:
        """What is heard now, or next."""
        return self._waiting[0] if self._waiting else None

    @property
    def to_submit(self) -> Turn | None:
        """The next sentence that needs a job, while few enough have one."""
        turns = (turn for turn in self._waiting if isinstance(turn, Turn))
        return next((turn for turn in islice(turns, AHEAD + 1) if not turn.taken), None)

    @property
    def unheard(self) -> list[Utterance]:
        """The utterances of which something is still to come."""
        found = [turn.utterance for turn in self._waiting]
        if self.open.wanted:
            found.append(self.open)
        return list(dict.fromkeys(found))

    # --- more of them ---

    def change(self, way: Way) -> None:
        """Speak so from the next sentence on."""
        self._way = way
        self._text.language = way.language

    def feed(self, text: str) -> None:
        """Further text of the open utterance."""
        self.open.wanted = True
        self._add(self._text.feed(text))

    def flush(self) -> None:
        """What has no end yet is a sentence."""
        self._add(self._text.flush())

    def commit(self) -> int:
        """The open utterance ends: its number."""
        self._add(self._text.end())
        ended = self.open
        self._waiting.append(Close(ended))
        self._open_next()
        self._bell.ring()
        return ended.number

    # --- fewer of them ---

    def leave(self, turn: Turn | Close) -> None:
        """This one is done with, if it was not dropped before."""
        if self.first is turn:
            self._waiting.popleft()
        self._bell.ring()

    def clear(self) -> None:
        """Forget the text of the open utterance of which nothing has been submitted."""
        self.stops += 1
        self._text.clear()
        self._keep(lambda it: it.taken or it.utterance is not self.open)

    def break_off(self, utterances: Iterable[Utterance]) -> list[str]:
        """Forget all that is to come of utterances; the jobs that nobody will hear."""
        for utterance in utterances:
            utterance.over = True
        dropped = [turn for turn in self._waiting if turn.utterance.over]
        self._keep(lambda it: not it.utterance.over)
        if self.open.over:
            self.stops += 1
            self._text.restart()
            self._open_next()
        self._bell.ring()
        return [turn.job for turn in dropped if isinstance(turn, Turn) and turn.job]

    def _add(self, parts: Iterable[Part]) -> None:
        self._waiting += [Turn(self.open, part, self._way) for part in parts]
        self._bell.ring()

    def _keep(self, wanted: Callable[[Turn | Close], bool]) -> None:
        self._waiting = deque(turn for turn in self._waiting if wanted(turn))
        self._bell.ring()

    def _open_next(self) -> None:
        self.open = Utterance(self.open.number + 1)
