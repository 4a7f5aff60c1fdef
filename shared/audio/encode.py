"""Encoding while the audio grows: raw samples in, bytes of any format out."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

import av
import numpy as np
import soxr
from av.stream import Disposition
from numpy.typing import NDArray

from shared import pictures
from shared.audio import pcm
from shared.audio.formats import COMMENT, FORMATS, AudioFormat
from shared.requests.declared import Format

# Without it FFmpeg writes its version and random serial numbers.
_REPRODUCIBLE = {"fflags": "+bitexact"}
_LAYOUTS = {1: "mono", 2: "stereo"}
_MILLISECONDS = Fraction(1, 1000)
_SAMPLE_FORMATS = {"int16": "s16", "float32": "flt"}


@dataclass(frozen=True)
class Mark:
    """A chapter; seconds."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class Label:
    """What a file says of itself, as far as its container can."""

    title: str | None = None
    artist: str = ""
    album: str = ""
    number: int = 0
    """Of the track in its album; 0: none."""
    chapters: Sequence[Mark] = ()
    """WAV and FLAC have none."""
    cover: bytes | None = None
    """JPEG or PNG; only MP3, FLAC and M4B have one."""


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


def encoder(format: Format, sample_rate: int = pcm.SAMPLE_RATE, channels: int = 1) -> Encoder:
    """An encoder whose first bytes come with the first tenth of a second."""
    spec = FORMATS[format]
    return _Raw() if spec.container is None else _Stream(spec, sample_rate, channels)


class Track:
    """The only track of a container, encoded into a sink; equal audio makes equal bytes."""

    def __init__(
        self,
        sink: Sink,
        spec: AudioFormat,
        options: Mapping[str, str],
        sample_rate: int,
        label: Label = Label(),
        channels: int = 1,
    ) -> None:
        """Raises UnreadablePicture for a cover that is none."""
        rate = _codec_rate(spec, sample_rate)
        self._channels = channels
        self._layout = _LAYOUTS[channels]
        self._container = av.open(
            sink, "w", format=spec.container, options={**_REPRODUCIBLE, **options}
        )
        self._container.metadata.update(_tags(label))
        stream = self._container.add_stream(spec.codec, rate=rate, layout=self._layout)
        self._stream = cast(av.AudioStream, stream)
        if spec.bit_rate is not None:
            self._stream.bit_rate = spec.bit_rate
        if label.chapters and spec.chapters:
            self._container.set_chapters(_chapters(label.chapters))
        cover = self._add_cover(label.cover) if label.cover and spec.cover else None
        self._container.start_encoding()
        if cover is not None:
            self._container.mux(cover)
        self._resampler = _resampler(sample_rate, rate, channels)
        self._rate = rate
        self._position = 0
        self._half = b""

    def feed(self, data: bytes) -> None:
        """Encode further bytes of s16le, channels taking turns, cut anywhere."""
        data = self._half + data
        whole = len(data) - len(data) % (pcm.SAMPLE_BYTES * self._channels)
        self._half = data[whole:]
        if self._resampler is None:
            self._encode(np.frombuffer(data[:whole], "<i2"))
        else:
            self._encode(self._resampler.resample_chunk(self._shaped(pcm.decode(data[:whole]))))

    def finish(self) -> None:
        """Encode what the codec holds back and close the container, not the sink."""
        if self._resampler is not None:
            rest = self._shaped(np.empty(0, np.float32))
            self._encode(self._resampler.resample_chunk(rest, last=True))
        self._container.mux(self._stream.encode(None))
        self.close()

    def close(self) -> None:
        """Give codec and container back; what has not been encoded is lost."""
        self._container.close()

    def _add_cover(self, cover: bytes) -> "av.Packet[Any]":
        """Make room for a cover; the packet that holds it."""
        codec = {"jpeg": "mjpeg", "png": "png"}[pictures.require_picture(cover)]
        width, height = pictures.size(cover)
        stream = self._container.add_mux_stream(codec, width=width, height=height)
        stream.disposition = Disposition.attached_pic
        packet = av.Packet(cover)
        packet.stream = stream
        packet.pts = packet.dts = 0
        packet.is_keyframe = True
        return packet

    def _shaped(self, samples: pcm.Samples) -> pcm.Samples:
        """As soxr takes it: [samples], or [samples, channels]."""
        return samples if self._channels == 1 else samples.reshape(-1, self._channels)

    def _encode(self, samples: NDArray[Any]) -> None:
        if not samples.size:
            return
        layout = _SAMPLE_FORMATS[samples.dtype.name]
        frame = av.AudioFrame.from_ndarray(
            samples.reshape(1, -1), format=layout, layout=self._layout
        )
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += frame.samples
        self._container.mux(self._stream.encode(frame))


class _Stream:
    """A track whose sink is emptied by each call."""

    def __init__(self, spec: AudioFormat, sample_rate: int, channels: int) -> None:
        self._outbox = _Outbox()
        self._track = Track(self._outbox, spec, spec.stream, sample_rate, channels=channels)
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


def _tags(label: Label) -> dict[str, str]:
    tags = {"artist": label.artist, "album": label.album, "track": str(label.number or "")}
    given = {key: value for key, value in tags.items() if value}
    titled = {} if label.title is None else {"title": label.title}
    return {**titled, **given, "comment": COMMENT}


def _chapters(marks: Sequence[Mark]) -> list[Any]:
    return [
        {
            "id": number,
            "start": round(mark.start * 1000),
            "end": round(mark.end * 1000),
            "time_base": _MILLISECONDS,
            "metadata": {"title": mark.title},
        }
        for number, mark in enumerate(marks, 1)
    ]


def _codec_rate(spec: AudioFormat, sample_rate: int) -> int:
    """`sample_rate` where the codec can take it, or else the highest that it can."""
    rates = av.Codec(spec.codec, "w").audio_rates
    wanted = spec.rate or sample_rate
    return wanted if rates is None or wanted in rates else max(rates)


def _resampler(source: int, target: int, channels: int) -> soxr.ResampleStream | None:
    # In float: soxr dithers integers with a seed taken from the clock.
    if source == target:
        return None
    return soxr.ResampleStream(source, target, channels, dtype="float32")
