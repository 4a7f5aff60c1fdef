"""A file of a finished run as programs read files, wherever the store keeps it."""

from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase

from shared.stores.outputs import OutputStore

_BLOCK = 1 << 18


def opened(outputs: OutputStore, run: str, name: str) -> BufferedReader:
    """To read and to seek in. Raises UnknownOutput, UnknownFile."""
    return BufferedReader(_StoredFile(outputs, run, name), _BLOCK)


class _StoredFile(RawIOBase):
    """A file of a finished run, as the store gives it."""

    def __init__(self, outputs: OutputStore, run: str, name: str) -> None:
        self._outputs, self._run, self._name = outputs, run, name
        self._size = outputs.size(run, name)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        self._at = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        count = self._size - self._at if size < 0 else size
        data = self._outputs.read(self._run, self._name, self._at, max(0, count))
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
