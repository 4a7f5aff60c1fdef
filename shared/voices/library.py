"""The voices by id and name: the preset speakers, and what people have made."""

import itertools
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from shared import emotions
from shared.audio import clip as wav
from shared.audio import reference
from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownFile, UnknownVoice
from shared.speakers import SPEAKERS
from shared.stores.voice_record import MOST_CLIPS, SAMPLE, Sample, Voice, VoiceClip
from shared.stores.voices import VoiceStore
from shared.voices import naming
from shared.voices.changes import VoiceChanges

log = logging.getLogger(__name__)

RELEASED = datetime(2026, 1, 22, tzinfo=UTC)
"""When the model was, and the preset speakers with it."""

_OF_A_PRESET = frozenset({"tags", "settings"})
"""What people may change of a preset speaker, its sample apart."""


class Library:
    """Voices that can be found by name; safe to share between threads and processes.

    No name is another's name or id, whatever its case. Every method raises StoreUnavailable where
    the store does, and RecordDamaged for a voice whose record somebody has spoilt.
    """

    def __init__(self, store: VoiceStore) -> None:
        self.store = store

    # --- look ---

    def ids(self) -> list[str]:
        """All voices, the preset speakers among them, in the order of the alphabet."""
        return sorted({*self.store.ids(), *SPEAKERS})

    def get(self, voice_id: str) -> Voice:
        """A voice; a preset that nobody has changed is as it came. Raises UnknownVoice."""
        try:
            voice = self.store.get(voice_id)
        except UnknownVoice:
            if voice_id in SPEAKERS:
                return _preset(voice_id)
            raise
        if (voice.kind == "preset") != (voice_id in SPEAKERS):
            raise RecordDamaged(f"{voice_id}/voice.yaml is of the kind {voice.kind}.")
        return voice

    def readable(self) -> tuple[dict[str, Voice], list[str]]:
        """Every voice by its id, and the ids of those that cannot be understood."""
        voices: dict[str, Voice] = {}
        damaged: list[str] = []
        for voice_id in self.ids():
            try:
                voices[voice_id] = self.get(voice_id)
            except UnknownVoice:
                continue  # deleted a moment ago
            except RecordDamaged as error:
                log.warning("A voice is left out: %s %s", error.message, error.next_step)
                damaged.append(voice_id)
        return voices, damaged

    def find(self, word: str) -> str:
        """The id of a voice, from its id or from its name in any case. Raises UnknownVoice."""
        if word in self.ids():
            return word
        wanted = naming.folded(word)
        for voice_id, voice in self.readable()[0].items():
            if naming.folded(voice.name) == wanted:
                return voice_id
        raise UnknownVoice(f"There is no voice {word!r}.", param="voice")

    def files(self, voice_id: str) -> dict[str, int]:
        """Names and sizes of the files of a voice."""
        try:
            return self.store.files(voice_id)
        except UnknownVoice:
            if voice_id in SPEAKERS:
                return {}
            raise

    def seconds(self, voice_id: str, clip: VoiceClip) -> float:
        """How long a recording lasts. Raises RecordDamaged if it is not there."""
        size = self.files(voice_id).get(clip.file)
        if size is None:
            raise RecordDamaged(f"{voice_id}/{clip.file} is missing.")
        return wav.seconds(size)

    def transcript(self, voice_id: str, clip: VoiceClip) -> str:
        """What a recording says; empty if nobody knows."""
        try:
            return self.store.read(voice_id, clip.transcript).decode()
        except UnknownFile:
            return ""
        except UnicodeDecodeError as error:
            raise RecordDamaged(f"{voice_id}/{clip.transcript} is not UTF-8.") from error

    def require_free(self, name: str) -> None:
        """Raises Conflict if a voice has this name or id."""
        self._require_free(name, self._words())

    # --- change ---

    def create(self, voice: Voice, files: Mapping[str, bytes], voice_id: str | None = None) -> str:
        """Add a voice with its files; returns its id. Raises Conflict for a taken name or id."""
        with self.store.lock():
            taken = self._words()
            self._require_free(voice.name, taken)
            chosen = voice_id or _free_id(naming.slug(voice.name), taken)
            if chosen in taken:
                raise Conflict(f"There is a voice {chosen!r} already.", param="voice")
            self.store.create(chosen, voice, files)
        return chosen

    def change(self, voice_id: str, changes: VoiceChanges) -> Voice:
        """Lay what is given over the record. Raises UnknownVoice, Conflict, TranscriptMismatch."""
        with self.store.lock():
            voice, given = self.get(voice_id), changes.given()
            if voice.kind == "preset" and changes.model_fields_set - _OF_A_PRESET:
                raise Conflict(
                    "Of a preset speaker only tags, settings and sample can be changed.",
                    param=min(changes.model_fields_set - _OF_A_PRESET),
                )
            if "name" in given:
                self._require_free(changes.name, self._words(but=voice_id))
            changed = voice.model_copy(update=given)
            if "transcript" in changes.model_fields_set:
                self._transcribe(voice_id, changed, changes.transcript)
            if changed != voice:
                self._save(voice_id, changed)
        return changed

    def hear(self, voice_id: str, sound: bytes, sample: Sample) -> Voice:
        """Let `sound`, a WAV file that `sample` tells of, be what people hear of a voice."""
        with self.store.lock():
            changed = self.get(voice_id).model_copy(update={"sample": sample})
            self._save(voice_id, changed)
            self.store.write(voice_id, SAMPLE, sound)
        return changed

    def record(self, voice_id: str, emotion: str, sound: bytes, transcript: str | None) -> Voice:
        """Add or replace the recording of a mood. Raises Conflict where a voice can have none."""
        emotion = emotions.canonical(emotion)
        with self.store.lock():
            voice = self.get(voice_id)
            if voice.kind in ("preset", "mixed"):
                raise Conflict(f"A {voice.kind} voice has no recordings of moods.", param="id")
            clip = voice.clip(emotion) or VoiceClip(file=f"emotion-{emotion}.wav", emotion=emotion)
            clips = (*(other for other in voice.clips if other != clip), clip)
            if len(clips) > MOST_CLIPS:
                raise Conflict(f"A voice has at most {MOST_CLIPS} recordings.", param="name")
            changed = voice.model_copy(update={"clips": clips})
            self._write_down(voice_id, clip, None)
            self.store.write(voice_id, clip.file, sound)
            self._write_down(voice_id, clip, transcript)
            self._forget_prompts(voice_id, emotion)
            self.store.save(voice_id, changed)
        return changed

    def erase(self, voice_id: str, emotion: str) -> Voice:
        """Take the recording of a mood away. Raises UnknownFile."""
        emotion = emotions.canonical(emotion)
        with self.store.lock():
            voice = self.get(voice_id)
            clip = voice.clip(emotion)
            if clip is None:
                raise UnknownFile(f"This voice has no recording called {emotion}.", param="name")
            changed = voice.model_copy(
                update={"clips": tuple(other for other in voice.clips if other != clip)}
            )
            self.store.save(voice_id, changed)
            for name in {clip.file, clip.transcript} & self.files(voice_id).keys():
                self.store.remove(voice_id, name)
            self._forget_prompts(voice_id, emotion)
        return changed

    def delete(self, voice_id: str) -> None:
        """Delete a voice; a preset speaker is put back to how it came. Raises Conflict if it is."""
        with self.store.lock():
            if voice_id in SPEAKERS and voice_id not in self.store.ids():
                raise Conflict("A preset speaker cannot be deleted.", param="id")
            self.store.delete(voice_id)

    # --- names ---

    def _words(self, but: str = "") -> set[str]:
        """Ids and folded names of all voices, or of all but one."""
        names = {
            naming.folded(voice.name) for id_, voice in self.readable()[0].items() if id_ != but
        }
        return names | set(self.ids()) - {but}

    def _require_free(self, name: str, taken: set[str]) -> None:
        if naming.folded(name) in taken:
            raise Conflict(
                f"There is a voice {name!r} already.", param="name", hint="Choose another name."
            )

    # --- files ---

    def _save(self, voice_id: str, voice: Voice) -> None:
        """Write a record anew; that of a preset speaker may not have been written before."""
        if voice_id in self.store.ids():
            self.store.save(voice_id, voice)
        else:
            self.store.create(voice_id, voice, {})

    def _transcribe(self, voice_id: str, voice: Voice, transcript: str | None) -> None:
        clip = voice.clip()
        if clip is None or voice.kind == "mixed":
            raise InvalidRequest("This voice has no recording to write down.", param="transcript")
        if transcript:
            reference.require_fit(transcript, self.seconds(voice_id, clip), voice.language)
        self._write_down(voice_id, clip, transcript)
        self._forget_prompts(voice_id, "")

    def _forget_prompts(self, voice_id: str, mood: str) -> None:
        """Delete what was prepared from a recording that is no longer what it was."""
        for name in self.files(voice_id):
            if (parts := naming.prompt_parts(name)) and parts[1] == mood:
                self.store.remove(voice_id, name)

    def _write_down(self, voice_id: str, clip: VoiceClip, transcript: str | None) -> None:
        if transcript:
            self.store.write(voice_id, clip.transcript, transcript.encode())
        elif clip.transcript in self.files(voice_id):
            self.store.remove(voice_id, clip.transcript)


def _preset(voice_id: str) -> Voice:
    speaker = SPEAKERS[voice_id]
    return Voice(
        name=speaker.name,
        kind="preset",
        language=speaker.language,
        description=speaker.description,
        created=RELEASED,
    )


def _free_id(wanted: str, taken: set[str]) -> str:
    numbered = (f"{wanted}_{number}" for number in itertools.count(2))
    return next(word for word in itertools.chain([wanted], numbered) if word not in taken)
