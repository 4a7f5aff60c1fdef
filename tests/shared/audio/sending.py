"""Files of sound as people send them."""

import io
import struct
from typing import cast

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.video import VideoStream
from numpy.typing import NDArray

from shared.audio.pcm import SAMPLE_RATE, Samples

LAYOUTS = {1: "mono", 2: "stereo"}


def tone(seconds: float, rate: int = SAMPLE_RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 220 * time + 5 * np.sin(time))).astype(np.float32)


def encoded(
    container: str, codec: str, channels: NDArray[np.float32], rate: int = SAMPLE_RATE
) -> bytes:
    """A file of FFmpeg's; `channels` is [channels, samples] in [-1, 1]."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate, layout=LAYOUTS[len(channels)])
        _sound(target, cast(AudioStream, stream), channels, rate)
    return file.getvalue()


def silent_hours(container: str, codec: str, hours: int, rate: int) -> bytes:
    """Hours of silence whose packets are those of ten seconds, over and over."""
    short = encoded(container, codec, np.zeros((1, 10 * rate), np.float32), rate)
    file = io.BytesIO()
    with av.open(io.BytesIO(short), "r") as source, av.open(file, "w", format=container) as target:
        track = source.streams.audio[0]
        packets = [bytes(packet) for packet in source.demux(track) if packet.size]
        stream = target.add_stream_from_template(track)
        for n in range(hours * 360 * len(packets)):
            packet = av.Packet(packets[n % len(packets)])
            packet.stream = stream
            packet.pts = packet.dts = n
            target.mux(packet)
    return file.getvalue()


def with_cover(mp3: bytes) -> bytes:
    """The same MP3 with a picture in front, as shops sell it."""
    with av.open(picture := io.BytesIO(), "w", format="image2pipe") as target:
        _show(target, target.add_stream("png", rate=25), "rgb24")
    image = b"\0image/png\0\3\0" + picture.getvalue()
    frame = b"APIC" + len(image).to_bytes(4, "big") + b"\0\0" + image
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frame + mp3


def with_film(samples: Samples) -> bytes:
    """An MP4 in which there is something to see."""
    with av.open(file := io.BytesIO(), "w", format="mp4") as target:
        film = target.add_stream("mpeg4", rate=25)
        sound = target.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        _show(target, film, "yuv420p")
        _sound(target, sound, samples[None], SAMPLE_RATE)
    return file.getvalue()


def with_false_counts(samples: Samples, count: int) -> bytes:
    """An M4A of a few kilobytes whose tables claim `count` samples of one byte, all in a chunk."""
    data = bytearray(encoded("ipod", "aac", samples[None]))
    struct.pack_into(">II", data, data.index(b"stsz") + 8, 1, count)
    struct.pack_into(">I", data, data.index(b"stts") + 12, count)
    struct.pack_into(">I", data, data.index(b"stsc") + 16, count)
    return bytes(data)


def _sound(
    target: OutputContainer, stream: AudioStream, channels: NDArray[np.float32], rate: int
) -> None:
    fitted = av.AudioResampler(stream.codec_context.format)
    for start in range(0, channels.shape[1], rate):
        block = np.ascontiguousarray(channels[:, start : start + rate])
        frame = av.AudioFrame.from_ndarray(block, "fltp", LAYOUTS[len(channels)])
        frame.sample_rate, frame.pts = rate, start
        for part in fitted.resample(frame):
            target.mux(stream.encode(part))
    target.mux(stream.encode(None))


def _show(target: OutputContainer, stream: VideoStream, pixels: str) -> None:
    """One black picture."""
    stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
    frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
    target.mux(stream.encode(frame.reformat(format=pixels)))
    target.mux(stream.encode(None))
