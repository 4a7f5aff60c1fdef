"""Our codes are the package's own, on random weights, for every layout of the prompt.

The package normalises in fp32 whatever its format, so that hidden values differ from ours by fp32
rounding; choices between codes do not. Draws are compared in fp64 alone: in fp32 the rounding of
another order of sums decides one in some thousands of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from shared.checkpoints.catalogue import Kind
from shared.requests.sampling import Sampling
from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.conftest import Ours, Theirs
from tests.worker.engine.qwen3.oracle import Codes, Race
from tests.worker.engine.speech import recording, utterance
from worker.engine.protocol import Utterance
from worker.engine.qwen3.linear import Format
from worker.engine.reference import Reference

GREEDY = Sampling(do_sample=False, subtalker_dosample=False)
TEXTS = ("The lamp was lit.", "A longer line than the first, with a pause.", "No.", "Who is there?")
LANGUAGES = ("english", "auto", "german", "auto")
DTYPES: dict[Format, torch.dtype] = {"fp64": torch.float64, "fp32": torch.float32}

VOICES: dict[str, tuple[Kind, list[dict[str, Any]]]] = {
    "preset": ("custom_voice", [{"speaker": name} for name in ("ryan", "vivian", "eric", "aiden")]),
    "preset, directed": ("custom_voice", [{"speaker": "ryan", "instruct": "Whisper."}] * 4),
    "designed": (
        "voice_design",
        [{"speaker": None, "description": f"Voice {number}."} for number in range(4)],
    ),
    "cloned by its sound": ("base", [{"speaker": None}] * 4),
    "cloned in context": ("base", [{"speaker": None, "transcript": "It was a dark night."}] * 4),
}


def batch(model: Any, voices: list[dict[str, Any]], **fields: Any) -> list[Utterance]:
    """An utterance for each voice; voices of Base are made from recordings."""
    made: list[Utterance] = []
    for index, voice in enumerate(voices):
        said = dict(voice)
        if model._parts.manifest.kind == "base":
            heard = Reference(recording(seed=index), said.pop("transcript", None))
            said["prompt"] = model.prompt(heard)
        made.append(
            utterance(TEXTS[index], language=LANGUAGES[index], seed=index, **said, **fields)
        )
    return made


def assert_equal(ours: Sequence[Codes], theirs: Sequence[Codes]) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("form", ["fp64", "fp32"])
@pytest.mark.parametrize("streaming_text", [False, True], ids=["whole", "streaming"])
@pytest.mark.parametrize("voice", VOICES)
def test_greedy_codes_are_equal_in_a_batch(
    ours: Ours, theirs: Theirs, voice: str, streaming_text: bool, form: Format
):
    kind, voices = VOICES[voice]
    model, oracle = ours(kind, form), theirs(kind, DTYPES[form])
    spoken = batch(model, voices, sampling=GREEDY, streaming_text=streaming_text, max_seconds=3.2)
    mine = codes(model, spoken)
    assert len({len(row) for row in mine}) > 1
    assert_equal(mine, oracle.codes(spoken))


@pytest.mark.parametrize("voice", VOICES)
def test_greedy_codes_are_equal_alone(ours: Ours, theirs: Theirs, voice: str):
    kind, voices = VOICES[voice]
    model, oracle = ours(kind, "fp64"), theirs(kind)
    for spoken in batch(model, voices, sampling=GREEDY, max_seconds=3.2):
        assert_equal(codes(model, [spoken]), oracle.codes([spoken]))


def test_greedy_codes_are_equal_where_speech_does_not_end(ours: Ours, theirs: Theirs):
    model, oracle = ours(form="fp64", ends=False), theirs(ends=False)
    spoken = batch(model, VOICES["preset"][1], sampling=GREEDY, max_seconds=2.4)
    mine = codes(model, spoken)
    assert [len(row) for row in mine] == [30] * 4
    assert_equal(mine, oracle.codes(spoken))


@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(temperature=1.4, top_k=20, top_p=0.8, subtalker_top_p=0.9)],
    ids=["released", "other"],
)
@pytest.mark.parametrize("voice", ["preset", "cloned in context"])
def test_sampled_codes_are_equal_for_equal_noise(
    ours: Ours,
    theirs: Theirs,
    voice: str,
    sampling: Sampling,
    monkeypatch: pytest.MonkeyPatch,
):
    kind, voices = VOICES[voice]
    model, oracle = ours(kind, "fp64"), theirs(kind)
    spoken = batch(model, voices, sampling=sampling, max_seconds=3.2)
    mine = codes(model, spoken)
    monkeypatch.setattr(torch, "multinomial", Race([one.seed for one in spoken]))
    assert_equal(mine, oracle.codes(spoken))
    assert not np.array_equal(mine[0][:2], mine[1][:2])


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_row_draws_the_same_codes_in_any_batch(ours: Ours, rows: int):
    together = ours(form="fp64", batch=4)
    spoken = batch(together, VOICES["preset"][1], max_seconds=3.2)
    fewer = ours(form="fp64", batch=rows)
    assert_equal(codes(fewer, spoken), codes(together, spoken))
    assert_equal(codes(together, spoken[::-1]), codes(together, spoken)[::-1])


def test_looking_later_at_what_was_made_changes_no_codes(ours: Ours):
    at_once, later = ours(form="fp64", batch=2), ours(form="fp64", batch=2, lag=1)
    spoken = batch(at_once, VOICES["preset"][1], max_seconds=3.2)
    assert_equal(codes(later, spoken), codes(at_once, spoken))
