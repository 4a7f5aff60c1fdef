"""Telephone sound, 8 bits a sample: the two laws of ITU-T G.711."""

from typing import Any, Literal, cast

import av
import numpy as np

from shared.audio.pcm import SAMPLE_BYTES

Law = Literal["ulaw", "alaw"]
SAMPLE_RATE = 8_000
"""Hz of a telephone line."""
_CODECS: dict[Law, str] = {"ulaw": "pcm_mulaw", "alaw": "pcm_alaw"}


class Companding:
    """Samples of 16 bits in, of 8 bits out."""

    def __init__(self, law: Law) -> None:
        codec = cast(Any, av.CodecContext.create(_CODECS[law], "w"))
        codec.sample_rate = SAMPLE_RATE
        codec.layout = "mono"
        codec.format = "s16"
        self._codec = codec
        self._half = b""

    def feed(self, data: bytes) -> bytes:
        """These further bytes of s16le, cut anywhere."""
        data = self._half + data
        whole = len(data) - len(data) % SAMPLE_BYTES
        self._half = data[whole:]
        if not whole:
            return b""
        samples = np.frombuffer(data[:whole], "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))
