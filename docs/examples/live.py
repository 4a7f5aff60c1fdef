"""Speak a text while it is written: `python live.py "Some text. Some more." speech.wav`."""

import sys
import time
import wave
from collections.abc import Iterator

from shared.client import Client

if len(sys.argv) != 3:
    sys.exit(__doc__)
text, path = sys.argv[1:]


def written() -> Iterator[str]:
    """The text word by word, as a language model would write it."""
    for word in text.split():
        yield f"{word} "
        time.sleep(0.02)


with (
    Client.from_environment() as client,
    client.live({"language": "english"}, voice="serena") as speaking,
    wave.open(path, "wb") as file,
):
    file.setparams((1, 2, 24_000, 0, "NONE", ""))
    speaking.feed(written())
    for message in speaking:
        if isinstance(message, bytes):
            file.writeframes(message)
        elif message.type == "said":
            print(f"{message.segments[-1].end:.1f} s: {message.text}")
        elif message.type == "error":
            print(message.error["message"])
