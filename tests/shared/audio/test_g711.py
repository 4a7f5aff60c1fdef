from typing import Any

import av
import numpy as np
import pytest

from shared.audio import pcm
from shared.audio.g711 import SAMPLE_RATE, Companding
from tests.shared.audio.hearing import likeness_of

TONE = np.sin(np.linspace(0, 600 * np.pi, SAMPLE_RATE)).astype(np.float32) / np.float32(2)


def expanded(data: bytes, codec: str) -> pcm.Samples:
    """What a telephone makes of it."""
    context: Any = av.CodecContext.create(codec, "r")
    context.sample_rate = SAMPLE_RATE
    context.layout = "mono"
    frames = context.decode(av.Packet(data))
    blocks = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(blocks).astype(np.float32) / np.float32(32_768)


@pytest.mark.parametrize(("law", "codec"), [("ulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
def test_a_sample_takes_a_byte_and_sounds_alike(law, codec):
    companding = Companding(law)
    data = pcm.encode(TONE)
    pieces = [
        companding.feed(data[:1]),
        companding.feed(data[1:1001]),
        companding.feed(data[1001:]),
    ]
    said = b"".join(pieces)
    assert len(said) == TONE.size
    assert likeness_of(expanded(said, codec), TONE) > 0.999
