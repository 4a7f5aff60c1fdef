"""Voices as clients see them: the item, the question and the page that answers it."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared import languages
from shared.checkpoints.catalogue import CATALOGUE
from shared.errors import RecordDamaged, UnknownVoice
from shared.stores.voice_record import SAMPLE, Origin, Sample, Voice, VoiceClip, VoiceKind
from shared.views import View
from shared.voices import naming
from shared.voices.library import Library

log = logging.getLogger(__name__)

_CHECKPOINTS = {
    parts[0]: checkpoint.id
    for checkpoint in CATALOGUE
    if (parts := naming.prompt_parts(naming.prompt_name(checkpoint.id)))
}
"""Ids by what file names have instead."""


class ClipView(View):
    """A recording that a voice is made from."""

    file: str
    emotion: str
    """The mood in which it is spoken; empty: the voice as it is."""
    seconds: float
    transcript: str
    """What it says; empty if nobody knows."""
    weight: float
    """Its share, in a voice that is mixed from several."""
    voice: str
    """The voice that it was taken from, in a mixed one."""


class VoiceView(View):
    """A voice of the library."""

    id: str
    """What requests name it by, as they do by its name."""
    name: str
    kind: VoiceKind
    """Where it comes from."""
    language: str
    """The language it is at home in, or `auto`."""
    description: str
    tags: list[str]
    consent: str
    """Who agreed that this voice is used, and to what."""
    source: str
    """Where the recording comes from."""
    created: datetime
    settings: dict[str, Any]
    """Fields of a request that hold unless the request says otherwise."""
    transcript: str
    """What its own recording says; with it a clone takes up how the person speaks."""
    clips: list[ClipView]
    prompts: list[str]
    """Checkpoints for which the voice is prepared."""
    origin: Origin | None
    """The job that designed it."""
    has_sample: bool
    """Whether there is something to listen to."""
    sample: Sample | None
    """Who spoke the sample; null where a recording stands in for it."""
    warnings: list[str]
    """What to know before it is used."""
    links: dict[str, str]


class VoicePage(View):
    """The voices that were asked for, by name; the preset speakers come last."""

    items: list[VoiceView]
    total: int
    """How many there are, on this page or not."""
    damaged: list[str]
    """Ids of voices whose files somebody has spoilt."""


class VoiceQuery(BaseModel):
    """Which voices are wanted; everything that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    q: str = Field(default="", max_length=500)
    """Words that all occur in the name, id, description, source or tags, in any case."""
    tag: list[str] = Field(default=[], max_length=32)
    """Tags it must all bear."""
    language: Annotated[str, AfterValidator(languages.canonical)] | None = None
    kind: VoiceKind | None = None
    limit: int = Field(default=200, ge=1, le=1_000)


def view(library: Library, voice_id: str, warnings: Sequence[str] = ()) -> VoiceView:
    """What clients see of a voice. Raises UnknownVoice, or RecordDamaged if a file is missing."""
    voice, files = library.get(voice_id), library.files(voice_id)
    clips = [_clip(library, voice_id, clip) for clip in voice.clips]
    transcript = next((clip.transcript for clip in clips if not clip.emotion), "")
    record: dict[str, Any] = dict(voice) | {"clips": clips}
    return VoiceView(
        **record,
        id=voice_id,
        transcript=transcript,
        prompts=_prepared(files),
        has_sample=SAMPLE in files or bool(clips),
        warnings=[*warnings, *_remarks(voice, transcript)],
        links=_links(voice_id),
    )


def search(library: Library, query: VoiceQuery) -> VoicePage:
    """The voices that `query` asks for."""
    voices, damaged = library.readable()
    found = [voice_id for voice_id, voice in voices.items() if _matches(voice_id, voice, query)]
    found.sort(key=lambda voice_id: _place(voice_id, voices[voice_id]))
    items: list[VoiceView] = []
    for voice_id in found[: query.limit]:
        try:
            items.append(view(library, voice_id))
        except UnknownVoice:
            continue  # deleted a moment ago
        except RecordDamaged as error:
            log.warning("A voice is left out: %s %s", error.message, error.next_step)
            damaged.append(voice_id)
    return VoicePage(items=items, total=len(found), damaged=damaged)


def _clip(library: Library, voice_id: str, clip: VoiceClip) -> ClipView:
    return ClipView(
        **dict(clip),
        seconds=library.seconds(voice_id, clip),
        transcript=library.transcript(voice_id, clip),
    )


def _prepared(files: Iterable[str]) -> list[str]:
    """The checkpoints that there are prompts for; those of your own as file names have them."""
    prompts = [parts for parts in map(naming.prompt_parts, files) if parts]
    return [_CHECKPOINTS.get(checkpoint, checkpoint) for checkpoint, mood in prompts if not mood]


def _remarks(voice: Voice, transcript: str) -> Iterator[str]:
    if voice.kind == "mixed":
        yield "Mixing voices is experimental: judge by ear."
    elif voice.clip() is not None and not transcript:
        yield (
            "Nobody has written down what the recording says, so it can only be cloned as "
            "speaker_only. Send the transcript."
        )
    if voice.kind == "cloned" and not voice.consent:
        yield "Nobody has noted that the speaker agrees. Only clone voices whose owners do."


def _links(voice_id: str) -> dict[str, str]:
    """Where its parts are found, relative to the API's root; `clips` is a URI template."""
    base = f"/v1/voices/{voice_id}"
    return {
        "self": base,
        "sample": f"{base}/sample",
        "clips": f"{base}/clips/{{name}}",
        "export": f"{base}/export",
    }


def _place(voice_id: str, voice: Voice) -> tuple[bool, str, str]:
    return voice.kind == "preset", naming.folded(voice.name), voice_id


def _matches(voice_id: str, voice: Voice, query: VoiceQuery) -> bool:
    words = naming.folded(
        "\n".join((voice_id, voice.name, voice.description, voice.source, *voice.tags))
    )
    tags = {naming.folded(tag) for tag in voice.tags}
    return (
        query.kind in (None, voice.kind)
        and query.language in (None, voice.language)
        and all(naming.folded(tag) in tags for tag in query.tag)
        and all(word in words for word in naming.folded(query.q).split())
    )
