"""Waveforms of recordings, which are kept for whoever looks at them next."""

import threading
from collections import OrderedDict
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase

from anyio import CapacityLimiter, to_thread

from shared.audio import waveform
from shared.errors import NoAudio
from shared.stores.listing import Output
from shared.stores.master import FINISHED, STREAM
from shared.stores.outputs import OutputStore
from shared.stores.recipe import FileFact
from shared.views import WaveformView

_KEPT = 256
"""Answers that are kept, of at most some 30 kB."""
_AT_ONCE = 2
"""Recordings that are read at a time; a long one takes a while."""
_BLOCK = 1 << 18
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
        with BufferedReader(_Reading(self._outputs, run, name), _BLOCK) as source:
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


class _Reading(RawIOBase):
    """A file of a finished run, as the store gives it."""

    def __init__(self, outputs: OutputStore, run: str, name: str) -> None:
        self._outputs, self._run, self._name = outputs, run, name
        self._size = outputs.size(run, name)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        self._at = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        count = self._size - self._at if size < 0 else size
        data = self._outputs.read(self._run, self._name, self._at, max(0, count))
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
