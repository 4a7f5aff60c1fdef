"""The PCM of a run by sample, as listeners hear it, whether it still grows or is finished."""

from shared.audio.wav import data_offset
from shared.errors import UnknownFile
from shared.stores.outputs import MASTER, OutputStore

FINISHED = "audio.wav"
STREAM = "stream.wav"
"""What was streamed, of a pipeline: its finished recording is another."""
_WIDTH = 2
_HEAD = 4_096


def read(store: OutputStore, run: str, first: int, count: int) -> bytes:
    """At most `count` samples from sample `first` on, s16le; short at the present end.

    The raw master is gone before the finished file is first asked for, never the other way round,
    so one of the two is always whole. Raises UnknownFile or UnknownOutput.
    """
    try:
        return store.read(run, MASTER, first * _WIDTH, count * _WIDTH)
    except UnknownFile:
        name = STREAM if store.size(run, STREAM) else FINISHED
        start = data_offset(store.read(run, name, 0, _HEAD))
        return store.read(run, name, start + first * _WIDTH, count * _WIDTH)
