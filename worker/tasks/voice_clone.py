"""The performer of `voice_clone`: a voice is cast, and reads; the text may call in others."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

from shared.errors import UnknownVoice
from shared.requests.voice_clone import VoiceClone
from shared.text.manner import Manner
from shared.voices.library import Library
from worker import casting
from worker.casting import Cast
from worker.engine.protocol import Model
from worker.likeness import cloned
from worker.performing import Artifact, Piece, Remark, Studio, Voiced, performs
from worker.speaking import (
    Progress,
    divide,
    heard_out,
    manners,
    prepare,
    read,
    unheard,
    utterances,
    voices_named,
)

ONE_MOOD = (
    "A recording has the mood that it has, so `emotion` was ignored: a voice of the library can "
    "have a recording for each mood."
)
STRANGERS = (
    "Only voices of the library that are no preset speakers can be cloned, so the voice stays as "
    "it is:"
)


@performs(VoiceClone)
def voice_clone(request: VoiceClone, studio: Studio) -> Generator[Piece]:
    """Speak the text passage by passage, and tell of each how alike its voice is."""
    reading = yield from divide(request)
    named = yield from _voices(studio.library, voices_named(reading))
    yield from _kept(request, studio)
    model = studio.model("base", request.size)
    cast = _cast(request, studio, model)
    yield Voiced(cast.fact)
    yield from map(Remark, cast.remarks)
    casts = yield from _casts(request, studio, model, cast, manners(reading), named)
    prepared = prepare(request, studio)
    voices = {
        manner: replace(prepared, prompt=cast.prompt, instruct=_directions(request, manner))
        for manner, cast in casts.items()
    }
    said = utterances(voices, reading.passages, studio.seed)
    progress = Progress([passage.seconds for passage in reading.passages], studio.progress)
    with heard_out(cloned(studio, model, said, request.min_similarity)) as rows:
        yield from read(
            rows, reading.passages, progress, reading.opening, language=reading.language
        )


def _kept(request: VoiceClone, studio: Studio) -> Iterator[Artifact]:
    """What came with the request stays with the result, which can then be made again."""
    if request.reference:
        data = studio.uploads.read("reference", request.reference)
        yield Artifact("reference", studio.keep("reference.wav", data))
    if request.codes:
        data = studio.uploads.read("codes", request.codes)
        yield Artifact("codes", studio.keep("codes.npz", data))


def _cast(request: VoiceClone, studio: Studio, model: Model) -> Cast:
    """Who reads where the text says nothing of it."""
    if request.voice:
        return casting.of_voice(studio, model, request.voice, request.mode, request.emotion)
    cast = casting.of_reference if request.reference else casting.of_codes
    upload = request.reference or request.codes or ""
    return cast(studio, model, upload, request.transcript, request.mode)


# --- what mark-up asks for --------------------------------------------------------------------


def _voices(library: Library, names: Iterable[str]) -> Generator[Remark, None, dict[str, str]]:
    """Those of the voices that the text names which can be cloned: name → id."""
    found = {name: _cloneable(library, name) for name in names}
    yield from unheard(STRANGERS, [name for name, voice_id in found.items() if not voice_id])
    return {name: voice_id for name, voice_id in found.items() if voice_id}


def _cloneable(library: Library, name: str) -> str | None:
    """The id of a voice, by its id or its name; None for no voice and for a preset speaker."""
    try:
        voice_id = library.find(name)
        return None if library.get(voice_id).kind == "preset" else voice_id
    except UnknownVoice:
        return None


def _casts(
    request: VoiceClone,
    studio: Studio,
    model: Model,
    reader: Cast,
    wanted: Iterable[Manner],
    named: dict[str, str],
) -> Generator[Remark, None, dict[Manner, Cast]]:
    """Who speaks in each manner; each voice is cast once in each mood."""
    casts: dict[Manner, Cast] = {}
    known = {(request.voice, request.emotion): reader}
    for manner in wanted:
        voice = named.get(manner.voice or "", request.voice)
        emotion = manner.emotion or request.emotion
        if voice is None:
            if emotion:
                yield Remark(ONE_MOOD)
            casts[manner] = reader
            continue
        if (voice, emotion) not in known:
            cast = casting.of_voice(studio, model, voice, request.mode, emotion)
            yield from map(Remark, cast.remarks)
            known[voice, emotion] = cast
        casts[manner] = known[voice, emotion]
    return casts


def _directions(request: VoiceClone, manner: Manner) -> str | None:
    return "; ".join(part for part in (request.instruct, manner.instruct) if part) or None
