"""The performer of `design_then_clone`: takes of a voice are made, and a clone of one reads."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from shared.audio import clip
from shared.audio.reference import LONGEST, SHORTEST
from shared.errors import UnsuitableReference
from shared.jobs import EngineInfo
from shared.requests.design_then_clone import DesignThenClone
from shared.stores.recipe import Candidate
from shared.text import duration
from shared.text.clean import clean
from shared.text.samples import SAMPLES
from shared.text.sentences import Boundary
from shared.text.sentences import Piece as TextPiece
from shared.voices import locking
from worker import casting
from worker.casting import Cast
from worker.engine.protocol import Model
from worker.likeness import cloned
from worker.performing import Audio, Line, Locked, Piece, Remark, Studio, Voiced, performs
from worker.speaking import (
    Progress,
    divide,
    in_order,
    prepare,
    read,
    spoken_language,
    utterances,
)
from worker.takes import Take, described, takes

MOODY = (
    "The voice is kept in the mood of this request: later clones of it start from there. Leave "
    "`emotion` out to keep it as it is."
)


@dataclass(frozen=True)
class _Chosen:
    """The take that is cloned."""

    candidate: Candidate
    wav: bytes
    engine: EngineInfo


@performs(DesignThenClone)
def design_then_clone(request: DesignThenClone, studio: Studio) -> Iterator[Piece]:
    """Make the takes, which are files and not heard; let a clone of the chosen one read.

    A mood goes into the design, as checkpoints that clone follow none.
    """
    pieces = yield from divide(request.text, request.language)
    sample = yield from _sample(request)
    estimates = [sample.seconds] * request.candidates + [piece.seconds for piece in pieces]
    progress = Progress(estimates, studio.progress)
    chosen = yield from _design(request, studio, sample, progress)
    model = studio.model("base", request.size)
    cast = yield from _cast(request, studio, model, chosen)
    yield Voiced(cast.fact)
    yield from map(Remark, cast.remarks)
    said = utterances(replace(prepare(request, studio), prompt=cast.prompt), pieces, studio.seed)
    yield from read(cloned(studio, model, said), pieces, progress)


def _sample(request: DesignThenClone) -> Generator[Remark, None, TextPiece]:
    """What the takes say: in one go, as a described voice may differ from one to the next."""
    language = spoken_language(request)
    text, remarks = clean(request.sample_text or SAMPLES[language])
    yield from map(Remark, remarks)
    return TextPiece(text, 0, len(text), duration.estimate(text, language), Boundary.END)


def _design(
    request: DesignThenClone, studio: Studio, sample: TextPiece, progress: Progress
) -> Generator[Piece, None, _Chosen]:
    """Make the takes. Raises UnsuitableReference where the chosen one cannot be cloned."""
    model = studio.model("voice_design", request.size)
    wanted = takes(request, studio.seed)
    said = described(request, studio, [sample], wanted)
    rows = in_order(model.generate(said, studio.pulse.watch))
    finished: list[Candidate] = []
    for take in wanted:
        for piece in take.hear(read(rows, [sample], progress)):
            if not isinstance(piece, Audio | Line):
                yield piece
        taken = take.finish(request, studio, sample.text)
        finished.append(taken.candidate)
        yield taken
    chosen = wanted[request.choose - 1]
    _require_fit(chosen)
    return _Chosen(finished[request.choose - 1], chosen.wav, studio.describe(model))


def _require_fit(take: Take) -> None:
    if not SHORTEST <= take.seconds <= LONGEST:
        raise UnsuitableReference(
            f"Candidate {take.number} is {take.seconds:.1f} seconds long, and a clone is made from "
            f"{SHORTEST:.0f} to {LONGEST:.0f}.",
            param="sample_text",
            hint="Send a `sample_text` of one or two whole sentences, or try another seed.",
        )


def _cast(
    request: DesignThenClone, studio: Studio, model: Model, chosen: _Chosen
) -> Generator[Piece, None, Cast]:
    """The chosen take as a voice, of the library if it is to be kept. Raises Conflict."""
    if request.lock_as is None:
        return casting.of_candidate(studio, model, clip.loads(chosen.wav), chosen.candidate.text)
    if request.emotion:
        yield Remark(MOODY)
    voice_id = locking.lock(
        studio.library,
        request.lock_as,
        chosen.candidate,
        chosen.wav,
        studio.owner,
        chosen.engine,
    )
    yield Locked(voice_id)
    return casting.of_voice(studio, model, voice_id, "auto", None)
