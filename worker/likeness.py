"""How alike a clone is to its reference: heard after each piece, or insisted on."""

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from shared.audio.pcm import Samples
from shared.errors import EngineFailed, EnginePoisoned
from worker.engine.protocol import Model, Prompt, Utterance, Watch
from worker.performing import Studio
from worker.speaking import Heard, Rows, in_order, seed_of

UNLIKE = (
    "Some pieces stayed below `min_similarity` in every take: the take most alike is heard, and "
    "`segments` say how alike each is."
)
UNMEASURED = (
    "Some pieces could not be held against `min_similarity`: they are too short to tell a voice "
    "by, or the engine cannot hear voices, or could not at that moment."
)
UNHEARD = "How alike some pieces are to the reference is not known: hearing them failed."

log = logging.getLogger(__name__)


def cloned(
    studio: Studio, model: Model, utterances: Sequence[Utterance], least: float | None = None
) -> Rows:
    """The utterances, spoken by the voices of their prompts, and how alike each is.

    With `least` each is made whole before it is heard, and made again while it is less alike.
    """
    watch = studio.pulse.watch
    if least is not None:
        studio.typical = False
        return _insisted(model, utterances, least, studio.settings.max_attempts_per_sentence, watch)
    rows = in_order(model.generate(utterances, watch))
    return _measured(rows, model, utterances) if studio.settings.measure_voices else rows


def _measured(rows: Rows, model: Model, utterances: Sequence[Utterance]) -> Rows:
    """The rows as they come; with its last part each one's similarity is told.

    It is an extra: speech that cannot be measured is speech all the same.
    """
    heard: list[Samples] = []
    with closing(rows):
        for row, part in rows:
            heard.append(part.audio)
            if not part.finish_reason:
                yield row, part
                continue
            similarity, notes = _similarity(model, utterances[row], heard)
            yield row, replace(part, similarity=similarity, notes=(*part.notes, *notes))
            heard = []


def _insisted(
    model: Model, utterances: Sequence[Utterance], least: float, takes: int, watch: Watch
) -> Rows:
    """Whole rows, each the first of up to `takes` that is alike enough, or the one most alike."""
    for row, utterance in enumerate(utterances):
        yield row, _best(model, utterance, least, takes, watch)


def _best(model: Model, utterance: Utterance, least: float, takes: int, watch: Watch) -> Heard:
    best = _take(model, utterance, watch)
    if best.similarity is None:
        return replace(best, notes=(*best.notes, UNMEASURED))
    for number in range(1, takes):
        if _alike(best) >= least:
            return best
        again = replace(utterance, seed=seed_of(utterance.seed, number))
        best = max(best, _take(model, again, watch), key=_alike)
    return best if _alike(best) >= least else replace(best, notes=(*best.notes, UNLIKE))


def _take(model: Model, utterance: Utterance, watch: Watch) -> Heard:
    """The utterance, spoken by itself and heard to its end."""
    frames = list(model.generate([utterance], watch))
    parts = [part.audio for part in frames]
    similarity, _ = _similarity(model, utterance, parts)
    return Heard(
        audio=np.concatenate(parts),
        first=True,
        finish_reason=frames[-1].finish_reason,
        notes=tuple(note for part in frames for note in part.notes),
        similarity=similarity,
        tokens=frames[-1].tokens,
        words=frames[-1].words,
    )


def _alike(take: Heard) -> float:
    return -1.0 if take.similarity is None else take.similarity


def _similarity(
    model: Model, utterance: Utterance, parts: Sequence[Samples]
) -> tuple[float | None, tuple[str, ...]]:
    """How alike it is, and what is to be said where that was not to be had."""
    if utterance.prompt is None:
        raise ValueError("Only clones are like somebody.")
    return measured(model, utterance.prompt, np.concatenate(parts))


def measured(
    model: Model, prompt: Prompt, samples: Samples
) -> tuple[float | None, tuple[str, ...]]:
    """How alike a clone is to the voice of its prompt, and what is to be said where that was not
    to be had. Raises EnginePoisoned."""
    try:
        return model.likeness(prompt, samples), ()
    except EnginePoisoned:
        raise
    except EngineFailed as error:
        log.warning("A piece is not held against its reference: %s", error.message)
        return None, (UNHEARD,)
