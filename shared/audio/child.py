"""The program that decodes one file that somebody sent: the file on stdin, its sound on stdout.

`apart` starts it, one process a file. The answer is a line of JSON, which says what the file is or
why it is refused, and the samples as they lie in memory.

A false count in a header makes FFmpeg take gigabytes, and a codec may loop or break. So before
anything of it is loaded this process gives up what decoding does not need: memory and time beyond
those of an honest file, writing files, and leaving a core. Windows has no such limits, and macOS
none of memory.
"""

import json
import os
import select
import sys
import threading
from dataclasses import fields
from typing import Any

from shared.errors import AudioTooLong, UnreadableAudio

REFUSALS = (UnreadableAudio, AudioTooLong)
"""What decoding may raise, and the child hands on."""
EXHAUSTED = 3
"""Exit status of a child that came to the end of its memory."""
ALONE = 4
"""Exit status of a child to which nobody listens any more."""

_MEMORY = 512 << 20
"""Bytes of address space for Python, the libraries and FFmpeg, which take 200 MB."""
_MEMORY_PER_SECOND = 3 * 4 * 24_000
"""Bytes for a second of sound: its samples in pieces, those in one, and room."""


def main() -> None:
    longest = float(sys.argv[1])
    _give_up(longest)
    if hasattr(select, "poll"):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _answer(longest)
    except MemoryError:
        sys.exit(EXHAUSTED)


def memory(longest: float) -> int:
    """Bytes that decoding `longest` seconds may take."""
    return _MEMORY + round(longest * _MEMORY_PER_SECOND)


def cpu_seconds(longest: float) -> int:
    """Seconds that decoding `longest` seconds may compute: it takes 0.002 of them."""
    return 10 + round(longest / 10)


def _give_up(longest: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_CPU: cpu_seconds(longest),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = memory(longest)
    for kind, most in limits.items():
        _, already = resource.getrlimit(kind)
        if already == resource.RLIM_INFINITY or already > most:
            resource.setrlimit(kind, (most, most))


def _end_with_parent() -> None:
    """Asked for nothing, a pipe tells only that its other end is gone."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    poll.poll()
    os._exit(ALONE)


def _answer(longest: float) -> None:
    from shared.audio import clip

    out = sys.stdout.buffer
    try:
        sound = clip.decode(sys.stdin.buffer, longest)
    except REFUSALS as error:
        out.write(_line(error.body()))
        return
    facts = {one.name: getattr(sound, one.name) for one in fields(sound) if one.name != "samples"}
    out.write(_line(facts))
    out.write(sound.samples.data)


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"


if __name__ == "__main__":
    main()
