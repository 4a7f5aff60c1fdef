"""One attempt at a job: the performer's pieces on their way into the recording."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from shared import events
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import EnginePoisoned
from shared.jobs import EngineInfo, JobRecord, encode
from shared.readings import CacheStats
from shared.requests.declared import REDACTED, Declared
from shared.requests.spoken import Spoken
from shared.stores.recipe import (
    CacheUse,
    Candidate,
    Recipe,
    Segment,
    Timings,
    TokenCount,
    VoiceFact,
)
from worker.aligning.wording import Wording
from worker.engine.choice import Choice
from worker.performing import (
    PERFORMERS,
    Artifact,
    Audio,
    Ended,
    Kept,
    Likeness,
    Line,
    Locked,
    Mastered,
    Piece,
    Remark,
    Stage,
    Studio,
    Taken,
    Voiced,
    Worded,
)
from worker.recording import Recording


@dataclass
class Performance:
    """Drives a performer, and keeps what it says of itself besides its sound."""

    record: JobRecord
    request: Declared
    studio: Studio
    recording: Recording
    choice: Choice

    segments: list[Segment] = field(default_factory=list[Segment])
    reasons: Counter[str] = field(default_factory=Counter[str])
    tokens: TokenCount = field(default_factory=TokenCount)
    warnings: list[str] = field(default_factory=list[str])
    artifacts: list[Artifact] = field(default_factory=list[Artifact])
    candidates: list[Candidate] = field(default_factory=list[Candidate])
    voice: VoiceFact | None = None
    locked_as: str = ""
    mastered: Mastered | None = None
    """The finished recording, where it is not what was streamed."""
    _begun: float = field(default_factory=time.time)
    _before: Mapping[str, CacheStats] = field(init=False)
    """What the caches had been asked before."""
    _open: bool = False

    def __post_init__(self) -> None:
        studio = self.studio
        crashes = self.record.crashes
        last = bool(crashes) and crashes + 1 >= studio.settings.max_attempts
        self._wording = Wording(studio.aligner, studio.growing, studio.pulse, last)
        self.warnings.extend(self.record.warnings or [])
        self._before = self.studio.cache.lasting()

    def play(self) -> None:
        """Play to the end. Raises what the performer and the recording raise."""
        with closing(PERFORMERS[self.record.task](self.request, self.studio)) as pieces:
            for piece in pieces:
                if isinstance(piece, Audio | Kept | Line) and not self._open:
                    self._announce_audio()
                self._take(piece)
        if not self.mastered:
            self._close_segment()
            if isinstance(self.request, Spoken) and self.request.words:
                self._time_words()

    @property
    def poisoned(self) -> EnginePoisoned | None:
        """What has gone wrong after the last sound: the process must end once the job has."""
        return self._wording.poisoned

    def recipe(self, attempt: int, store_text: bool) -> Recipe:
        """What was made, from what, and how long it took; files are not in it yet."""
        now, heard = time.time(), self.recording.position
        made = self.mastered
        rate, samples = (made.sample_rate, made.samples) if made else (SAMPLE_RATE, heard)
        streamed = heard / SAMPLE_RATE
        speaking = now - self._begun - self.studio.loading_seconds
        first = self.recording.first_audio_at or now
        return Recipe(
            id=self.record.id,
            task=self.record.task,
            created_at=self.record.created_at,
            started_at=self._begun,
            finished_at=now,
            attempts=attempt,
            request=self._kept_request(store_text),
            seed=self.record.seed,
            engine=self._engine(),
            sample_rate=rate,
            samples=heard,
            duration_seconds=samples / rate,
            audio=made.audio if made else "",
            audio_samples=made.samples if made else 0,
            lines=made.lines if made else None,
            segments=self.segments if store_text else list(map(_wordless, self.segments)),
            voice=self.voice,
            candidates=self.candidates if store_text else list(map(_untold, self.candidates)),
            similarity=mean_similarity(self.segments),
            locked_as=self.locked_as,
            engines=self.studio.engines() or [self._engine()],
            finish_reasons=dict(self.reasons),
            tokens=self.tokens,
            caches=_asked(self._before, self.studio.cache.lasting()),
            warnings=self.warnings,
            timings=Timings(
                queued=self._begun - self.record.created_at,
                first_audio=first - self._begun,
                generation=speaking,
                real_time_factor=speaking / streamed if streamed else 0.0,
            ),
            take=self.recording.present_take,
            again_of=self.record.again_of,
        )

    def _take(self, piece: Piece) -> None:
        match piece:
            case Audio(samples):
                self.recording.take(samples)
            case Kept(samples, load):
                self.recording.keep(samples, load)
            case Line(text, said, language):
                self._close_segment()
                now = self.recording.position / SAMPLE_RATE
                self.segments.append(Segment(start=now, end=now, text=text))
                self._wording.note(text, said, language)
            case Worded(words):
                self._wording.tell(words)
            case Ended(reason, tokens, frames):
                self.reasons[reason] += 1
                self.tokens.text += tokens
                self.tokens.audio += frames
                self._close_segment()
            case Likeness(similarity):
                self.segments[-1].similarity = similarity
            case Remark(text):
                self._warn(text)
            case Stage(name):
                self._enter(name)
            case _:
                self._note(piece)

    def _note(self, piece: Artifact | Voiced | Taken | Locked | Mastered) -> None:
        """What the result tells besides."""
        match piece:
            case Artifact():
                self.artifacts.append(piece)
            case Voiced(fact):
                self.voice = fact
            case Taken(candidate, path):
                self.candidates.append(candidate)
                self.artifacts.append(Artifact("candidate", path))
                self._enter("speaking")
            case Locked(voice_id):
                self.locked_as = voice_id
            case Mastered():
                self.mastered, self.segments = piece, piece.segments

    def _time_words(self) -> None:
        """Only now that all was heard, as nobody is to wait for it."""
        self._enter("finishing")
        begun = time.monotonic()
        for remark in self._wording.find(self.segments):
            self._warn(remark)
        self.studio.loading_seconds += time.monotonic() - begun

    def _enter(self, stage: str) -> None:
        """Tell how far it is: of what is being made, there may be nothing to hear."""
        if stage == "finishing":
            # Whoever listens has heard it all, however long the files take.
            self.recording.finish()
        self.recording.progress.stage = stage
        self.recording.tell_progress()

    def _announce_audio(self) -> None:
        """The engine is known: check what an earlier attempt left, and announce the audio."""
        self._open = True
        engine = self._engine()
        fingerprint = self._fingerprint()
        self.recording.progress.stage = "speaking"
        self.recording.begin(fingerprint)
        header = events.Header(
            id=self.record.id,
            take=self.recording.present_take,
            sample_rate=SAMPLE_RATE,
            engine=engine,
            mastered=self.request.kind == "task",
        )
        self.recording.announce(
            header,
            **encode(engine=engine, fingerprint=fingerprint, progress=self.recording.progress),
        )

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            self.recording.announce(events.Notice(message=text), **encode(warnings=self.warnings))

    def _engine(self) -> EngineInfo:
        """What speaks; an attempt that found every line spoken says what its record says."""
        if self.studio.used or not self.record.engine:
            return self.choice.info(self.studio.used)
        return self.record.engine

    def _fingerprint(self) -> str:
        """Of what an earlier attempt must have been, for its sound to count.

        A pipeline's lines say of themselves which checkpoint spoke them, and one that has them all
        loads none.
        """
        model = self.studio.used if self.request.kind == "task" else None
        return self.choice.fingerprint(self.choice.info(model))

    def _close_segment(self) -> None:
        """The present segment reaches to the last sample made, until its utterance has ended."""
        if self.segments and self.segments[-1].end == self.segments[-1].start:
            self.segments[-1].end = self.recording.position / SAMPLE_RATE

    def _kept_request(self, store_text: bool) -> dict[str, Any]:
        request = self.record.request
        return request if store_text else type(self.request).redact(request)


def mean_similarity(segments: Sequence[Segment]) -> float | None:
    """By the lengths of the segments; None where none was measured."""
    measured = [(it.similarity, it.end - it.start) for it in segments if it.similarity is not None]
    if not measured:
        return None
    return sum(similarity * length for similarity, length in measured) / sum(
        length for _, length in measured
    )


def _asked(
    before: Mapping[str, CacheStats], after: Mapping[str, CacheStats]
) -> dict[str, CacheUse]:
    """What caches were asked between two looks at them; those that were not are left out."""
    uses = {
        name: CacheUse(hits=now.hits - before[name].hits, misses=now.misses - before[name].misses)
        for name, now in after.items()
    }
    return {name: use for name, use in uses.items() if use.hits or use.misses}


def _wordless(segment: Segment) -> Segment:
    words = [word.model_copy(update={"text": REDACTED}) for word in segment.words or ()]
    return segment.model_copy(
        update={"text": REDACTED, "speaker": REDACTED, "words": words or None}
    )


def _untold(candidate: Candidate) -> Candidate:
    return candidate.model_copy(update={"text": REDACTED, "description": REDACTED})
