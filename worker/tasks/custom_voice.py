"""The performer of `custom_voice`: sentence by sentence, in order."""

from collections.abc import Generator, Iterable
from dataclasses import replace

from shared import speakers
from shared.errors import UnknownSpeaker
from shared.requests.custom_voice import CustomVoice
from worker.performing import Piece, Remark, Studio, performs
from worker.speaking import (
    Progress,
    divide,
    heard_out,
    in_order,
    instruction,
    manners,
    prepare,
    read,
    unheard,
    utterances,
    voices_named,
)

STRANGERS = "Only preset speakers can speak here, so the voice stays as it is:"


@performs(CustomVoice)
def custom_voice(request: CustomVoice, studio: Studio) -> Generator[Piece]:
    """Speak the text in passages of a few sentences, with a pause after each."""
    reading = yield from divide(request)
    named = yield from _speakers(voices_named(reading))
    model = studio.model("custom_voice", request.size)
    prepared = prepare(request, studio)
    voices = {
        manner: replace(
            prepared,
            speaker=named.get(manner.voice or "", request.speaker),
            instruct=instruction(request, reading.language, request.instruct, manner),
        )
        for manner in manners(reading)
    }
    batch = model.generate(utterances(voices, reading.passages, studio.seed), studio.pulse.watch)
    progress = Progress([passage.seconds for passage in reading.passages], studio.progress)
    with heard_out(in_order(batch)) as rows:
        yield from read(
            rows, reading.passages, progress, reading.opening, language=reading.language
        )


def _speakers(names: Iterable[str]) -> Generator[Remark, None, dict[str, str]]:
    """The preset speakers among voices that the text names: name → id."""
    found: dict[str, str] = {}
    strangers: list[str] = []
    for name in names:
        try:
            found[name] = speakers.canonical(name)
        except UnknownSpeaker:
            strangers.append(name)
    yield from unheard(STRANGERS, strangers)
    return found
