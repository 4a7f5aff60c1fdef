"""The espeak-ng program: one request as a line of JSON on stdin, its answer in parts on stdout.

A part is a line of JSON, and as many bytes of sound (s16, mono) after it as its `bytes` says.

Started as `python -I -S child.py`, one process per utterance: espeak-ng repeats itself to the byte
only from a fresh process, and its licence (GPL-3) and its faults stay outside ours. It needs
nothing but the standard library, and ends when its stdin closes, that is, when its parent is gone.
"""

import ctypes
import itertools
import json
import os
import sys
import threading
import unicodedata
from typing import Any, BinaryIO

# Constants of espeak-ng's speak_lib.h.
SYNCHRONOUS = 2
DO_NOT_EXIT = 0x8000
CHARS_UTF8 = 1  # and neither SSML (0x10) nor phonemes (0x100): markup is text
PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}
LIST_TERMINATED, WORD, END = 0, 1, 5
BUFFER_MS = 250
NOISE_SEED = 1


class Event(ctypes.Structure):
    """`espeak_EVENT`: something that happens at a place in the text and a moment of the sound."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # in ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


def main() -> None:
    out = _claim_stdout()
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    espeak, rate = _open(request["library"], request["data"])
    if "text" in request:
        _speak(espeak, request, out)
    else:
        _answer(out, {"version": _version(espeak), "rate": rate})
    # Not an ordinary end: the thread that waits on stdin would hold it up.
    os._exit(0)


def _claim_stdout() -> BinaryIO:
    """Keep stdout for the audio alone: what the library prints goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _open(library: str, data: str | None) -> tuple[ctypes.CDLL, int]:
    espeak = ctypes.CDLL(library)
    folder = None if data is None else os.fsencode(data)
    rate = espeak.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, folder, DO_NOT_EXIT)
    if rate <= 0:
        sys.exit(f"espeak-ng found no voice data in {data or 'its default folder'}")
    _settle_noise(espeak)
    return espeak, rate


def _settle_noise(espeak: ctypes.CDLL) -> None:
    """Breath and flutter are drawn at random, from a seed that the library takes from the clock."""
    if hasattr(espeak, "espeak_ng_SetRandSeed"):  # since 1.52
        espeak.espeak_ng_SetRandSeed(ctypes.c_long(NOISE_SEED))
    else:
        ctypes.CDLL(None).srand(NOISE_SEED)


def _version(espeak: ctypes.CDLL) -> str:
    espeak.espeak_Info.restype = ctypes.c_char_p
    return espeak.espeak_Info(None).decode().split()[0]


def _speak(espeak: ctypes.CDLL, request: dict[str, Any], out: BinaryIO) -> None:
    voice = request["voice"]
    if espeak.espeak_SetVoiceByName(voice.encode()) != 0:
        sys.exit(f"espeak-ng has no voice {voice}")
    for name, value in request["parameters"].items():
        espeak.espeak_SetParameter(PARAMETERS[name], value, 0)
    callback = _writer(out)
    espeak.espeak_SetSynthCallback(callback)
    text = _speakable(request["text"]).encode()
    size = ctypes.c_size_t(len(text) + 1)
    if espeak.espeak_Synth(text, size, 0, 0, 0, CHARS_UTF8, None, None) != 0:
        sys.exit("espeak-ng refused the text")
    espeak.espeak_Synchronize()


def _writer(out: BinaryIO) -> Any:
    """The callback that passes each buffer of speech on while espeak-ng is still speaking, and
    says which words begin and which clauses end about there."""

    def write(samples: Any, count: int, events: Any) -> int:
        sound = ctypes.string_at(samples, 2 * count) if samples and count else b""
        try:
            _answer(out, {"marks": _marks(events)}, sound)
        except OSError:
            os._exit(1)  # nobody listens any more
        return 0

    return Callback(write)


def _marks(events: Any) -> list[tuple[int | None, int]]:
    """Place in the text and moment (ms) of each word that begins; no place where a clause ends."""
    marks: list[tuple[int | None, int]] = []
    for event in itertools.takewhile(lambda it: it.type != LIST_TERMINATED, events or ()):
        if event.type == WORD:
            marks.append((event.text_position - 1, event.audio_position))
        elif event.type == END:
            marks.append((None, event.audio_position))
    return marks


def _answer(out: BinaryIO, told: dict[str, Any], sound: bytes = b"") -> None:
    out.write(json.dumps({**told, "bytes": len(sound)}).encode() + b"\n" + sound)
    out.flush()


def _speakable(text: str) -> str:
    """Without control, private and unassigned characters: espeak-ng takes some for commands."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") else c for c in text)


if __name__ == "__main__":
    main()
