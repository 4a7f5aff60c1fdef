"""Runs as a zip file, made while it is sent."""

import zipfile
from collections.abc import Iterator
from io import RawIOBase

from api.files import Span, blocks
from shared.stores.listing import Output
from shared.stores.outputs import OutputStore

_TEXTS = (".json", ".srt", ".vtt", ".txt")
"""Worth compressing; audio is not."""
_ZIP64_ABOVE = 2**31


class _Sink(RawIOBase):
    """Where a zip file is written to and taken from; it cannot be wound back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self._held)
        self._held.clear()
        return data


def archive(store: OutputStore, *outputs: Output) -> Iterator[bytes]:
    """The files of outputs as the bytes of a zip file. Raises StoreUnavailable."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as packed:
        for output in outputs:
            for name, size in store.files(output.id).items():
                member = _member(output, name)
                with packed.open(member, "w", force_zip64=size >= _ZIP64_ABOVE) as file:
                    for block in blocks(store, output.id, name, Span(0, size)):
                        file.write(block)
                        yield sink.take()
    yield sink.take()


def _member(output: Output, name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(f"{output.id}/{name}", output.finished_at.timetuple()[:6])
    member.external_attr = 0o644 << 16
    if name.endswith(_TEXTS):
        member.compress_type = zipfile.ZIP_DEFLATED
    return member
