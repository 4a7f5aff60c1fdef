"""The audio formats that listeners may ask for, and how each is encoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from shared.audio.pcm import SAMPLE_RATE
from shared.requests.declared import Format

COMMENT = "AI-generated speech"
"""What the tags of every audio file say."""


@dataclass(frozen=True)
class AudioFormat:
    """One format: its names, and the muxer and codec (FFmpeg's names) that make it."""

    media_type: str
    extension: str
    container: str | None = None
    """None: the samples as they are, without a header."""
    codec: str = ""
    bit_rate: int | None = None
    """Bits per second; None where nothing is lost."""
    rate: int | None = None
    """Hz that the codec is given; None: that of the audio."""
    stream: Mapping[str, str] = field(default_factory=dict[str, str])
    """Muxer options where the sink only grows."""
    file: Mapping[str, str] = field(default_factory=dict[str, str])
    """Options of muxer and codec where the sink is a file, whose header can be completed at the
    end."""
    chapters: bool = False
    """Whether the container has chapters."""
    cover: bool = False
    """Whether it has a cover."""


_TAGGED_ADTS = {"write_id3v2": "1"}
_TABLE: dict[str, AudioFormat] = {
    # A reader of more than 4 GiB finds the sizes in RF64's own chunk, for which room is left.
    "wav": AudioFormat("audio/wav", ".wav", "wav", "pcm_s16le", file={"rf64": "auto"}),
    "flac": AudioFormat("audio/flac", ".flac", "flac", "flac", cover=True),
    # A Xing header holds the length, which a stream cannot know.
    "mp3": AudioFormat(
        "audio/mpeg",
        ".mp3",
        "mp3",
        "libmp3lame",
        64_000,
        stream={"write_xing": "0"},
        chapters=True,
        cover=True,
    ),
    # At 48 kHz, because players exist that take the rate in Ogg's header for that of playback.
    "opus": AudioFormat(
        "audio/ogg",
        ".opus",
        "ogg",
        "libopus",
        48_000,
        rate=48_000,
        stream={"page_duration": "20000", "flush_packets": "1"},
        chapters=True,
    ),
    "aac": AudioFormat(
        "audio/aac", ".aac", "adts", "aac", 64_000, stream=_TAGGED_ADTS, file=_TAGGED_ADTS
    ),
    "pcm": AudioFormat(f"audio/pcm;rate={SAMPLE_RATE};channels=1", ".pcm"),
}
FORMATS: dict[Format, AudioFormat] = {name: _TABLE[name] for name in get_args(Format)}
"""Every format of the contracts; one that has no row above fails here, at import."""

M4B = AudioFormat(
    "audio/mp4",
    ".m4b",
    # The muxer made for it, `ipod`, refuses covers that are JPEG files.
    "mp4",
    "aac",
    64_000,
    # FFmpeg calls this search worse below 64 kbit/s, and better and much faster above: here it
    # takes a quarter of the time.
    file={"brand": "M4B ", "aac_coder": "fast"},
    chapters=True,
    cover=True,
)
"""An audiobook; it is written to files only."""
FILES: dict[str, AudioFormat] = {**FORMATS, "m4b": M4B}
"""Every format of a finished file."""
