"""A line as a file: FLAC, mono, 24 kHz, whole in memory, as takes are kept."""

from io import BytesIO

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import RecordDamaged


def dumps(samples: Samples) -> bytes:
    """16 bits a sample; equal samples make equal bytes. Raises EngineFailed, as `pcm.encode`."""
    numbers = np.frombuffer(pcm.encode(samples), "<i2")
    sink = BytesIO()
    soundfile.write(sink, numbers, SAMPLE_RATE, format="FLAC", subtype="PCM_16")  # pyright: ignore[reportUnknownMemberType]
    return sink.getvalue()


def loads(data: bytes) -> Samples:
    """Raises RecordDamaged for what `dumps` has not made."""
    try:
        numbers, rate = soundfile.read(BytesIO(data), dtype="int16")  # pyright: ignore[reportUnknownMemberType]
    except soundfile.LibsndfileError as error:
        raise RecordDamaged("A take cannot be read: it is no FLAC.") from error
    if rate != SAMPLE_RATE or numbers.ndim != 1:
        raise RecordDamaged(f"A take is not mono at {SAMPLE_RATE} Hz.")
    return pcm.decode(numbers.astype("<i2").tobytes())
