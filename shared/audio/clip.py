"""Sound as people send it: any ordinary file, checked and brought to one form, block by block.

Nobody knows who made the file. FFmpeg is given the bytes and nothing else: no name that it could
guess from, no other file or address that it could open, no demuxer or codec but those of sound.
"""

import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import av
import numpy as np
import soxr
from av.audio import AudioFrame, AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE, Samples
from shared.errors import AudioTooLong, RecordDamaged, UnreadableAudio

_CONTAINERS = ("wav", "w64", "aiff", "caf", "au", "flac", "mp3", "ogg", "aac", "mov", "matroska")
"""FFmpeg's demuxers, none of which follows a reference; `mov` is MP4 and M4A, `matroska` WebM."""
_BITS = {
    "pcm_s8": 8,
    "pcm_u8": 8,
    "pcm_alaw": 8,
    "pcm_mulaw": 8,
    "pcm_s16le": 16,
    "pcm_s16be": 16,
    "pcm_s24le": 24,
    "pcm_s24be": 24,
    "pcm_s32le": 32,
    "pcm_s32be": 32,
    "pcm_f32le": 32,
    "pcm_f32be": 32,
    "pcm_f64le": 64,
    "pcm_f64be": 64,
}
"""Codecs whose bits per sample mean something."""
_CODECS = (*_BITS, "flac", "alac", "mp3", "mp3float", "aac", "opus", "vorbis")
"""FFmpeg's decoders. None is of pictures, so the cover of a record is never looked at."""
_SANDBOX = {
    "format_whitelist": ",".join(_CONTAINERS),
    "codec_whitelist": ",".join(_CODECS),
    "protocol_whitelist": "none",
}
_RATES = (4_000, 384_000)
"""Hz; below is no speech, above is no converter that anybody built."""
_NEARLY_EQUAL = 0.01
"""Energy of the difference of two channels, as a share of theirs, that is not heard: -20 dB. A
lossy codec leaves as much between two equal channels."""
_PADDING = 0.1
"""Seconds by which a lossy codec lengthens what it was given; so much beyond the end is cut."""
_GAP = 0.05
"""Seconds of sound that may be missing between two frames: clocks that count milliseconds round."""
_FULL_SCALE = {"uint8": 128.0, "int16": 32_768.0, "int32": 2_147_483_648.0}
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass(frozen=True)
class Clip:
    """Sound as somebody sent it, decoded."""

    samples: Samples
    """Mono, at 24 kHz."""
    rate: int
    """Hz, of the file."""
    channels: int
    """Of the file."""
    codec: str
    """FFmpeg's name, such as `pcm_s16le` and `mp3`."""
    bits: int | None
    """Bits per sample of the file; None for codecs where that says nothing."""
    differs: bool
    """Its channels differed, and were mixed."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def decode(source: BinaryIO, longest: float, param: str = "audio") -> Clip:
    """The sound in a file that can be sought, of at most `longest` seconds, mixed to mono.

    What stops early at its end counts as far as it goes; damage that sound follows is refused.
    Raises UnreadableAudio, and AudioTooLong as soon as more than `longest` has been heard, whatever
    the header says.
    """
    try:
        with av.open(
            _Nameless(source), "r", options=_SANDBOX, metadata_errors="ignore"
        ) as container:
            return _listen(container, _only_track(container), longest)
    except FFmpegError as error:
        raise UnreadableAudio(
            "The file holds no sound that can be read, or is damaged.",
            param=param,
            hint="Send WAV, FLAC, MP3, Ogg, AAC, M4A, WebM, AIFF or CAF that a player can play.",
        ) from error
    except (AudioTooLong, UnreadableAudio) as error:
        error.param = param
        raise


def dumps(samples: Samples) -> bytes:
    """The canonical WAV file: mono, 24 kHz, s16le. Equal samples make equal bytes."""
    data = pcm.encode(samples)
    return _header(len(data)) + data


def loads(data: bytes) -> Samples:
    """The samples of a canonical WAV file. Raises RecordDamaged."""
    size = len(data) - _HEADER.size
    if size < 0 or size % SAMPLE_BYTES or not data.startswith(_header(size)):
        raise RecordDamaged("A kept recording is not the WAV file that was written.")
    return pcm.decode(data[_HEADER.size :])


def seconds(size: int) -> float:
    """How long a canonical WAV file of `size` bytes lasts."""
    return (size - _HEADER.size) / SAMPLE_BYTES / SAMPLE_RATE


class _Nameless:
    """A file without its name, which is the sender's, and need not be a string."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _only_track(container: InputContainer) -> AudioStream:
    """The one track of sound. The picture on a record's cover is no film."""
    if any(not stream.disposition & Disposition.attached_pic for stream in container.streams.video):
        raise UnreadableAudio(
            "The file is a film.", hint="Send its sound alone, such as WAV, FLAC or M4A."
        )
    tracks = container.streams.audio
    if len(tracks) != 1:
        count = f"{len(tracks)} tracks of sound" if tracks else "no sound"
        raise UnreadableAudio(f"The file holds {count}.", hint="Send a file with one track.")
    codec: Any = tracks[0].codec_context
    if codec is None or codec.name not in _CODECS:
        raise UnreadableAudio(
            "The sound is in a codec that is not taken.",
            hint="Send PCM, FLAC, ALAC, MP3, AAC, Opus or Vorbis.",
        )
    return tracks[0]


