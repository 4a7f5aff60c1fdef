"""Who speaks: the prompt of a voice, from the library, from a recording or from codes.

The prompts of a library voice lie in its folder once they were made, one for each checkpoint and
mood, so a voice sounds the same tomorrow without its recording being heard again.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.audio import clip
from shared.audio.pcm import Samples
from shared.errors import (
    CheckpointUnfit,
    InvalidRequest,
    RecordDamaged,
    StoreUnavailable,
    UnknownFile,
)
from shared.requests.voice_clone import CloneMode
from shared.stores.recipe import VoiceFact
from shared.stores.voice_record import Voice, VoiceClip
from shared.voices import naming
from shared.voices.library import Library
from worker import codec
from worker.engine.protocol import Model, Prompt
from worker.engine.reference import Reference, require_length
from worker.performing import Studio
from worker.pulse import LOADING

log = logging.getLogger(__name__)

WORDLESS = (
    "There is no transcript, so only the sound of the voice is taken, not how the person speaks; "
    "with every word of the recording written down, a clone is closer."
)


@dataclass(frozen=True)
class Cast:
    """A voice that is ready to speak."""

    prompt: Prompt
    """For the model that it was cast with."""
    fact: VoiceFact
    remarks: tuple[str, ...] = ()


def of_voice(
    studio: Studio, model: Model, voice_id: str, mode: CloneMode, emotion: str | None
) -> Cast:
    """A voice of the library, in a mood if it has a recording of that.

    Raises UnknownVoice, RecordDamaged, InvalidRequest for a mode that it does not have, and
    CheckpointUnfit where neither a recording nor a prompt for this checkpoint is there.
    """
    voice = studio.library.get(voice_id)
    clips, mood = _clips(voice, emotion)
    whole = _Shelf(studio, model, voice_id, voice).prompt(clips, mood)
    prompt = _in_mode(whole, mode)
    fact = VoiceFact(
        id=voice_id,
        name=voice.name,
        kind=voice.kind,
        mode=prompt.mode,
        digest=prompt.digest,
        emotion=mood,
    )
    remarks = () if voice.kind == "mixed" else _wordless(whole, mode)
    if emotion and not mood:
        remarks = (_moodless(voice, voice_id, emotion), *remarks)
    return Cast(prompt, fact, remarks)


def trace(library: Library, voice_id: str, emotion: str | None, checkpoint: str) -> str:
    """What the prompt of a voice for a checkpoint is made from, which is not made: equal traces
    are equal voices. Raises UnknownVoice and RecordDamaged."""
    voice = library.get(voice_id)
    clips, mood = _clips(voice, emotion)
    if source := _source(library, voice_id, clips):
        return source
    try:
        kept = library.store.read(voice_id, naming.prompt_name(checkpoint, mood))
    except UnknownFile:
        return ""
    return hashlib.sha256(kept).hexdigest()


def of_reference(
    studio: Studio, model: Model, upload: str, transcript: str | None, mode: CloneMode
) -> Cast:
    """The voice of a recording. Raises UnknownUpload, UnsuitableReference and NothingToSay."""
    samples = clip.loads(studio.uploads.read("reference", upload))
    words = None if mode == "speaker_only" else transcript
    prompt = _prompt(studio, model, Reference(samples, words))
    fact = VoiceFact(kind="reference", mode=prompt.mode, digest=prompt.digest)
    return Cast(prompt, fact, _wordless(prompt, mode))


def of_codes(
    studio: Studio, model: Model, upload: str, transcript: str | None, mode: CloneMode
) -> Cast:
    """The voice in codes of the codec. Raises as `of_reference`, and InvalidRequest."""
    tokens, remarks = codec.opened(studio, upload, model)
    require_length(tokens.seconds, "codes")
    samples = np.concatenate(list(model.decode(tokens.codes, studio.pulse.watch)))
    words = None if mode == "speaker_only" else transcript
    known = tokens.codes if tokens.codec == model.codec else None
    prompt = _prompt(studio, model, Reference(samples, words, known))
    fact = VoiceFact(kind="codes", mode=prompt.mode, digest=prompt.digest)
    return Cast(prompt, fact, remarks + _wordless(prompt, mode))


def of_candidate(studio: Studio, model: Model, samples: Samples, text: str) -> Cast:
    """The voice of a take that was made a moment ago. Raises UnsuitableReference."""
    prompt = _prompt(studio, model, Reference(samples, text))
    return Cast(prompt, VoiceFact(kind="candidate", mode=prompt.mode, digest=prompt.digest))


def keep(studio: Studio, model: Model, voice_id: str, prompt: Prompt) -> None:
    """Put the prompt of a voice's own recording into its folder, where `of_voice` finds it."""
    voice = studio.library.get(voice_id)
    _Shelf(studio, model, voice_id, voice).keep(_clips(voice, None)[0], "", prompt)


