"""`qtts live`: what another program writes is spoken while it writes."""

import codecs
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import click
from rich.markup import escape

from shared.audio import file
from shared.client.faults import from_body
from shared.client.live import Begun, Failed, LiveMessage, Over, Warned
from shared.errors import InputTimeout, InvalidRequest, NothingToSay, SpeechError
from shared.jobs import EngineInfo
from shared.requests.declared import Format
from tools.qtts import playing
from tools.qtts.command import Here
from tools.qtts.hearing import INTERRUPTED
from tools.qtts.performing import format_of, require_player, spoken_by, tell_written

_BLOCK = 1 << 16


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the speech here.")
@click.option("--voice", help="Who reads: a voice of the library, or a speaker.")
@click.option("--language", help="The language of the text; otherwise it is guessed.")
@click.option("--instruct", help="How it is read, in words.")
@click.option("--seed", type=int, help="Equal seeds make equal speech.")
@click.pass_obj
def live(here: Here, output: Path | None, voice: str | None, **fields: str | int | None) -> None:
    """Speak what comes in by standard input while it comes, aloud or into a file."""
    listener = _Listener(here, voice, {name: it for name, it in fields.items() if it is not None})
    if output is None:
        with playing.playing(require_player()) as sink:
            listener.hear(sink)
    else:
        _write(listener, output)
        tell_written(here, output)
    listener.sum_up()


def _write(listener: "_Listener", output: Path) -> None:
    """Make a file of what is heard, however it ends. Raises what kept all of it from sounding."""
    format = cast(Format, format_of(output))
    with tempfile.TemporaryFile() as samples:
        listener.hear(samples.write)
        if not samples.tell():
            listener.sum_up()
            raise NothingToSay("What came in by standard input holds nothing to speak.")
        samples.seek(0)
        file.write(samples, output, format)


class _Listener:
    """Hears a text that is being written."""

    def __init__(self, here: Here, voice: str | None, request: dict[str, Any]) -> None:
        self._here = here
        self._voice = voice
        self._request = request
        self._engine: EngineInfo | None = None
        self._errors: list[SpeechError] = []

    def hear(self, sink: Callable[[bytes], object]) -> None:
        """All of it; what went wrong with a part of it is told by `sum_up`."""
        with self._here.client.live(self._request, self._voice) as speaking:
            speaking.feed(_typed())
            try:
                for message in speaking:
                    if isinstance(message, bytes):
                        sink(message)
                    else:
                        self._take_in(message)
            except KeyboardInterrupt:
                self._here.notes.print("Cancelled.")
                raise SystemExit(INTERRUPTED) from None

    def sum_up(self) -> None:
        """Say who spoke. Raises what went wrong first."""
        if self._engine:
            style = "yellow" if self._engine.preview else ""
            self._here.notes.print(escape(spoken_by(self._engine)), style=style, soft_wrap=True)
        if self._errors:
            raise self._errors[0]

    def _take_in(self, message: LiveMessage) -> None:
        match message:
            case Begun(engine=engine):
                self._engine = engine
            case Warned(message=text):
                self._here.notes.print(escape(text), style="yellow")
            case Failed(utterance=int(), error=error):
                self._errors.append(from_body(error))
            case Over(reason="idle"):
                self._errors.append(InputTimeout("No text came for a while, and it has ended."))
            case _:
                pass


def _typed() -> Iterator[str]:
    """What comes in by standard input, as it comes; a line of a terminal is a paragraph."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    # Not through `sys.stdin`: a thread that waits in it holds up the end of the program.
    source = sys.stdin.fileno()
    ending = "\n" if os.isatty(source) else ""
    while block := _block(source):
        yield decoder.decode(block) + ending
    yield decoder.decode(b"", final=True)


def _block(source: int) -> bytes:
    try:
        return os.read(source, _BLOCK)
    except OSError as error:
        raise InvalidRequest(f"Standard input cannot be read: {error.strerror}.") from error
