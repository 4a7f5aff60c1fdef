"""From sentences to jobs, a few ahead of what is heard."""

import asyncio
from dataclasses import replace

from api.admission import Sender
from api.deps import Context
from api.live.bell import Bell
from api.live.turns import Turn, Turns
from api.speaking import begin, drop
from shared import keys
from shared.errors import QueueFull, QueueUnavailable, SpeechError, TooManyJobs

_PATIENCE = 30.0
"""Seconds for which a sentence is submitted again while there is no room in the queue."""
_AGAIN = 0.5
"""Seconds between two tries, at most."""


class Submitting:
    """Gives each sentence its job."""

    def __init__(self, here: Context, sender: Sender, turns: Turns, bell: Bell) -> None:
        self._here = here
        self._sender = replace(sender, priority=keys.INTERACTIVE)
        self._turns = turns
        self._bell = bell

    async def run(self) -> None:
        """Until the bell is closed; then no job is left that nobody knows of."""
        while not self._bell.closed:
            await self._bell.until(lambda: self._turns.to_submit is not None)
            if turn := self._turns.to_submit:
                turn.taken = True
                await self._submit(turn)
                self._bell.ring()

    async def _submit(self, turn: Turn) -> None:
        """Submit a sentence; while there is no room, again and again for a while."""
        clock = asyncio.get_running_loop().time
        until = clock() + _PATIENCE
        fields = {**turn.way.fields, "text": turn.part.said}
        while not turn.utterance.over:
            try:
                turn.job = (await begin(self._here, self._sender, turn.way.task, fields)).id
            except (QueueFull, TooManyJobs, QueueUnavailable) as error:
                if clock() > until:
                    turn.error = error
                    return
                await asyncio.sleep(min(error.retry_after or _AGAIN, _AGAIN))
            except SpeechError as error:
                turn.error = error
                return
            else:
                if turn.utterance.over:
                    await drop(self._here, turn.job)
                return
