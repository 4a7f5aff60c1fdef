"""Who speaks the lines of a job: the checkpoint and the voice of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from shared.audio import clip
from shared.errors import InvalidRequest, SpeechError
from shared.plans.plan import Line, Plan
from shared.requests.declared import CheckpointKind
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.speakers import SPEAKERS
from shared.text import duration
from shared.text.samples import SAMPLES
from worker import casting
from worker.booth import Booth, Wanted, of_a_line
from worker.engine.protocol import Model, Prompt, Utterance
from worker.performing import Studio
from worker.shelf import Predecessor, Shelf, digest
from worker.speaking import direction, speech_bound

MOODLESS = (
    "A voice that is made from a description has the mood of its description: `emotion` is ignored "
    "where it speaks."
)


@dataclass(frozen=True)
class _Voice:
    """Whom a role asks for."""

    id: str
    description: str
    emotion: str | None


class Troupe:
    """The voices of one job: each is made ready once, for the checkpoint that is loaded."""

    def __init__(
        self,
        studio: Studio,
        request: Pipeline,
        plan: Plan,
        shelf: Shelf,
        predecessor: Predecessor | None,
    ) -> None:
        self._studio = studio
        self._request = request
        self._language = plan.language
        self._shelf = shelf
        self._predecessor = predecessor
        self._identities: dict[CheckpointKind, str] = {}
        self._traces: dict[_Voice, str] = {}
        self._prompts: dict[_Voice, Prompt | SpeechError] = {}
        self._ready_for = ""
        """The checkpoint that the prompts are for."""
        self._undesigned: dict[str, SpeechError] = {}
        """Descriptions of which no voice could be made."""
        self._designed: set[str] = set()
        """Descriptions of which there is a voice."""
        self._remarks: list[str] = []

    def kind(self, line: Line) -> CheckpointKind:
        """What speaks a line."""
        return "custom_voice" if line.role.voice in SPEAKERS else "base"

    def checkpoints(self, lines: Iterable[Line]) -> list[str]:
        """Those that speak the lines. Raises CheckpointMissing, also for one that designs."""
        if any(line.role.description for line in lines):
            self._studio.require("voice_design", self._request.size)
        return sorted({self._identity(self.kind(line)) for line in lines})

    def sounding(self, line: Line) -> str:
        """As `Take.sounding`; empty where the voice is yet to be designed.

        Raises UnknownVoice, RecordDamaged, InvalidRequest.
        """
        kind = self.kind(line)
        if kind == "custom_voice":
            return digest(self._studio.engine, self._identity(kind))
        trace = self._trace(_whom(line))
        return digest(self._studio.engine, self._identity(kind), trace) if trace else ""

    def wanted(self, model: Model, line: Line, live: bool) -> Wanted:
        """A line for the booth. Raises errors `of_a_line` where its voice cannot be cast."""
        role = line.role
        preset = self.kind(line) == "custom_voice"
        estimate = duration.estimate(line.said, line.language)
        utterance = Utterance(
            text=line.said,
            language=line.language,
            seed=line.seed,
            speaker=role.voice if preset else None,
            prompt=None if preset else self._prompt(model, _whom(line)),
            instruct=_manner(role, line.language) if preset else role.instruct or None,
            sampling=self._request.sampling,
            live=live,
            max_seconds=speech_bound(estimate),
            owner=self._studio.owner,
        )
        return Wanted(utterance, estimate, role.voice or role.description or "")

    def told(self) -> list[str]:
        """What is to be said of the voices, once."""
        told, self._remarks = self._remarks, []
        return told

    # --- voices in words ---

    def undesigned(self, lines: Iterable[Line]) -> list[str]:
        """The descriptions in the lines of which there is no voice yet, each once."""
        asked = dict.fromkeys(line.role.description for line in lines if line.role.description)
        return [it for it in asked if it not in self._undesigned and not self._is_designed(it)]

    def design(self, descriptions: Iterable[str]) -> None:
        """Make the first of these voices, as many as can be made at once.

        One that fails fails its lines. Raises as `Booth.speak`.
        """
        model = self._studio.model("voice_design", self._request.size)
        now = list(islice(descriptions, model.report.batch))
        booth = Booth(self._studio, self._request.retakes)
        made = booth.speak(model, [self._sample(description) for description in now])
        for description, take in zip(now, made, strict=True):
            if take.error:
                self._undesigned[description] = take.error
            else:
                self._studio.keep(self._name(description), clip.dumps(take.samples))
            self._remarks.extend(take.notes)

    def _is_designed(self, description: str) -> bool:
        if description not in self._designed and self._file(description):
            self._designed.add(description)
        return description in self._designed

    def voices(self, lines: Iterable[Line]) -> dict[str, str]:
        """Designed voices: description → file of the run."""
        asked = dict.fromkeys(line.role.description for line in lines if line.role.description)
        return {it: self._name(it) for it in asked if self._file(it) is not None}

    def _sample(self, description: str) -> Wanted:
        text = SAMPLES[self._language]
        estimate = duration.estimate(text, self._language)
        utterance = Utterance(
            text=text,
            language=self._language,
            seed=self._studio.seed,
            description=description,
            sampling=self._request.sampling,
            live=False,
            max_seconds=speech_bound(estimate),
            owner=self._studio.owner,
        )
        return Wanted(utterance, estimate, description)

    def _name(self, description: str) -> str:
        """By what decides the voice: a later job finds it among the files of this one."""
        decides = (description, self._language, self._studio.seed, self._request.size)
        return f"voice-{digest(*decides)}.wav"

    def _file(self, description: str) -> bytes | None:
        """The recording of a designed voice, of this run or taken over."""
        name = self._name(description)
        if found := self._shelf.read(name):
            return found
        if self._predecessor and (found := self._predecessor.read(name)):
            self._studio.keep(name, found)
            return found
        return None

    # --- prompts ---

    def _prompt(self, model: Model, voice: _Voice) -> Prompt:
        ready_for = f"{model.checkpoint}@{model.revision}"
        if self._ready_for != ready_for:
            self._prompts.clear()
            self._ready_for = ready_for
        if voice not in self._prompts:
            self._prompts[voice] = self._cast(model, voice)
        found = self._prompts[voice]
        if isinstance(found, SpeechError):
            raise found
        return found

    def _cast(self, model: Model, voice: _Voice) -> Prompt | SpeechError:
        """A voice that cannot be cast is not tried again for every line."""
        try:
            cast = self._described(model, voice) if voice.description else self._known(model, voice)
        except SpeechError as error:
            if not of_a_line(error):
                raise
            return error
        self._remarks.extend(cast.remarks)
        return cast.prompt

    def _known(self, model: Model, voice: _Voice) -> casting.Cast:
        return casting.of_voice(self._studio, model, voice.id, "auto", voice.emotion)

    def _described(self, model: Model, voice: _Voice) -> casting.Cast:
        if error := self._undesigned.get(voice.description):
            raise error
        if voice.emotion:
            self._remarks.append(MOODLESS)
        sound = clip.loads(self._file(voice.description) or b"")
        return casting.of_candidate(self._studio, model, sound, SAMPLES[self._language])

    # --- what decides the sound ---

    def _identity(self, kind: CheckpointKind) -> str:
        if kind not in self._identities:
            self._identities[kind] = self._studio.identity(kind, self._request.size)
        return self._identities[kind]

    def _trace(self, voice: _Voice) -> str:
        if found := self._traces.get(voice):
            return found
        if voice.description:
            sound = self._file(voice.description)
            trace = digest(sound) if sound else ""
        else:
            checkpoint = self._identity("base").partition("@")[0]
            trace = casting.trace(self._studio.library, voice.id, voice.emotion, checkpoint)
        self._traces[voice] = trace
        return trace


def _whom(line: Line) -> _Voice:
    """Raises InvalidRequest for a line that names nobody."""
    role = line.role
    if not role.chosen:
        raise InvalidRequest(f"Line {line.number} of the plan names no voice.", param="plan")
    return _Voice(role.voice or "", role.description or "", role.emotion)


def _manner(role: Role, language: str) -> str | None:
    return direction(role.emotion, role.instruct, language)
