"""A take of a designed voice is kept by the job that made it."""

from shared.errors import Conflict, UnknownVoice
from shared.jobs import EngineInfo
from shared.stores.recipe import Candidate
from shared.stores.voice_record import Voice
from shared.voices.library import Library
from shared.voices.making import design


def lock(
    library: Library,
    name: str,
    candidate: Candidate,
    clip: bytes,
    job_id: str,
    engine: EngineInfo,
    *,
    language: str | None = None,
) -> str:
    """Keep a candidate, whose file is `clip`, under `name`; returns the id of the voice.

    A second attempt of the same job finds the voice that the first one made. Raises Conflict for
    the name of another voice, and UnsuitableReference where no voice can be cloned from it.
    """
    voice = design(name, candidate, clip, job_id, engine, language=language)
    try:
        return library.create(voice.record, voice.files)
    except Conflict:
        if (found := _own(library, voice.record)) is not None:
            return found
        raise


def require_free(library: Library, name: str, job_id: str) -> None:
    """Raises Conflict for a name that `lock` would refuse: of a voice that another job made."""
    try:
        library.require_free(name)
    except Conflict:
        if not _made_by(library, name, job_id):
            raise


def _made_by(library: Library, name: str, job_id: str) -> bool:
    try:
        origin = library.get(library.find(name)).origin
    except UnknownVoice:
        return False
    return origin is not None and origin.job == job_id


def _own(library: Library, voice: Voice) -> str | None:
    """The voice of that name, if it comes from the same candidate."""
    try:
        found = library.find(voice.name)
    except UnknownVoice:
        return None
    return found if library.get(found).origin == voice.origin else None
