"""Encoding while the audio grows: raw samples in, bytes of any format out."""

import weakref
from collections.abc import Mapping
from typing import Any, Protocol, cast

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from shared.audio import pcm
from shared.audio.formats import COMMENT, FORMATS, AudioFormat
from shared.requests.declared import Format

# Without it FFmpeg writes its version and random serial numbers.
_REPRODUCIBLE = {"fflags": "+bitexact"}
_SAMPLE_FORMATS = {"int16": "s16", "float32": "flt"}


class Sink(Protocol):
    """Where a track is written; with `seek` and `tell` too, headers are completed at the end."""

    def write(self, data: bytes, /) -> int: ...


class Encoder(Protocol):
    """One listener's encoder; it may be dropped at any time without `finish`."""

    def feed(self, data: bytes) -> bytes:
        """What can be sent after these further bytes of s16le, cut anywhere."""
        ...

    def finish(self) -> bytes:
        """The rest; half a sample at the end is no sound and left out."""
        ...


def encoder(format: Format, sample_rate: int = pcm.SAMPLE_RATE) -> Encoder:
    """An encoder whose first bytes come with the first tenth of a second."""
    spec = FORMATS[format]
    return _Raw() if spec.container is None else _Stream(spec, sample_rate)


class Track:
    """One mono track of a container, encoded into a sink; equal audio makes equal bytes."""

    def __init__(
        self,
        sink: Sink,
        spec: AudioFormat,
        options: Mapping[str, str],
        sample_rate: int,
        title: str | None = None,
    ) -> None:
        rate = _codec_rate(spec, sample_rate)
        self._container = av.open(
            sink, "w", format=spec.container, options={**_REPRODUCIBLE, **options}
        )
        self._container.metadata.update(_tags(title))
        stream = self._container.add_stream(spec.codec, rate=rate, layout="mono")
        self._stream = cast(av.AudioStream, stream)
        if spec.bit_rate is not None:
            self._stream.bit_rate = spec.bit_rate
        self._container.start_encoding()
        self._resampler = _resampler(sample_rate, rate)
        self._rate = rate
        self._position = 0
        self._half = b""

    def feed(self, data: bytes) -> None:
        """Encode further bytes of s16le, cut anywhere."""
        data = self._half + data
        whole = len(data) - len(data) % pcm.SAMPLE_BYTES
        self._half = data[whole:]
        if self._resampler is None:
            self._encode(np.frombuffer(data[:whole], "<i2"))
        else:
            self._encode(self._resampler.resample_chunk(pcm.decode(data[:whole])))

    def finish(self) -> None:
        """Encode what the codec holds back and close the container, not the sink."""
        if self._resampler is not None:
            rest = np.empty(0, np.float32)
            self._encode(self._resampler.resample_chunk(rest, last=True))
        self._container.mux(self._stream.encode(None))
        self.close()

    def close(self) -> None:
        """Give codec and container back; what has not been encoded is lost."""
        self._container.close()

    def _encode(self, samples: NDArray[Any]) -> None:
        if not samples.size:
            return
        layout = _SAMPLE_FORMATS[samples.dtype.name]
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format=layout, layout="mono")
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += frame.samples
        self._container.mux(self._stream.encode(frame))


class _Stream:
    """A track whose sink is emptied by each call."""

    def __init__(self, spec: AudioFormat, sample_rate: int) -> None:
        self._outbox = _Outbox()
        self._track = Track(self._outbox, spec, spec.stream, sample_rate)
        # A listener may just be gone. PyAV's objects form a cycle: without this, a megabyte of
        # codec would wait for the garbage collector.
        weakref.finalize(self, self._track.close)

    def feed(self, data: bytes) -> bytes:
        self._track.feed(data)
        return self._outbox.take()

    def finish(self) -> bytes:
        self._track.finish()
        return self._outbox.take()


class _Raw:
    """The samples as they are."""

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Outbox:
    """Bytes that wait to be sent; it cannot seek, so nothing sent is ever changed."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes, /) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _tags(title: str | None) -> dict[str, str]:
    return {"comment": COMMENT} if title is None else {"title": title, "comment": COMMENT}


def _codec_rate(spec: AudioFormat, sample_rate: int) -> int:
    """`sample_rate` where the codec can take it, or else the highest that it can."""
    rates = av.Codec(spec.codec, "w").audio_rates
    wanted = spec.rate or sample_rate
    return wanted if rates is None or wanted in rates else max(rates)


def _resampler(source: int, target: int) -> soxr.ResampleStream | None:
    # In float: soxr dithers integers with a seed taken from the clock.
    return None if source == target else soxr.ResampleStream(source, target, 1, dtype="float32")
