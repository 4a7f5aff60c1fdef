"""Where the samples of a WAV file begin."""

import struct


def data_offset(head: bytes) -> int:
    """Byte offset of the first sample, from the first bytes of a RIFF or RF64 file.

    Raises ValueError if the `data` chunk does not begin within `head`.
    """
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    position = 12
    while position + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, position)
        if name == b"data":
            return position + 8
        position += 8 + size + size % 2
    raise ValueError("the WAV header is longer than expected")
