"""The voices by id and name: the preset speakers, and what people have made."""

import itertools
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
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

_NONE: Mapping[str, bytes] = {}
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
        try:
            wanted = naming.folded(naming.checked_name(word))
        except InvalidRequest:
            raise _unknown(word) from None
        for voice_id, voice in self.readable()[0].items():
            if naming.folded(voice.name) == wanted:
                return voice_id
        raise _unknown(word)

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

    def fit(self, voice_id: str) -> tuple[str, ...]:
        """What is odd about the transcript of a voice's own recording."""
        voice = self.get(voice_id)
        clip = voice.clip()
        return self._fit(voice_id, voice, clip, self.transcript(voice_id, clip)) if clip else ()

    def require_free(self, name: str) -> None:
        """Raises Conflict if a voice has this name or id."""
        self._require_free(name, self._words())

    # --- change ---

    def settled(self) -> AbstractContextManager[None]:
        """Around a look at the voices and what follows from it: meanwhile nobody changes them.

        So who takes in a job that names a voice, and who deletes that voice, can hold it both; then
        one of them sees what the other did. Raises StoreUnavailable.
        """
        return self.store.lock()

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
                    hint="Leave the other fields out.",
                )
            if "name" in given:
                self._require_free(changes.name, self._words(but=voice_id))
            changed = voice.model_copy(update=given)
            if "transcript" in changes.model_fields_set:
                self._transcribe(voice_id, changed, changes.transcript)
            elif changed != voice:
                self._save(voice_id, changed)
        return changed

    def hear(self, voice_id: str, sound: bytes, sample: Sample) -> Voice:
        """Let `sound`, a WAV file that `sample` tells of, be what people hear of a voice."""
        with self.store.lock():
            changed = self.get(voice_id).model_copy(update={"sample": sample})
            self._save(voice_id, changed, {SAMPLE: sound})
        return changed

    def require_moods(self, voice_id: str, emotion: str) -> None:
        """Raises Conflict where a voice can have no recording of a mood, and UnknownEmotion."""
        emotion = emotions.canonical(emotion)
        voice = self.get(voice_id)
        if voice.kind in ("preset", "mixed"):
            raise Conflict(
                f"A {voice.kind} voice has no recordings of moods.",
                param="id",
                hint="Give moods to a cloned or a designed voice, which one person speaks.",
            )
        if len(voice.clips) == MOST_CLIPS and voice.clip(emotion) is None:
            raise Conflict(
                f"A voice has at most {MOST_CLIPS} recordings.",
                param="name",
                hint="Take one away first: DELETE /v1/voices/{id}/clips/{name}.",
            )

    def record(self, voice_id: str, emotion: str, sound: bytes, transcript: str | None) -> Voice:
        """Add or replace the recording of a mood. Raises Conflict where a voice can have none."""
        emotion = emotions.canonical(emotion)
        with self.store.lock():
            self.require_moods(voice_id, emotion)
            voice, kept = self.get(voice_id), self.files(voice_id)
            # Under a new name: until the record names it, the old one is whole.
            clip = _free_clip(emotion, kept)
            files = {clip.file: sound}
            if transcript:
                files[clip.transcript] = transcript.encode()
            others = tuple(other for other in voice.clips if other.emotion != emotion)
            changed = voice.model_copy(update={"clips": (*others, clip)})
            self.store.save(voice_id, changed, files, self._parts(voice_id, voice, emotion))
        return changed

    def erase(self, voice_id: str, emotion: str) -> Voice:
        """Take the recording of a mood away. Raises UnknownFile."""
        emotion = emotions.canonical(emotion)
        with self.store.lock():
            voice = self.get(voice_id)
            if voice.clip(emotion) is None:
                raise UnknownFile(f"This voice has no recording called {emotion}.", param="name")
            others = tuple(other for other in voice.clips if other.emotion != emotion)
            changed = voice.model_copy(update={"clips": others})
            self.store.save(voice_id, changed, gone=self._parts(voice_id, voice, emotion))
        return changed

    def delete(self, voice_id: str) -> None:
        """Delete a voice; a preset speaker is put back to how it came. Raises Conflict if it is."""
        with self.store.lock():
            if voice_id in SPEAKERS and voice_id not in self.store.ids():
                raise Conflict(
                    "A preset speaker cannot be deleted.",
                    param="id",
                    hint="It is as it came; only what people have changed of it can be undone.",
                )
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

    def _save(
        self,
        voice_id: str,
        voice: Voice,
        files: Mapping[str, bytes] = _NONE,
        gone: Collection[str] = (),
    ) -> None:
        """Write a record anew; that of a preset speaker may not have been written before."""
        if voice_id in self.store.ids():
            self.store.save(voice_id, voice, files, gone)
        else:
            self.store.create(voice_id, voice, files)

    def _transcribe(self, voice_id: str, voice: Voice, transcript: str | None) -> None:
        """Save a voice with another transcript of its own recording, or with none."""
        clip = voice.clip()
        if clip is None or voice.kind == "mixed":
            raise InvalidRequest("This voice has no recording to write down.", param="transcript")
        prompts = self._prompts(voice_id, "")
        if transcript:
            self._fit(voice_id, voice, clip, transcript)
            self._save(voice_id, voice, {clip.transcript: transcript.encode()}, prompts)
        else:
            self._save(voice_id, voice, gone=[clip.transcript, *prompts])

    def _fit(
        self, voice_id: str, voice: Voice, clip: VoiceClip, transcript: str
    ) -> tuple[str, ...]:
        if not transcript:
            return ()
        return reference.require_fit(transcript, self.seconds(voice_id, clip), voice.language)

    def _parts(self, voice_id: str, voice: Voice, emotion: str) -> list[str]:
        """The files of the recording of a mood, and of what was prepared from it."""
        clip = voice.clip(emotion)
        return [
            *([clip.file, clip.transcript] if clip else []),
            *self._prompts(voice_id, emotion),
        ]

    def _prompts(self, voice_id: str, mood: str) -> list[str]:
        prompts = {name: naming.prompt_parts(name) for name in self.files(voice_id)}
        return [name for name, parts in prompts.items() if parts and parts[1] == mood]


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
    return next(word for word in _numbered(wanted, "_") if word not in taken)


def _numbered(word: str, sign: str) -> Iterator[str]:
    """A word, and the same with a number after it, without end."""
    yield word
    for number in itertools.count(2):
        yield f"{word}{sign}{number}"


def _free_clip(emotion: str, taken: Collection[str]) -> VoiceClip:
    """A recording of a mood, under names that no file has."""
    stems = _numbered(f"emotion-{emotion}", "-")
    clips = (VoiceClip(file=f"{stem}.wav", emotion=emotion) for stem in stems)
    return next(clip for clip in clips if not {clip.file, clip.transcript} & set(taken))


def _unknown(word: str) -> UnknownVoice:
    return UnknownVoice(f"There is no voice {word!r}.", param="voice")