def _listen(container: InputContainer, track: AudioStream, longest: float) -> Clip:
    frames = _frames(container, track)
    first = next(frames, None)
    if first is None:
        raise UnreadableAudio("The file holds no sound.")
    rate, channels = _checked_shape(first)
    mixer, start, heard = _Mixer(rate), first.time, 0
    for frame in chain((first,), frames):
        if _shape(frame) != (rate, channels):
            raise UnreadableAudio("The sample rate or the number of channels changes midway.")
        if frame.time and start is not None and frame.time - start - heard / rate > _GAP:
            raise UnreadableAudio(f"Sound is missing after {heard / rate:.1f} seconds of the file.")
        heard += frame.samples
        if heard > (longest + _PADDING) * rate:
            raise AudioTooLong(
                f"The sound lasts longer than {longest:g} seconds, the most that is taken."
            )
        for block in _blocks(frame):
            mixer.feed(block)
    codec = track.codec_context.codec.canonical_name
    samples = mixer.finish()[: round(longest * SAMPLE_RATE)]
    return Clip(samples, rate, channels, codec, _BITS.get(codec), mixer.differs)


def _frames(container: InputContainer, track: AudioStream) -> Generator[AudioFrame]:
    """What can be decoded. A fault is one only if more follows: else the recording just stopped."""
    fault: FFmpegError | None = None
    for packet in container.demux(track):
        try:
            frames = packet.decode()
        except FFmpegError as error:
            fault = error
            continue
        for frame in frames:
            if fault is not None:
                raise fault
            if frame.samples:
                yield frame


def _shape(frame: AudioFrame) -> tuple[int, int]:
    return frame.sample_rate, frame.layout.nb_channels


def _checked_shape(frame: AudioFrame) -> tuple[int, int]:
    rate, channels = _shape(frame)
    if not _RATES[0] <= rate <= _RATES[1]:
        raise UnreadableAudio(f"A sample rate of {rate} Hz is not taken.")
    if channels not in (1, 2):
        raise UnreadableAudio(f"The sound has {channels} channels.", hint="Send mono or stereo.")
    return rate, channels


def _blocks(frame: AudioFrame) -> Iterator[Samples]:
    """At most a second each, [channels, samples] in [-1, 1]. Raises UnreadableAudio."""
    sound: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        sound = sound.reshape(-1, frame.layout.nb_channels).T
    for start in range(0, frame.samples, frame.sample_rate):
        yield _unscaled(sound[:, start : start + frame.sample_rate])


def _unscaled(block: NDArray[Any]) -> Samples:
    scale = _FULL_SCALE.get(block.dtype.name)
    if scale is None:
        if not np.isfinite(block).all():
            raise UnreadableAudio("The sound has samples that are not numbers.")
        return block.clip(-1, 1).astype(np.float32)
    middle = scale if block.dtype.kind == "u" else 0
    return (block.astype(np.float32) - np.float32(middle)) / np.float32(scale)


class _Mixer:
    """Makes one channel at 24 kHz of blocks of one or two, and minds whether those were alike."""

    def __init__(self, rate: int) -> None:
        self._resampler = (
            soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
            if rate != SAMPLE_RATE
            else None
        )
        self._done: list[Samples] = []
        self._energy = self._difference = 0.0

    @property
    def differs(self) -> bool:
        return self._difference > _NEARLY_EQUAL * self._energy

    def feed(self, block: Samples) -> None:
        if len(block) == 2:
            self._energy += float(np.square(block).sum())
            self._difference += float(np.square(block[0] - block[1]).sum())
        self._put(block.mean(axis=0), last=False)

    def finish(self) -> Samples:
        self._put(np.empty(0, np.float32), last=True)
        return np.concatenate(self._done)

    def _put(self, mono: Samples, last: bool) -> None:
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono, last=last)
        self._done.append(mono)


def _header(size: int) -> bytes:
    """Of a WAV file with `size` bytes of samples."""
    return _HEADER.pack(
        *(b"RIFF", _HEADER.size - 8 + size, b"WAVE"),
        *(b"fmt ", 16, 1, 1, SAMPLE_RATE, SAMPLE_RATE * SAMPLE_BYTES, SAMPLE_BYTES),
        *(8 * SAMPLE_BYTES, b"data", size),
    )
