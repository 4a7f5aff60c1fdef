"""Which ids stand where before the first frame, and which texts beside the frames to come.

The layouts are those of `Qwen3TTSForConditionalGeneration.generate`. Nothing here imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import CheckpointDamaged
from shared.languages import AUTO
from worker.engine import checking
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.tokens import Ids

NONE = -1
"""Where no id of the codec vocabulary stands."""
DIALECTAL = (AUTO, "chinese")
"""Languages for which a speaker's dialect is taken instead."""

Grid = NDArray[np.int64]
"""[positions, codebooks]"""


@dataclass(frozen=True, eq=False)
class Spoken:
    """The reference that the model goes on from, in its voice."""

    transcript: Ids
    codes: NDArray[np.integer[Any]]
    """[frames, codebooks]"""


@dataclass(frozen=True, eq=False)
class Prompt:
    """One utterance in integers: what each position before the first frame is the sum of."""

    text: Ids
    """A text id at every position."""
    codes: Grid
    """[length, codebooks]: a reference frame, or one id of the codec vocabulary and NONE beside
    it, or NONE throughout."""
    x_vector_at: int | None
    """The position that the x-vector is added to."""
    trailing: Ids
    """Text ids beside the generated frames; the last is the padding, which goes on for ever."""
    tokens: int = 0
    """How many of its ids are the text, and directions with their frame."""

    @property
    def length(self) -> int:
        """How many positions the prefill has."""
        return len(self.text)


def build(
    dimensions: Dimensions,
    role: Ids,
    text: Ids,
    *,
    language: str = AUTO,
    speaker: str | None = None,
    x_vector: bool = False,
    spoken: Spoken | None = None,
    instruct: Ids = (),
    streaming_text: bool = False,
) -> Prompt:
    """Lay out one utterance.

    `role`, `text`, `instruct` and the transcript come from `Tokens`; `language` and `speaker` are
    among those of `dimensions`. A preset voice is a `speaker`, a designed one neither that nor an
    `x_vector`; what was `spoken` comes with the x-vector of the same voice. Raises InvalidRequest
    for codes that are none, and CheckpointDamaged.
    """
    cloned = x_vector or spoken is not None
    before = instruct + role
    tags = _tags(dimensions, language_id(dimensions, language, speaker))
    voice = (NONE,) if cloned else _preset(dimensions, speaker)
    frames = _frames(dimensions, spoken)
    words = (*(spoken.transcript if spoken else ()), *text, dimensions.text.eos)
    lay = _streamed if streaming_text else _whole
    opening = _opening(dimensions, before, (*tags, *voice, dimensions.codec.pad))
    beside, codes, trailing = lay(dimensions, words, frames)
    return Prompt(
        text=_known(dimensions, opening[0] + beside),
        codes=np.concatenate([opening[1], codes]),
        x_vector_at=len(before) + len(tags) if cloned else None,
        trailing=_known(dimensions, (*trailing, dimensions.text.pad)),
        tokens=len(text) + len(instruct),
    )


def language_id(dimensions: Dimensions, language: str, speaker: str | None = None) -> int | None:
    """The id that names the language, or the dialect of the speaker; None to leave it open."""
    dialect = dimensions.dialects.get(speaker) if speaker and language in DIALECTAL else False
    if isinstance(dialect, str):
        return dimensions.languages[dialect]
    return None if language == AUTO else dimensions.languages[language]


def _tags(dimensions: Dimensions, language: int | None) -> Ids:
    codec = dimensions.codec
    if language is None:
        return (codec.nothink, codec.think_bos, codec.think_eos)
    return (codec.think, codec.think_bos, language, codec.think_eos)


def _preset(dimensions: Dimensions, speaker: str | None) -> Ids:
    return (dimensions.speakers[speaker],) if speaker else ()


def _opening(dimensions: Dimensions, before: Ids, codec: Ids) -> tuple[Ids, Grid]:
    """Text without speech, then `codec` beside padding and the beginning of text."""
    text = (*before, *[dimensions.text.pad] * (len(codec) - 1), dimensions.text.bos)
    return text, _alone(dimensions, [NONE] * len(before) + [*codec])


def _whole(dimensions: Dimensions, words: Ids, frames: Grid) -> tuple[Ids, Grid, Ids]:
    """All words before all frames."""
    pads = _alone(dimensions, [dimensions.codec.pad] * len(words))
    text = (*words, *[dimensions.text.pad] * len(frames))
    return text, np.concatenate([pads, frames]), ()


def _streamed(dimensions: Dimensions, words: Ids, frames: Grid) -> tuple[Ids, Grid, Ids]:
    """A word beside each frame; what is left goes beside the generated ones."""
    pads = [dimensions.text.pad] * (len(frames) - len(words))
    return (*words[: len(frames)], *pads), frames, words[len(frames) :]


def _frames(dimensions: Dimensions, spoken: Spoken | None) -> Grid:
    """The beginning of speech and what has been spoken so far."""
    bos = _alone(dimensions, [dimensions.codec.bos])
    if spoken is None:
        return bos
    checking.require_codes(spoken.codes)
    return np.concatenate([bos, spoken.codes.astype(np.int64)])


def _alone(dimensions: Dimensions, ids: Sequence[int]) -> Grid:
    """One id of the codec vocabulary, or NONE, a position."""
    codes = np.full((len(ids), dimensions.codebooks), NONE, dtype=np.int64)
    codes[:, 0] = ids
    return codes


def _known(dimensions: Dimensions, ids: Ids) -> Ids:
    """The ids, all of which the text table has a row for."""
    if max(ids) >= dimensions.text_vocabulary:
        raise CheckpointDamaged(
            f"The tokenizer made the token {max(ids)}, and this checkpoint's text table ends "
            f"at {dimensions.text_vocabulary - 1}."
        )
    return ids
