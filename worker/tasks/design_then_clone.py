"""The performer of `design_then_clone`: takes of a voice are made, and a clone of one reads."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from shared.audio import clip
from shared.audio.reference import LONGEST, SHORTEST, check
from shared.errors import UnsuitableReference
from shared.jobs import EngineInfo
from shared.requests.design_then_clone import DesignThenClone
from shared.stores.recipe import Candidate
from shared.text import duration
from shared.text.passages import Passage
from shared.text.plain import Plain
from shared.text.samples import SAMPLES
from shared.text.sentences import Boundary
from shared.voices import locking
from worker import casting
from worker.casting import Cast
from worker.engine.protocol import Model
from worker.likeness import cloned
from worker.performing import (
    Audio,
    Line,
    Locked,
    Piece,
    Remark,
    Studio,
    Taken,
    Voiced,
    Worded,
    performs,
)
from worker.speaking import (
    Progress,
    divide,
    heard_out,
    in_order,
    manners,
    prepare,
    read,
    unheard,
    utterances,
    voices_named,
)
from worker.takes import STRANGERS, described, takes

MOODY = (
    "The voice is kept in the mood of this request: later clones of it start from there. Leave "
    "`emotion` out to keep it as it is."
)
ONE_MOOD = (
    "The voice has the mood that it was designed with, so moods in the text were ignored: keep it "
    "and give it a recording for each mood."
)


@dataclass(frozen=True)
class _Chosen:
    """The take that is cloned."""

    candidate: Candidate
    wav: bytes
    engine: EngineInfo


@performs(DesignThenClone)
def design_then_clone(request: DesignThenClone, studio: Studio) -> Generator[Piece]:
    """Make the takes, which are files and not heard; let a clone of the chosen one read.

    A mood goes into the design, as checkpoints that clone follow none.
    """
    studio.typical = False
    _require(request, studio)
    reading = yield from divide(request)
    yield from unheard(STRANGERS, voices_named(reading))
    if any(manner.emotion for manner in manners(reading)):
        yield Remark(ONE_MOOD)
    passages = reading.passages
    sample = yield from _sample(request, reading.language)
    estimates = [sample.seconds] * request.candidates + [passage.seconds for passage in passages]
    progress = Progress(estimates, studio.progress)
    chosen = yield from _design(request, studio, sample, reading.language, progress)
    model = studio.model("base", request.size)
    cast = casting.of_candidate(studio, model, clip.loads(chosen.wav), chosen.candidate.text)
    yield Voiced(cast.fact)
    voice = replace(prepare(request, studio), prompt=cast.prompt)
    voices = {manner: replace(voice, instruct=manner.instruct) for manner in manners(reading)}
    said = utterances(voices, passages, studio.seed)
    with heard_out(cloned(studio, model, said, request.min_similarity)) as rows:
        yield from read(rows, passages, progress, reading.opening, language=reading.language)
    if request.lock_as is not None:
        yield from _lock(request, studio, request.lock_as, chosen, model, cast)


def _require(request: DesignThenClone, studio: Studio) -> None:
    """What would fail at the end fails before anything is made. Raises CheckpointMissing, and
    Conflict for a name that is taken."""
    studio.require("voice_design", request.size)
    studio.require("base", request.size)
    if request.lock_as is not None:
        locking.require_free(studio.library, request.lock_as, studio.owner)


def _sample(request: DesignThenClone, language: str) -> Generator[Remark, None, Passage]:
    """What the takes say: in one go, as a described voice may differ from one to the next.

    It becomes the transcript of the clone's reference, so it is said as it is written.
    """
    plain = Plain.of(request.sample_text or SAMPLES[language])
    yield from map(Remark, plain.remarks)
    words = plain.words
    seconds = duration.estimate(words, language)
    return Passage(words, words, 0, len(words), seconds, Boundary.END)


def _design(
    request: DesignThenClone, studio: Studio, sample: Passage, language: str, progress: Progress
) -> Generator[Piece, None, _Chosen]:
    """Make the takes. Raises UnsuitableReference where the chosen one cannot be cloned."""
    model = studio.model("voice_design", request.size)
    wanted = takes(request, studio.seed)
    # Nobody hears them, so that as many as there is room for are made at once.
    said = described(request, studio, [sample], language, wanted, live=False)
    finished: list[Taken] = []
    with heard_out(in_order(model.generate(said, studio.pulse.watch))) as rows:
        for take in wanted:
            for piece in take.hear(read(rows, [sample], progress, language=language)):
                if not isinstance(piece, Audio | Line | Worded):
                    yield piece
            finished.append(take.finish(request, studio, sample.text))
            yield finished[-1]
    chosen = finished[request.choose - 1]
    _require_fit(chosen.candidate)
    wav = chosen.path.read_bytes()
    if request.lock_as is not None:
        # What cannot be kept is refused now, and not once all was read.
        check(clip.decode(BytesIO(wav), LONGEST, "candidate"))
    return _Chosen(chosen.candidate, wav, studio.describe(model))


def _require_fit(candidate: Candidate) -> None:
    seconds = candidate.duration_seconds
    if not SHORTEST <= seconds <= LONGEST:
        raise UnsuitableReference(
            f"Candidate {candidate.number} is {seconds:.1f} seconds long, and a clone is made from "
            f"{SHORTEST:.0f} to {LONGEST:.0f}.",
            param="sample_text",
            hint="Send a `sample_text` of one or two whole sentences, or try another seed.",
        )


def _lock(
    request: DesignThenClone, studio: Studio, name: str, chosen: _Chosen, model: Model, cast: Cast
) -> Iterator[Piece]:
    """Keep the chosen take in the library, with its prompt. Raises Conflict.

    Only now that all was spoken: a job that fails, or that somebody stops, leaves no voice.
    """
    if request.emotion:
        yield Remark(MOODY)
    studio.pulse.watch()
    voice_id = locking.lock(
        studio.library, name, chosen.candidate, chosen.wav, studio.owner, chosen.engine
    )
    casting.keep(studio, model, voice_id, cast.prompt)
    yield Locked(voice_id)
