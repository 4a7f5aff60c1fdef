"""Voices out of recordings: a person's, a take of a designed one, several that are mixed."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from shared import languages
from shared.audio import clip as wav
from shared.audio import reference
from shared.errors import InvalidRequest, UnknownVoice, UnreadableVoice
from shared.jobs import EngineInfo
from shared.stores.recipe import Candidate
from shared.stores.uploads import UploadFacts
from shared.stores.voice_record import REFERENCE, SAMPLE, Origin, Sample, Voice, VoiceClip
from shared.voices import naming
from shared.voices.changes import NewVoice, Share, VoiceFacts
from shared.voices.library import Library

_MAIN = VoiceClip()


@dataclass(frozen=True)
class Made:
    """A voice that is not in the library yet."""

    record: Voice
    files: dict[str, bytes]
    warnings: tuple[str, ...] = ()
    """What is to be said of it once: the record does not tell."""


def clone(new: NewVoice, sound: bytes, facts: UploadFacts) -> Made:
    """The voice of a recording that was received. Raises TranscriptMismatch."""
    files = {REFERENCE: sound}
    warnings = tuple(facts.warnings)
    language = new.language or languages.AUTO
    if new.transcript:
        warnings += reference.require_fit(new.transcript, facts.seconds, language)
        files[_MAIN.transcript] = new.transcript.encode()
    voice = Voice(
        **_said(new),
        name=new.name,
        kind="cloned",
        language=language,
        created=datetime.now(UTC),
        clips=(_MAIN,),
    )
    return Made(voice, files, warnings)


def design(
    name: str,
    candidate: Candidate,
    clip: bytes,
    job_id: str,
    engine: EngineInfo,
    *,
    said: VoiceFacts | None = None,
    language: str | None = None,
) -> Made:
    """The voice of a candidate, whose file is `clip`.

    Raises UnsuitableReference where no voice can be cloned from it.
    """
    heard = wav.decode(BytesIO(clip), reference.LONGEST, "candidate")
    warnings = reference.check(heard)
    sound = wav.dumps(heard.samples)
    files = {REFERENCE: sound, SAMPLE: sound}
    if candidate.text:
        files[_MAIN.transcript] = candidate.text.encode()
    facts = _said(said or VoiceFacts())
    facts["description"] = facts["description"] or candidate.description
    voice = Voice(
        **facts,
        name=name,
        kind="designed",
        language=language or candidate.language,
        created=datetime.now(UTC),
        clips=(_MAIN,),
        origin=Origin(job=job_id, candidate=candidate.number, description=candidate.description),
        sample=Sample(engine=engine.name, preview=engine.preview),
    )
    return Made(voice, files, warnings)


def mix(library: Library, new: NewVoice, shares: Sequence[Share]) -> Made:
    """A mixture of stored voices: a copy of the recording of each, with its weight.

    Raises UnknownVoice, and InvalidRequest for a voice that has no recording of its own.
    """
    weights = {_found(library, share.voice): share.weight for share in shares}
    if len(weights) < len(shares):
        raise InvalidRequest("A mixture names a voice twice.", param="mix")
    clips: list[VoiceClip] = []
    files: dict[str, bytes] = {}
    for number, (voice_id, weight) in enumerate(weights.items(), start=1):
        clip = VoiceClip(file=f"reference-{number}.wav", weight=weight, voice=voice_id)
        files[clip.file] = library.store.read(voice_id, _recording(library, voice_id))
        clips.append(clip)
    homes = {library.get(voice_id).language for voice_id in weights}
    voice = Voice(
        **_said(new),
        name=new.name,
        kind="mixed",
        language=new.language or (homes.pop() if len(homes) == 1 else languages.AUTO),
        created=datetime.now(UTC),
        clips=tuple(clips),
    )
    return Made(voice, files)


def prepare(name: str, prompts: Sequence[Mapping[str, str]]) -> Made:
    """The voice of a prompt that somebody made elsewhere: nobody has the recording.

    `prompts` are what a worker read: for each checkpoint a file in base64. Raises UnreadableVoice.
    """
    files = {naming.prompt_name(prompt["checkpoint"]): prompt["file"] for prompt in prompts}
    if len(files) != len(prompts) or not files:
        raise UnreadableVoice(
            f"The file holds {len(prompts)} prompts; a voice has one for each checkpoint.",
            param="file",
        )
    voice = Voice(name=name, kind="cloned", created=datetime.now(UTC))
    return Made(voice, {file: base64.b64decode(data) for file, data in files.items()})


def _said(facts: VoiceFacts) -> dict[str, Any]:
    """What people say of a voice, as the record has it."""
    return {field: getattr(facts, field) for field in VoiceFacts.model_fields}


def _found(library: Library, word: str) -> str:
    try:
        return library.find(word)
    except UnknownVoice as error:
        error.param = "mix"
        raise


def _recording(library: Library, voice_id: str) -> str:
    """The file of a voice's own recording. Raises InvalidRequest."""
    voice = library.get(voice_id)
    clip = voice.clip()
    if clip is None or voice.kind == "mixed":
        reason = " of its own to mix" if voice.kind != "preset" else ": it is a preset speaker"
        raise InvalidRequest(f"{voice.name} has no recording{reason}.", param="mix")
    return clip.file
