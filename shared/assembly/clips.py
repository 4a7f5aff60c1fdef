"""Short files of speech as they lie in zips, in memory as a whole."""

import io
from typing import Any, Literal

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from shared.audio import ogg, pcm
from shared.audio.formats import COMMENT
from shared.audio.pcm import Samples

Bits = Literal[16, 24]

_QUALITY = 0.6
"""Of Vorbis, 0 to 1: about 80 kbit/s for speech in one channel."""
_FULL_SCALE = 1 << 23


def encoded(
    samples: Samples, rate: int, form: Literal["wav", "ogg"] = "wav", bits: Bits = 16
) -> bytes:
    """Mono sound as a file; `bits` are those of WAV. Equal sounds make equal bytes."""
    if form == "ogg":
        return ogg.numbered(_written(np.clip(samples, -1, 1), rate, "OGG", "VORBIS"))
    numbers = np.frombuffer(pcm.encode(samples), "<i2") if bits == 16 else _in_24_bits(samples)
    return _written(numbers, rate, "WAV", f"PCM_{bits}")


def _in_24_bits(samples: Samples) -> NDArray[np.int32]:
    """The upper bits of 32, as libsndfile wants them."""
    numbers = np.rint(samples.astype(np.float64) * _FULL_SCALE)
    return numbers.clip(-_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32) << 8


def _written(samples: NDArray[Any], rate: int, container: str, subtype: str) -> bytes:
    sink = io.BytesIO()
    level = 1 - _QUALITY if subtype == "VORBIS" else None
    with soundfile.SoundFile(
        sink, "w", rate, 1, subtype, format=container, compression_level=level
    ) as file:
        file.comment = COMMENT
        file.write(samples)  # pyright: ignore[reportUnknownMemberType]
    return sink.getvalue()
