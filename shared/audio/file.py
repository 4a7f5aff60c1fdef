"""Finished audio files, made from raw samples block by block, however long they are."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.audio import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from shared.audio import pcm
from shared.audio.encode import Label, Track
from shared.audio.formats import FORMATS
from shared.errors import StoreUnavailable, UnreadableAudio
from shared.requests.declared import Format

_BLOCK = 1 << 16
_COUNTED = frozenset({"aac", "ogg"})
"""Containers (FFmpeg's names) whose header does not say how long they are: FFmpeg would guess the
length of ADTS, and would count in an Ogg the delay of the encoder, which players skip."""


@dataclass(frozen=True)
class Facts:
    """What a file says of itself."""

    duration: float
    """Seconds."""
    rate: int
    channels: int


def write(
    source: Path | BinaryIO,
    target: Path,
    format: Format,
    sample_rate: int = pcm.SAMPLE_RATE,
    title: str | None = None,
) -> None:
    """Make `target` from the s16le samples in `source`; it appears whole or not at all.

    Equal samples and titles make equal bytes. Raises StoreUnavailable.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with _opened(source) as samples, part.open("wb") as sink:
            _fill(sink, samples, format, sample_rate, title)
        os.replace(part, target)
    except OSError as error:
        raise StoreUnavailable(f"{target.name} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def probe(path: Path) -> Facts:
    """Duration, rate and channels of an audio file, without decoding it. Raises UnreadableAudio."""
    try:
        with path.open("rb") as file, av.open(file, "r") as container:
            return _facts(container)
    except (FFmpegError, IndexError) as error:
        raise UnreadableAudio("The file holds no audio that can be read.") from error


def _fill(
    sink: BinaryIO, samples: BinaryIO, format: Format, sample_rate: int, title: str | None
) -> None:
    spec = FORMATS[format]
    if spec.container is None:
        shutil.copyfileobj(samples, sink, _BLOCK)
        return
    track = Track(sink, spec, spec.file, sample_rate, Label(title))
    while block := samples.read(_BLOCK):
        track.feed(block)
    track.finish()


@contextmanager
def _opened(source: Path | BinaryIO) -> Generator[BinaryIO]:
    """A reader that the caller opened stays open."""
    if not isinstance(source, Path):
        yield source
        return
    with source.open("rb") as file:
        yield file


def _facts(container: InputContainer) -> Facts:
    stream = container.streams.audio[0]
    counted = stream.duration is None or container.format.name in _COUNTED
    ticks = _last_tick(container, stream) if counted else stream.duration
    return Facts(float((ticks or 0) * (stream.time_base or 0)), stream.rate, stream.channels)


def _last_tick(container: InputContainer, stream: AudioStream) -> int:
    packets = container.demux(stream)
    return max(((packet.pts or 0) + (packet.duration or 0) for packet in packets), default=0)
