"""Ogg (RFC 3533) as libsndfile writes it, without the number that it draws by the clock."""

import struct
import zlib
from collections.abc import Iterator

_HEAD = struct.Struct("<4sBBqIIIB")
"""`OggS`, version, flags, position, serial number, page number, checksum, count of segments."""
_SERIAL = 1
_CHECKSUM = slice(22, 26)
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits the other way round."""


def numbered(data: bytes) -> bytes:
    """The same file, its one stream numbered 1: equal sounds make equal bytes."""
    return b"".join(_numbered(page) for page in _pages(data))


def _pages(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        head = _HEAD.unpack_from(data, place)
        if head[0] != b"OggS":
            raise ValueError("A page of Ogg does not begin where it should.")
        body = place + _HEAD.size + head[-1]
        end = body + sum(data[place + _HEAD.size : body])
        yield data[place:end]
        place = end


def _numbered(page: bytes) -> bytes:
    head = list(_HEAD.unpack_from(page))
    head[4], head[6] = _SERIAL, 0
    fresh = bytearray(_HEAD.pack(*head) + page[_HEAD.size :])
    fresh[_CHECKSUM] = checksum(bytes(fresh)).to_bytes(4, "little")
    return bytes(fresh)


def checksum(page: bytes) -> int:
    """That of a page whose own checksum is 0: zlib's, but the bits of each byte come from the top,
    it begins with 0 and is not inverted."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
