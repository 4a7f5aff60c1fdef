"""Zip files that somebody sent: opened only where their index is as short as it must be."""

import struct
import zipfile
import zlib
from typing import BinaryIO

FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises over files that somebody damaged or forged: OSError where it looks for a part
before the beginning of a file on the disk."""

_PER_ENTRY = 512
"""Bytes that an entry may take in the index; the names of ours take a hundred at most."""
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_LOCATOR = 20
"""Bytes in front of the end, by which a zip of more than 65,535 entries says where its index is."""
_LOCATOR_MARK = b"PK\6\7"
_COMMENT = 1 << 16
_FIRST = struct.Struct("<4s5H3L2H")
_FIRST_MARK = b"PK\3\4"
_LONGEST_NAME = 1_000


class TooManyEntries(ValueError):
    """More than were asked for; told by the index, or by its length."""


def opened(source: BinaryIO, most: int) -> zipfile.ZipFile:
    """A zip file of at most so many entries.

    All of its index is read as it is opened, so its length is looked at before. Raises
    TooManyEntries, and one of FAULTS for what is no zip file.
    """
    _require_short_index(source, most)
    packed = zipfile.ZipFile(source)
    if len(packed.infolist()) > most:
        raise TooManyEntries
    return packed


def first_name(source: BinaryIO) -> str:
    """The name of the first entry, as it stands in front of it; empty for what is no zip file."""
    source.seek(0)
    start = source.read(_FIRST.size + _LONGEST_NAME)
    if len(start) < _FIRST.size or not start.startswith(_FIRST_MARK):
        return ""
    *_, length, _ = _FIRST.unpack_from(start)
    return start[_FIRST.size : _FIRST.size + length].decode(errors="replace")


def _require_short_index(source: BinaryIO, most: int) -> None:
    size = source.seek(0, 2)
    source.seek(max(0, size - _LOCATOR - _END.size - _COMMENT))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("it has no end")
    *_, entries, index, _, _ = _END.unpack_from(tail, at)
    # What the locator leads to goes before what the end says.
    located = tail[max(0, at - _LOCATOR) : at].startswith(_LOCATOR_MARK)
    if located or entries > most or index > most * _PER_ENTRY:
        raise TooManyEntries
