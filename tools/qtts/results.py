"""What a result tells besides its sound: whose voice, how alike, and what there is to keep."""

from collections.abc import Iterator
from typing import Any

from shared.stores.recipe import Candidate, LineCount, Segment, VoiceFact

_CLONED = {"in_context": "in context", "speaker_only": "by its sound alone"}


def remarks(job_id: str, result: dict[str, Any]) -> Iterator[str]:
    """One line for each thing; none for a result that is sound and nothing else."""
    if voice := result.get("voice"):
        yield voiced(VoiceFact.model_validate(voice))
    if result.get("similarity") is not None:
        yield alike(result["similarity"], list(map(Segment.model_validate, result["segments"])))
    if counts := result.get("lines"):
        yield counted(LineCount.model_validate(counts))
        yield f"Look at them: qtts lines {job_id}"
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


def counted(lines: LineCount) -> str:
    """What became of the lines of a pipeline."""
    more = (
        ("failed", lines.failed),
        ("taken over", lines.taken_over),
        ("spoken more than once", lines.retaken),
    )
    told = [f"{lines.spoken} of {lines.planned} lines spoken"]
    told += [f"{count} {what}" for what, count in more if count]
    if lines.skipped:
        parts = "part" if lines.skipped == 1 else "parts"
        told.append(f"{lines.skipped} {parts} of the document skipped")
    return f"{', '.join(told)}."


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
