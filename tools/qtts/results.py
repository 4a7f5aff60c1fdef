"""What a result tells besides its sound: whose voice, how alike, and what there is to keep."""

from collections.abc import Iterator
from typing import Any

from shared.stores.recipe import Candidate, Segment, VoiceFact

_CLONED = {"in_context": "in context", "speaker_only": "by its sound alone"}


def remarks(job_id: str, result: dict[str, Any]) -> Iterator[str]:
    """One line for each thing; none for a result that is sound and nothing else."""
    if voice := result.get("voice"):
        yield voiced(VoiceFact.model_validate(voice))
    if result.get("similarity") is not None:
        yield alike(result["similarity"], list(map(Segment.model_validate, result["segments"])))
    candidates = list(map(Candidate.model_validate, result.get("candidates", ())))
    for candidate in candidates:
        seconds = f"{candidate.duration_seconds:.1f} s"
        yield f"Candidate {candidate.number}: {candidate.file}, {seconds}, seed {candidate.seed}"
    if candidates:
        yield f"Hear them: qtts show {job_id} --files FOLDER"
    if locked := result.get("locked_as"):
        yield f"Kept in the library as {locked}."
    elif candidates:
        last = candidates[-1].number
        yield f'Keep one: qtts voices lock {job_id} {last} "a name"'


def voiced(voice: VoiceFact) -> str:
    """Whose voice it is, in words."""
    name = voice.name or f"the {voice.kind} that was sent"
    mood = f", {voice.emotion}" if voice.emotion else ""
    return f"Voice: {name}{mood}, cloned {_CLONED[voice.mode]}; prompt {voice.digest[:12]}."


def alike(similarity: float, segments: list[Segment]) -> str:
    """How near the voice is to its reference, and where it is farthest from it."""
    measured = [part for part in segments if part.similarity is not None]
    farthest = min(measured, key=lambda part: part.similarity or 0, default=None)
    said = f"Similarity to the reference: {similarity:.2f}"
    if farthest is None or len(measured) == 1:
        return f"{said}."
    return f"{said}; the least is {farthest.similarity:.2f}, at {farthest.start:.1f} s."
