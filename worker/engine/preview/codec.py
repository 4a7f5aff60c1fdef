"""A stand-in for the codec: how loud each of sixteen bands is, frame by frame, and noise as loud.

It has the shape of the real one, and what comes out of it follows what went in, so that codec tasks
can be tried without weights. Words can hardly be told; the real codec's codes make noise alone.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.audio.codes import CODEBOOKS, CODES, FRAME_SAMPLES, Codes
from shared.audio.pcm import SAMPLE_RATE, Samples
from worker.engine.protocol import Watch

STEP = 0.05
"""dB between two codes; the highest stands for full scale, and 0 for silence."""
PIECE = 125
"""Frames between two looks at whether the work is still wanted: ten seconds."""
OVERLAP = 240
"""Samples in which one frame of noise turns into the next: 10 ms."""
SEED = 0

_Floats = NDArray[np.floating[Any]]


def encode(samples: Samples, watch: Watch) -> Codes:
    """Sound in codes [frames, CODEBOOKS]; the last frame is filled up with silence."""
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    frames = padded.reshape(-1, FRAME_SAMPLES)
    codes = np.empty((len(frames), CODEBOOKS), np.uint16)
    for start in range(0, len(frames), PIECE):
        watch()
        codes[start : start + PIECE] = _levels(frames[start : start + PIECE])
    return codes


def decode(codes: Codes, watch: Watch) -> Iterator[Samples]:
    """Noise as loud as the codes say, FRAME_SAMPLES a frame; equal codes make equal noise."""
    draw = np.random.default_rng(SEED)
    tail = np.zeros(OVERLAP)
    for start in range(0, len(codes), PIECE):
        watch()
        piece = codes[start : start + PIECE]
        sound = np.zeros(len(piece) * FRAME_SAMPLES + OVERLAP)
        sound[:OVERLAP] = tail
        for index, noise in enumerate(_noise(piece, draw)):
            begin = index * FRAME_SAMPLES
            sound[begin : begin + len(noise)] += noise
        tail = sound[-OVERLAP:]
        yield np.clip(sound[:-OVERLAP], -1, 1).astype(np.float32)


def _levels(frames: _Floats) -> Codes:
    """The power of each band, of which a full-scale square wave has 1, as codes."""
    window = np.hanning(FRAME_SAMPLES)
    spectrum = np.abs(np.fft.rfft(frames.astype(np.float64) * window)) ** 2
    power = 2 * spectrum @ _bands(FRAME_SAMPLES).T / (FRAME_SAMPLES * np.square(window).sum())
    decibels = 10 * np.log10(np.maximum(power, np.finfo(float).tiny))
    return np.clip(np.rint(CODES - 1 + decibels / STEP), 0, CODES - 1).astype(np.uint16)


def _noise(codes: Codes, draw: np.random.Generator) -> _Floats:
    """White noise a frame, brought to the level of each band: [frames, FRAME_SAMPLES + OVERLAP]."""
    length = FRAME_SAMPLES + OVERLAP
    bands = _bands(length)
    level = (codes.astype(np.float64) - (CODES - 1)) * STEP
    power = np.where(codes > 0, 10 ** (level / 10), 0)
    gain = np.sqrt(power / bands.mean(1)) @ bands
    shaped = np.fft.irfft(np.fft.rfft(draw.standard_normal((len(codes), length))) * gain, length)
    # Sine and cosine, as the powers of noises that have nothing in common add up.
    rise = np.sin(np.linspace(0, np.pi / 2, OVERLAP))
    return shaped * np.concatenate([rise, np.ones(length - 2 * OVERLAP), rise[::-1]])


def _bands(length: int) -> _Floats:
    """Which frequencies of a spectrum of `length` samples lie in which band, as wide as ears hear:
    [CODEBOOKS, frequencies] of 0 and 1."""
    mel = np.log1p(np.fft.rfftfreq(length, 1 / SAMPLE_RATE) / 700)
    band = np.minimum((CODEBOOKS * mel / mel[-1]).astype(int), CODEBOOKS - 1)
    return (band == np.arange(CODEBOOKS)[:, None]).astype(np.float64)
