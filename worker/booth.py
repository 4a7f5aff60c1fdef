"""A few lines spoken at once, each held against what it should be and spoken again if need be."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np

from shared.audio import pcm, soundcheck
from shared.audio.pcm import Samples
from shared.errors import (
    CheckpointUnfit,
    EngineFailed,
    EnginePoisoned,
    InvalidRequest,
    ModelTooLarge,
    RecordDamaged,
    SpeechError,
    UnknownFile,
    UnknownVoice,
)
from shared.plans import planning
from shared.plans.table import Retaken
from worker.engine.protocol import FinishReason, Frames, Model, Utterance
from worker.likeness import measured
from worker.performing import Studio

_ENDINGS: dict[FinishReason, str] = {
    "length": "It did not end in the time that its text takes.",
    "loop": "It said the same again and again.",
    "silence": "It fell silent and did not end.",
    "cancelled": "It was broken off.",
}
"""What is wrong with a take that did not end by itself."""


@dataclass(frozen=True)
class Wanted:
    """A take that is to be made."""

    utterance: Utterance
    seconds: float
    """How long it should be, about."""
    who: str
    """Speaks, in a word: takes of another draw other lots."""


@dataclass(frozen=True)
class Made:
    """A take, or why there is none."""

    seed: int
    samples: Samples
    finish_reason: FinishReason = "stop"
    notes: tuple[str, ...] = ()
    similarity: float | None = None
    faults: tuple[str, ...] = ()
    error: SpeechError | None = None
    retaken: list[Retaken] = field(default_factory=list[Retaken])
    """Other takes of it, which are thrown away."""


def of_a_line(error: SpeechError) -> bool:
    """Whether an error says something of the line, and nothing of the job."""
    concerns = CheckpointUnfit | EngineFailed | InvalidRequest | RecordDamaged
    lost = UnknownFile | UnknownVoice
    return isinstance(error, concerns | lost) and not isinstance(
        error, EnginePoisoned | ModelTooLarge
    )


class Booth:
    """Speaks with one model after the other."""

    def __init__(self, studio: Studio, retakes: int) -> None:
        self._studio = studio
        self._retakes = retakes

    def speak(self, model: Model, wanted: Sequence[Wanted]) -> list[Made]:
        """The best take of each, in order. Raises what ends an attempt at the job."""
        takes: list[list[Made]] = [[made] for made in self._together(model, wanted)]
        for number in range(2, self._retakes + 2):
            poor = [row for row, made in enumerate(takes) if _worth_another(made)]
            if not poor:
                break
            again = [_again(wanted[row], number) for row in poor]
            for row, made in zip(poor, self._together(model, again), strict=True):
                takes[row].append(made)
        return [_best(made) for made in takes]

    def _together(self, model: Model, wanted: Sequence[Wanted]) -> list[Made]:
        """One take of each. Where one breaks the others off, each is spoken by itself."""
        try:
            return self._batch(model, wanted)
        except SpeechError as error:
            if not of_a_line(error):
                raise
            if len(wanted) == 1:
                return [Made(wanted[0].utterance.seed, pcm.silence(0), error=error)]
        return [made for one in wanted for made in self._together(model, [one])]

    def _batch(self, model: Model, wanted: Sequence[Wanted]) -> list[Made]:
        rows: list[list[Frames]] = [[] for _ in wanted]
        said = [one.utterance for one in wanted]
        with closing(model.generate(said, self._studio.pulse.watch)) as batch:
            for frames in batch:
                rows[frames.row].append(frames)
        return [self._judged(model, one, row) for one, row in zip(wanted, rows, strict=True)]

    def _judged(self, model: Model, wanted: Wanted, row: Sequence[Frames]) -> Made:
        self._studio.pulse.watch()
        if not row:
            error = EngineFailed("The engine made nothing of it.")
            return Made(wanted.utterance.seed, pcm.silence(0), error=error)
        samples = np.concatenate([frames.audio for frames in row])
        reason = row[-1].finish_reason or "cancelled"
        faults = soundcheck.faults(samples, wanted.seconds)
        if reason in _ENDINGS:
            faults = [_ENDINGS[reason], *faults]
        similarity, unheard = self._similarity(model, wanted.utterance, samples)
        return Made(
            seed=wanted.utterance.seed,
            samples=samples,
            finish_reason=reason,
            notes=(*(note for frames in row for note in frames.notes), *unheard),
            similarity=similarity,
            faults=tuple(faults),
        )

    def _similarity(
        self, model: Model, utterance: Utterance, samples: Samples
    ) -> tuple[float | None, tuple[str, ...]]:
        sound = np.isfinite(samples).all()
        if utterance.prompt is None or not self._studio.settings.measure_voices or not sound:
            return None, ()
        return measured(model, utterance.prompt, samples)


def _worth_another(takes: Sequence[Made]) -> bool:
    """Whether another seed may help: not where the engine refuses what it is asked."""
    if any(made.error and not isinstance(made.error, EngineFailed) for made in takes):
        return False
    return all(made.faults or made.error for made in takes)


def _again(wanted: Wanted, number: int) -> Wanted:
    said = wanted.utterance
    seed = planning.seed_of(said.seed, said.text, wanted.who, number)
    return replace(wanted, utterance=replace(said, seed=seed))


def _best(takes: Sequence[Made]) -> Made:
    """The take with the fewest faults, the earlier of equals; a take at all before an error."""
    best = min(takes, key=lambda made: (made.error is not None, len(made.faults)))
    others = [Retaken(seed=made.seed, why=_why(made)) for made in takes if made is not best]
    return replace(best, retaken=others)


def _why(made: Made) -> str:
    return made.error.message if made.error else " ".join(made.faults)
