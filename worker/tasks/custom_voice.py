"""The performer of `custom_voice`: sentence by sentence, in order."""

from collections.abc import Iterator

from shared.requests.custom_voice import CustomVoice
from shared.text.clean import clean, has_speech
from shared.text.sentences import PAUSES, pack, split
from shared.text.sentences import Piece as TextPiece
from worker.engine.protocol import SAMPLE_RATE, Utterance
from worker.performing import Audio, Ended, Line, Piece, Remark, Studio, performs
from worker.speaking import Progress, in_order, seed_of, speech_bound


@performs(CustomVoice)
def custom_voice(request: CustomVoice, studio: Studio) -> Iterator[Piece]:
    """Speak the text in pieces of a few sentences, with a pause after each."""
    text, remarks = clean(request.text)
    yield from (Remark(remark) for remark in remarks)
    pieces = [
        piece
        for piece in pack(split(text, request.language), request.language)
        if has_speech(piece.text)
    ]
    model = studio.model("custom_voice")
    utterances = [_utterance(request, studio, piece, row) for row, piece in enumerate(pieces)]
    progress = Progress([piece.seconds for piece in pieces], studio.progress)
    for row, frames in in_order(model.generate(utterances, studio.pulse.watch)):
        piece = pieces[row]
        if frames.first:
            yield Line(piece.text)
        yield from (Remark(note) for note in frames.notes)
        progress.hear(row, len(frames.audio) / SAMPLE_RATE)
        yield Audio(frames.audio)
        if frames.finish_reason:
            yield Ended(frames.finish_reason)
            yield Audio.silence(PAUSES[piece.boundary])


def _utterance(request: CustomVoice, studio: Studio, piece: TextPiece, row: int) -> Utterance:
    return Utterance(
        text=piece.text,
        language=request.language,
        seed=seed_of(studio.seed, row),
        speaker=request.speaker,
        instruct=request.instruct or None,
        sampling=request.sampling,
        max_seconds=speech_bound(piece.seconds),
        owner=studio.owner,
        live=studio.live,
    )
