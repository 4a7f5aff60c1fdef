"""The performer of `voice_design`: take after take, all made together."""

from collections.abc import Generator

from shared.requests.voice_design import VoiceDesign
from shared.text.plain import Plain
from worker.performing import Audio, Piece, Remark, Studio, performs
from worker.speaking import (
    Progress,
    divide,
    heard_out,
    in_order,
    read,
    unheard,
    voices_named,
)
from worker.takes import STRANGERS, described, takes

BETWEEN = 1.0
"""Seconds of silence between two takes."""
WANDERS = (
    "The text takes several pieces, and a described voice may differ from piece to piece: design "
    "it with one or two sentences, keep it, and let a clone of it read."
)


@performs(VoiceDesign)
def voice_design(request: VoiceDesign, studio: Studio) -> Generator[Piece]:
    """Speak the text once for each candidate; the first is heard while the others are made."""
    reading = yield from divide(request)
    passages = reading.passages
    yield from unheard(STRANGERS, voices_named(reading))
    if len(passages) > 1:
        yield Remark(WANDERS)
    model = studio.model("voice_design", request.size)
    wanted = takes(request, studio.seed)
    said = described(request, studio, passages, reading.language, wanted, live=studio.live)
    batch = model.generate(said, studio.pulse.watch)
    progress = Progress([passage.seconds for passage in passages] * len(wanted), studio.progress)
    words = Plain.of(request.text).words
    with heard_out(in_order(batch)) as rows:
        for take in wanted:
            if take.number > 1:
                yield Audio.silence(BETWEEN)
            heard = read(rows, passages, progress, reading.opening, language=reading.language)
            yield from take.hear(heard)
            yield take.finish(request, studio, words)
