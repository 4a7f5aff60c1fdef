"""The performer of `custom_voice`: sentence by sentence, in order."""

from collections.abc import Generator
from dataclasses import replace

from shared.requests.custom_voice import CustomVoice
from worker.performing import Piece, Studio, performs
from worker.speaking import (
    Progress,
    divide,
    heard_out,
    in_order,
    instruction,
    prepare,
    read,
    utterances,
)


@performs(CustomVoice)
def custom_voice(request: CustomVoice, studio: Studio) -> Generator[Piece]:
    """Speak the text in pieces of a few sentences, with a pause after each."""
    pieces = yield from divide(request.text, request.language)
    model = studio.model("custom_voice", request.size)
    speaker = replace(
        prepare(request, studio),
        speaker=request.speaker,
        instruct=instruction(request, request.instruct),
    )
    batch = model.generate(utterances(speaker, pieces, studio.seed), studio.pulse.watch)
    progress = Progress([piece.seconds for piece in pieces], studio.progress)
    with heard_out(in_order(batch)) as rows:
        yield from read(rows, pieces, progress)
