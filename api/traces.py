"""Waveforms of recordings, which are kept for whoever looks at them next."""

import threading
from collections import OrderedDict

from anyio import CapacityLimiter, to_thread

from shared.audio import waveform
from shared.errors import NoAudio
from shared.stores import stored_file
from shared.stores.listing import Output
from shared.stores.master import FINISHED, STREAM
from shared.stores.outputs import OutputStore
from shared.stores.recipe import FileFact
from shared.views import WaveformView

_KEPT = 256
"""Answers that are kept, of at most some 30 kB."""
_AT_ONCE = 2
"""Recordings that are read at a time; a long one takes a while."""
_DIGITS = 3
_UNHEARD = ".pcm"
"""What no player plays: what was streamed is heard in its place."""


class Traces:
    """Those that were looked at last; safe to share between threads."""

    def __init__(self, outputs: OutputStore) -> None:
        self._outputs = outputs
        self._reading = CapacityLimiter(_AT_ONCE)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        """A `WaveformView` as JSON, by the sha256 of the recording and the number of points."""

    async def of(self, run: str, name: str, fact: FileFact, points: int) -> bytes:
        """A recording's waveform as JSON. Raises UnknownOutput, UnknownFile, RecordDamaged."""
        key = fact.sha256, points
        return self._find(key) or await to_thread.run_sync(
            self._trace, run, name, key, limiter=self._reading
        )

    def _trace(self, run: str, name: str, key: tuple[str, int]) -> bytes:
        if found := self._find(key):  # who waited for the same one gets it
            return found
        with stored_file.opened(self._outputs, run, name) as source:
            traced = waveform.trace(source, key[1])
        peaks = [round(float(peak), _DIGITS) for peak in traced.peaks]
        view = WaveformView(seconds=round(traced.seconds, _DIGITS), points=peaks)
        told = view.model_dump_json().encode()
        self._keep(key, told)
        return told

    def _find(self, key: tuple[str, int]) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[str, int], told: bytes) -> None:
        with self._lock:
            self._kept[key] = told
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def recording(output: Output) -> tuple[str, FileFact]:
    """The file in which an output is heard, and what is known of it. Raises NoAudio."""
    own = STREAM if output.audio.endswith(_UNHEARD) else output.audio
    for name in (own, FINISHED):
        if name in output.files:
            return name, output.files[name]
    raise NoAudio("This output holds no sound.")
