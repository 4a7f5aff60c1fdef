"""A recording on disk that is put together: of any length, in little memory."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from shared.audio import pcm
from shared.audio.pcm import Samples
from shared.errors import StoreUnavailable

_BLOCK = 1 << 16
"""Samples that are in memory at once, in each channel."""
_WIDTH = 4


class Recording(Protocol):
    """Sound that can be heard from its beginning, as often as needed."""

    @property
    def rate(self) -> int: ...

    @property
    def channels(self) -> int: ...

    def blocks(self) -> Iterator[Samples]:
        """[samples] where there is one channel, [samples, channels] where there are more."""
        ...


class Track:
    """Samples in a file of its own, which is gone when the track is closed.

    Kept as float32, so that sums may pass full scale until the whole is mastered. Every method
    raises StoreUnavailable where the disk refuses.
    """

    def __init__(self, path: Path, rate: int = pcm.SAMPLE_RATE, channels: int = 1) -> None:
        """`path` is a file that nobody else uses; what lies there is lost."""
        self.rate = rate
        self.channels = channels
        self._path = path
        self._length = 0
        with _writing():
            self._file = path.open("w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        """Samples in each channel."""
        return self._length

    @property
    def seconds(self) -> float:
        return self._length / self.rate

    def append(self, samples: Samples) -> int:
        """Add sound at the end, as `write` takes it; where it begins, in samples."""
        start = self._length
        self.write(start, samples)
        return start

    def silence(self, seconds: float) -> None:
        """Add nothing at the end, to the nearest sample."""
        self.extend(self._length + round(seconds * self.rate))

    def extend(self, length: int) -> None:
        """Add silence until there are `length` samples, if there are fewer."""
        if length > self._length:
            with _writing():
                self._file.truncate(length * _WIDTH * self.channels)
            self._length = length

    def mix(self, start: int, samples: Samples, gain: float = 1.0) -> None:
        """Add sound to what is heard from sample `start` on; the track grows if need be."""
        self.extend(start + len(samples))
        added = self._shaped(samples) * np.float32(gain)
        sound = self.read(start, len(samples)) + added
        self.write(start, sound.astype(np.float32, copy=False))

    def read(self, start: int, count: int) -> Samples:
        """At most `count` samples from sample `start` on, [samples] or [samples, channels]."""
        count = max(0, min(count, self._length - start))
        with _writing():
            self._file.seek(start * _WIDTH * self.channels)
            data = self._file.read(count * _WIDTH * self.channels)
        samples = np.frombuffer(data, np.float32)
        return samples if self.channels == 1 else samples.reshape(-1, self.channels)

    def write(self, start: int, samples: Samples) -> None:
        """Put sound in the place of what is heard from `start` on; mono fills every channel."""
        shaped = self._shaped(samples)
        if not len(shaped):
            return
        self.extend(start)
        with _writing():
            self._file.seek(start * _WIDTH * self.channels)
            self._file.write(np.ascontiguousarray(shaped, np.float32).tobytes())
            self._file.flush()
        self._length = max(self._length, start + len(shaped))

    def blocks(self) -> Iterator[Samples]:
        """All of it, a few seconds at a time; blocks begin at the same samples every time."""
        return self.between(0, self._length)

    def between(self, start: int, end: int) -> Iterator[Samples]:
        """The samples from `start` up to `end`, a few seconds at a time."""
        for place in range(start, min(end, self._length), _BLOCK):
            yield self.read(place, min(_BLOCK, end - place))

    def _shaped(self, samples: Samples) -> Samples:
        if self.channels == 1 or samples.ndim == 2:
            return samples
        return np.repeat(samples[:, np.newaxis], self.channels, axis=1)


@contextmanager
def _writing() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"The recording could not be put together: {error.strerror}.",
            hint="See that there is room on the disk.",
        ) from error
