"""The performer of `voice_clone`: a voice is cast, and reads."""

from collections.abc import Generator, Iterator
from dataclasses import replace

from shared.requests.voice_clone import VoiceClone
from worker import casting
from worker.casting import Cast
from worker.engine.protocol import Model
from worker.likeness import cloned
from worker.performing import Artifact, Piece, Remark, Studio, Voiced, performs
from worker.speaking import Progress, divide, heard_out, prepare, read, utterances

ONE_MOOD = (
    "A recording has the mood that it has, so `emotion` was ignored: a voice of the library can "
    "have a recording for each mood."
)


@performs(VoiceClone)
def voice_clone(request: VoiceClone, studio: Studio) -> Generator[Piece]:
    """Speak the text piece by piece, and tell of each how alike its voice is."""
    pieces = yield from divide(request.text, request.language)
    if request.emotion and not request.voice:
        yield Remark(ONE_MOOD)
    yield from _kept(request, studio)
    model = studio.model("base", request.size)
    cast = _cast(request, studio, model)
    yield Voiced(cast.fact)
    yield from map(Remark, cast.remarks)
    voice = replace(prepare(request, studio), prompt=cast.prompt, instruct=request.instruct or None)
    said = utterances(voice, pieces, studio.seed)
    progress = Progress([piece.seconds for piece in pieces], studio.progress)
    with heard_out(cloned(studio, model, said, request.min_similarity)) as rows:
        yield from read(rows, pieces, progress)


def _kept(request: VoiceClone, studio: Studio) -> Iterator[Artifact]:
    """What came with the request stays with the result, which can then be made again."""
    if request.reference:
        data = studio.uploads.read("reference", request.reference)
        yield Artifact("reference", studio.keep("reference.wav", data))
    if request.codes:
        data = studio.uploads.read("codes", request.codes)
        yield Artifact("codes", studio.keep("codes.npz", data))


def _cast(request: VoiceClone, studio: Studio, model: Model) -> Cast:
    if request.voice:
        return casting.of_voice(studio, model, request.voice, request.mode, request.emotion)
    cast = casting.of_reference if request.reference else casting.of_codes
    upload = request.reference or request.codes or ""
    return cast(studio, model, upload, request.transcript, request.mode)
