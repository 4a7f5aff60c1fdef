"""Pictures: what the head of a JPEG or PNG file says, read without decoding it."""

import struct

from shared.errors import UnreadablePicture

LARGEST = 10 << 20
"""Bytes of a cover."""
_WIDEST = 10_000
"""Pixels of a side."""
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG's frame header, ITU-T T.81 B.1.1.3; three of the row are tables."""
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""


def require_picture(data: bytes) -> str:
    """`jpeg` or `png`. Raises UnreadablePicture for anything else, for too much, and too large."""
    if len(data) > LARGEST:
        raise UnreadablePicture(f"The picture has more than {LARGEST >> 20} MB.")
    if data.startswith(_PNG):
        kind, size = "png", _png(data)
    elif data.startswith(_JPEG):
        kind, size = "jpeg", _jpeg(data)
    else:
        raise UnreadablePicture("The picture is neither a JPEG nor a PNG.")
    if size is None or not all(size):
        raise UnreadablePicture("The picture is damaged or incomplete.")
    if max(size) > _WIDEST:
        raise UnreadablePicture(
            f"The picture has {size[0]} x {size[1]} pixels.",
            hint=f"Send one of at most {_WIDEST} x {_WIDEST}.",
        )
    return kind


def size(data: bytes) -> tuple[int, int]:
    """Width and height of what `require_picture` takes, in pixels."""
    found = _png(data) if data.startswith(_PNG) else _jpeg(data)
    if found is None:
        raise UnreadablePicture("The picture is damaged or incomplete.")
    return found


def _png(data: bytes) -> tuple[int, int] | None:
    """Width and height: the first chunk must be IHDR, and IEND be there."""
    if len(data) < 33 or data[12:16] != b"IHDR" or b"IEND" not in data[-64:]:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Width and height, from the first frame header; None where the end is missing."""
    if _JPEG_END not in data[2:]:
        return None
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _BARE:  # filling, or a marker alone
            place += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