@dataclass(frozen=True)
class _Shelf:
    """The prompts of one voice for one checkpoint."""

    studio: Studio
    model: Model
    voice_id: str
    voice: Voice

    def prompt(self, clips: Sequence[VoiceClip], mood: str) -> Prompt:
        """The prompt that is kept; made from the clips where there is none, or an outdated one."""
        if self.voice.kind == "preset":
            raise self._unfit()
        name = naming.prompt_name(self.model.checkpoint, mood)
        source = _source(self.studio.library, self.voice_id, clips)
        kept = self._kept(name, remade=bool(clips))
        # Whoever changes a recording or its words, by hand even, is to hear the change.
        if kept and source in ("", kept.source):
            return kept
        if not clips:
            raise self._unfit()
        made = self._made(clips)
        self._keep(name, made, source)
        return made

    def keep(self, clips: Sequence[VoiceClip], mood: str, prompt: Prompt) -> None:
        """Keep what was made from the clips before they were those of a voice."""
        name = naming.prompt_name(self.model.checkpoint, mood)
        self._keep(name, prompt, _source(self.studio.library, self.voice_id, clips))

    def _kept(self, name: str, *, remade: bool) -> Prompt | None:
        try:
            return self.model.open_prompt(self._read(name), f"{self.voice_id}/{name}")
        except UnknownFile:
            return None
        except (RecordDamaged, CheckpointUnfit) as error:
            if not remade:
                raise
            log.warning("%s/%s is made anew: %s", self.voice_id, name, error.message)
            return None

    def _made(self, clips: Sequence[VoiceClip]) -> Prompt:
        if self.voice.kind != "mixed":
            reference = Reference(self._sound(clips[0]), self._words(clips[0]))
            return _prompt(self.studio, self.model, reference)
        references = [Reference(self._sound(one)) for one in clips]
        prompts = [_prompt(self.studio, self.model, reference) for reference in references]
        return self.model.mix(prompts, [one.weight for one in clips])

    def _keep(self, name: str, prompt: Prompt, source: str) -> None:
        if not (data := prompt.dumps(source)):
            return
        try:
            self.studio.library.store.write(self.voice_id, name, data)
        except StoreUnavailable as error:
            log.warning("%s/%s is not kept: %s", self.voice_id, name, error.message)

    def _sound(self, one: VoiceClip) -> Samples:
        return clip.loads(self._read(one.file))

    def _words(self, one: VoiceClip) -> str | None:
        return _words(self.studio.library, self.voice_id, one)

    def _read(self, name: str) -> bytes:
        return self.studio.library.store.read(self.voice_id, name)

    def _unfit(self) -> CheckpointUnfit:
        if self.voice.kind == "preset":
            return CheckpointUnfit(
                f"{self.voice.name} is a preset speaker, and there is no recording to clone.",
                param="voice",
                hint=f"Use the task `custom_voice` with `speaker: {self.voice_id}`.",
            )
        return CheckpointUnfit(
            f"The voice {self.voice.name!r} has neither a recording nor a prompt for the "
            f"checkpoint {self.model.checkpoint!r}.",
            param="voice",
            hint="Ask for the `size` that its prompt was made with, or make the voice again from a "
            "recording.",
        )


def _clips(voice: Voice, emotion: str | None) -> tuple[tuple[VoiceClip, ...], str]:
    """The recordings that speak in a mood, and that mood; empty where the voice speaks as it is."""
    moody = voice.clip(emotion) if emotion else None
    if moody:
        return (moody,), moody.emotion
    return tuple(one for one in voice.clips if not one.emotion), ""


def _source(library: Library, voice_id: str, clips: Sequence[VoiceClip]) -> str:
    """Equal for equal recordings with equal words and weights; empty without recordings, and
    where somebody has taken one away."""
    digest = hashlib.sha256()
    try:
        for one in clips:
            digest.update(library.store.read(voice_id, one.file))
            digest.update(repr((_words(library, voice_id, one), one.weight)).encode())
    except UnknownFile:
        return ""
    return digest.hexdigest() if clips else ""


def _words(library: Library, voice_id: str, one: VoiceClip) -> str | None:
    return library.transcript(voice_id, one).strip() or None


def _prompt(studio: Studio, model: Model, reference: Reference) -> Prompt:
    """The recording is heard as a whole, and nothing is told until that is done."""
    studio.pulse.watch()
    with studio.pulse.patient(LOADING):
        return model.prompt(reference)


def _in_mode(prompt: Prompt, mode: CloneMode) -> Prompt:
    """The prompt as it was asked for. Raises InvalidRequest."""
    if mode == "speaker_only" and prompt.mode == "in_context":
        return prompt.alone()
    if mode == "in_context" and prompt.mode == "speaker_only":
        raise InvalidRequest(
            "In context needs the transcript of the recording, and this voice has none.",
            param="mode",
            hint="Add the transcript to the voice, or leave `mode` to `auto`.",
        )
    return prompt


def _wordless(prompt: Prompt, mode: CloneMode) -> tuple[str, ...]:
    return (WORDLESS,) if mode == "auto" and prompt.mode == "speaker_only" else ()


def _moodless(voice: Voice, voice_id: str, emotion: str) -> str:
    return (
        f"The voice {voice.name!r} has no recording in the mood {emotion!r}, so it speaks as it "
        f"is: PUT /v1/voices/{voice_id}/clips/{emotion} adds one."
    )
