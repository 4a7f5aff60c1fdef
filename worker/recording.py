"""The audio of one attempt on its way to the file and to the listeners.

A second attempt is not a second performance: what an earlier attempt left in the file is compared
with what is made again, and only samples beyond those delivered are published. Listeners are
always fed from the file, so whatever Redis forgot or was away for is made up for at the next piece.
"""

import logging
import time
from collections.abc import Callable

import redis

from shared import events, keys, scripts
from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.connection import Connection, answered
from shared.jobs import JobRecord, LinesDone, Progress, encode, flat
from shared.queue import Fenced
from shared.settings import Settings
from shared.states import JobState
from shared.stores.outputs import MASTER, Growing
from worker.pulse import Pulse

_WIDTH = 2
"""Bytes per sample."""
_CHUNK = SAMPLE_RATE // 2
"""Samples in the largest chunk that is published."""
_OUTAGE = 120.0
"""Seconds that an announcement may wait for Redis."""
_RETRY = 1.0
"""Seconds between two tries while Redis is away."""
_STREAM_LIFE = 3_600
"""Seconds that the stream of a job lives after its last chunk, should nobody end it."""

log = logging.getLogger(__name__)


class Recording:
    """Where the samples of one attempt go."""

    def __init__(
        self,
        connection: Connection,
        impatient: Connection,
        growing: Growing,
        settings: Settings,
        record: JobRecord,
        attempt: int,
        pulse: Pulse,
    ) -> None:
        self._redis = connection
        self._impatient = impatient
        self._growing = growing
        self._settings = settings
        self._record = record
        self._attempt = attempt
        self._pulse = pulse
        self._take = record.take
        self._delivered = record.samples
        self._left = growing.size(MASTER) // _WIDTH
        self.position = 0
        """Samples made in this attempt."""
        self.progress = Progress()
        self.first_audio_at: float | None = None
        self._retry_at = 0.0

    def begin(self, fingerprint: str) -> None:
        """Decide whether an earlier attempt's audio still counts."""
        record = self._record
        self._growing.truncate(MASTER, self._left * _WIDTH)
        if record.fingerprint and record.fingerprint != fingerprint and self._left:
            self.restart(f"The engine changed from {record.fingerprint} to {fingerprint}.")
        elif self._delivered > self._left:
            self.restart("The audio made so far was lost.")

    def advance(self, fraction: float) -> None:
        """So much of the work is done; told with the next chunk."""
        self.progress.fraction = fraction

    def count(self, done: int, total: int) -> None:
        """So many lines are settled; told as `advance`."""
        self.progress.lines = LinesDone(done=done, total=total)

    def announce(
        self, event: events.Header | events.Notice | events.Restart | events.State, **fields: str
    ) -> None:
        """Tell the listeners. Raises Fenced."""
        with self._pulse.patient(_OUTAGE), answered():
            self._announce(self._redis, event, fields)

    def tell_progress(self) -> None:
        """What is told with the sound otherwise; while Redis is away, nobody is told.

        Raises Fenced.
        """
        if time.monotonic() < self._retry_at:
            return
        try:
            event = events.State(state=JobState.RUNNING)
            self._announce(self._impatient, event, encode(progress=self.progress))
        except redis.RedisError as error:
            log.warning("Job %s: Redis is not told how far it is: %s", self._record.id, error)
            self._retry_at = time.monotonic() + _RETRY

    def _announce(
        self,
        connection: Connection,
        event: events.Header | events.Notice | events.Restart | events.State,
        fields: dict[str, str],
    ) -> None:
        reset = isinstance(event, events.Restart)
        arguments = [self._attempt, int(reset), event.model_dump_json(), _STREAM_LIFE]
        held = scripts.run(connection, "announce", self._keys(), [*arguments, *flat(fields)])
        if not held:
            raise Fenced(f"Attempt {self._attempt} of job {self._record.id} no longer holds.")

    def take(self, samples: Samples) -> None:
        """Write and publish. Raises Cancelled, DeadlineExceeded, Fenced or StoreUnavailable."""
        self._pulse.watch()
        data = pcm.encode(samples)
        kept = self._keep(data)
        if kept < len(data):
            self._growing.append(MASTER, data[kept:])
        self._advance(len(data) // _WIDTH)
        self._publish()

    def keep(self, samples: int, load: Callable[[], Samples]) -> None:
        """Go on over so many samples where an earlier attempt has written them already; else load
        and write them. Raises as `take`."""
        if self.position + samples > self._left:
            self.take(load())
            return
        self._pulse.watch()
        self._advance(samples)
        self._publish()

    def restart(self, reason: str) -> None:
        """Begin the audio anew; what this attempt has made so far stays."""
        log.warning("Job %s begins anew: %s", self._record.id, reason)
        self._take += 1
        self.announce(
            events.Restart(take=self._take, reason=reason), **encode(restart_reason=reason)
        )
        self._delivered = 0
        self._left = self.position
        self._growing.truncate(MASTER, self.position * _WIDTH)

    @property
    def present_take(self) -> int:
        return self._take

    def finish(self) -> None:
        """Publish what is left, riding out an outage of Redis."""
        if self._left > self.position:
            self.restart("This attempt made less audio than the one before.")
        while self._delivered < self.position:
            self._publish()
            if self._delivered < self.position:
                self._pulse.watch()
                time.sleep(_RETRY)

    def _keep(self, data: bytes) -> int:
        """Bytes at the start of `data` that an earlier attempt has already written."""
        if self.position >= self._left:
            return 0
        length = min(len(data), (self._left - self.position) * _WIDTH)
        known = self._growing.read(MASTER, self.position * _WIDTH, length)
        if known == data[:length]:
            return length
        self.restart("This attempt makes other audio than the one before.")
        return 0

    def _advance(self, samples: int) -> None:
        if self.first_audio_at is None and samples:
            self.first_audio_at = time.time()
        self.position += samples
        self.progress.audio_seconds = self.position / SAMPLE_RATE

    def _publish(self) -> None:
        """Deliver from the file all that was made and not yet delivered."""
        if time.monotonic() < self._retry_at:
            return
        try:
            while self._delivered < self.position:
                self._publish_chunk()
        except redis.RedisError as error:
            # The speech goes on: the file has it, and a later piece makes up for it.
            log.warning("Job %s: Redis does not take the audio: %s", self._record.id, error)
            self._retry_at = time.monotonic() + _RETRY

    def _publish_chunk(self) -> None:
        count = min(_CHUNK, self.position - self._delivered)
        data = self._growing.read(MASTER, self._delivered * _WIDTH, count * _WIDTH)
        delivered, cancelled = scripts.run(
            self._impatient,
            "append",
            self._keys(),
            [
                self._attempt,
                self._delivered,
                count,
                data,
                int(self._settings.stream_keep_seconds * SAMPLE_RATE),
                self.progress.model_dump_json(),
                _STREAM_LIFE,
            ],
        )
        if delivered < 0:
            raise Fenced(f"Attempt {self._attempt} of job {self._record.id} no longer holds.")
        self._delivered = delivered
        if cancelled:
            self._pulse.cancel()

    def _keys(self) -> list[str]:
        job_id = self._record.id
        return [keys.job(job_id), keys.stream(job_id), keys.channel(job_id)]
