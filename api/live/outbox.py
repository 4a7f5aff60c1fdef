"""What one client is about to hear."""

from collections import deque
from collections.abc import Sequence

from api.live.bell import Bell
from api.live.events import Ended, Said, Sound, Told
from api.live.turns import Utterance
from shared.audio.pcm import SAMPLE_BYTES
from shared.errors import SpeechError

_KEPT = 32
"""Events that are kept for a reader who is slow."""


class Outbox:
    """Events in their order; the reader's pace bounds how many there are."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._events: deque[Told] = deque()

    def __bool__(self) -> bool:
        return bool(self._events)

    def next(self) -> Told:
        """The first of them, which leaves."""
        event = self._events.popleft()
        self._bell.ring()
        return event

    async def room(self, utterance: Utterance) -> bool:
        """Whether more may come of an utterance, once there is room; not once it is broken off."""
        await self._bell.until(lambda: utterance.over or len(self._events) < _KEPT)
        return not (utterance.over or self._bell.closed)

    async def put(self, utterance: Utterance, event: Told) -> None:
        """An event more, once there is room; none of an utterance that is broken off."""
        if await self.room(utterance):
            match event:
                case Said(characters=characters):
                    utterance.characters += characters
                case Sound(data=data):
                    utterance.samples += len(data) // SAMPLE_BYTES
                case _:
                    pass
            self._events.append(event)
            self._bell.ring()

    def end(
        self, utterance: Utterance, cancelled: bool = False, error: SpeechError | None = None
    ) -> None:
        """The last of an utterance; it needs no room."""
        partial = utterance.samples > 0 and (cancelled or error is not None)
        self._events.append(
            Ended(utterance.number, utterance.characters, cancelled, error, partial)
        )
        self._bell.ring()

    def forget(self, utterances: Sequence[Utterance]) -> None:
        """What is left of utterances is not heard, and does not count as heard."""
        concerned = {utterance.number: utterance for utterance in utterances}
        kept = deque[Told]()
        for event in self._events:
            if (utterance := concerned.get(event.utterance)) is None:
                kept.append(event)
            elif isinstance(event, Said):
                utterance.characters -= event.characters
            elif isinstance(event, Sound):
                utterance.samples -= len(event.data) // SAMPLE_BYTES
        self._events = kept
