"""A finished recording in any of our formats, read block by block, however long it is."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

import av
from av.audio import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from shared.audio.encode import Encoder, encoder
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import RecordDamaged
from shared.requests.declared import Format

_AT_ONCE = 1 << 16
"""Samples that are looked at together."""


def frames(
    source: BinaryIO,
    form: Literal["fltp", "s16"],
    *,
    layout: str | None = None,
    rate: int | None = None,
) -> Iterator[AudioFrame]:
    """The sound of a file that can be sought, in frames that are worth the work of looking at them.

    Channels and rate are those of the file unless others are named. Raises RecordDamaged.
    """
    try:
        with av.open(source, "r") as container:
            resampler = AudioResampler(form, layout, rate, frame_size=_AT_ONCE)
            for frame in container.decode(container.streams.audio[0]):
                yield from resampler.resample(frame)
            yield from resampler.resample(None)
    except (FFmpegError, IndexError) as error:
        raise RecordDamaged("The recording cannot be read.") from error


def transcode(source: BinaryIO, format: Format) -> Iterator[bytes]:
    """A file in another format, encoded as it is read; two channels stay two.

    Raw PCM, which cannot say what it is, is mono at 24 kHz as everywhere. Raises RecordDamaged.
    """
    raw = FORMATS[format].container is None
    layout, rate = ("mono", SAMPLE_RATE) if raw else (None, None)
    stream: Encoder | None = None
    for frame in frames(source, "s16", layout=layout, rate=rate):
        stream = stream or encoder(format, frame.sample_rate, frame.layout.nb_channels)
        yield stream.feed(_samples(frame))
    if stream:
        yield stream.finish()


def _samples(frame: AudioFrame) -> bytes:
    """s16le, channels taking turns."""
    sound: Any = frame.to_ndarray()
    return sound.tobytes()
