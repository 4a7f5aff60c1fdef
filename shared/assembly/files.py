"""A recording that was put together becomes a finished file, as any format."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from shared.assembly.track import Recording
from shared.audio import pcm
from shared.audio.encode import Label, Mark, Track
from shared.audio.formats import FILES, AudioFormat
from shared.errors import StoreUnavailable

__all__ = ["Mark", "encode"]


def encode(
    recording: Recording,
    target: Path,
    format: str,
    *,
    title: str = "",
    artist: str = "",
    album: str = "",
    track_number: int = 0,
    chapters: Sequence[Mark] = (),
    cover: bytes | None = None,
    bit_rate: int | None = None,
    rate: int | None = None,
    watch: Callable[[], None] = lambda: None,
) -> Path:
    """Make `target`, of a format of `formats.FILES`; it appears whole or not at all.

    What the container has no place for is left out: chapters in WAV and FLAC, a cover in all but
    MP3, FLAC and M4B, everything in raw PCM. `bit_rate` in bits per second and `rate` in Hz go
    before those of the format. Equal recordings make equal bytes. Raises StoreUnavailable,
    UnreadablePicture, and what `watch` raises, which is called for every few seconds of sound.
    """
    spec = FILES[format]
    spec = replace(spec, bit_rate=bit_rate or spec.bit_rate, rate=rate or spec.rate)
    label = Label(title or None, artist, album, track_number, chapters, cover)
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as sink:
            _fill(sink, recording, spec, label, watch)
        os.replace(part, target)
    except OSError as error:
        raise StoreUnavailable(f"{target.name} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _fill(
    sink: BinaryIO,
    recording: Recording,
    spec: AudioFormat,
    label: Label,
    watch: Callable[[], None],
) -> None:
    if spec.container is None:
        for block in recording.blocks():
            watch()
            sink.write(pcm.encode(block))
        return
    track = Track(sink, spec, spec.file, recording.rate, label, recording.channels)
    try:
        for block in recording.blocks():
            watch()
            track.feed(pcm.encode(block))
        track.finish()
    finally:
        track.close()
