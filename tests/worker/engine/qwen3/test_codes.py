"""Generated codes are found again by what determines them, and by nothing less."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from shared.requests.sampling import Sampling
from worker.engine.protocol import EngineDescription, Utterance
from worker.engine.qwen3.codes import Drawn, batch_cache, fingerprint_of, key_of


@dataclass(frozen=True)
class Voice:
    """A voice prompt, as far as a key looks at it."""

    digest: str


SPOKEN = Utterance("The lamp was lit.", "english", seed=7, speaker="ryan")
OTHERWISE: dict[str, Any] = {
    "text": "The lamp was out.",
    "language": "auto",
    "seed": 8,
    "speaker": "vivian",
    "description": "A calm voice.",
    "prompt": Voice("1f"),
    "instruct": "Whisper.",
    "sampling": Sampling(top_k=49),
    "streaming_text": not SPOKEN.streaming_text,
    "live": not SPOKEN.live,
    "max_seconds": 31.0,
    "owner": "another job",
}


def key(*utterances: Utterance, fingerprint: str = "one") -> str:
    return key_of(utterances or (SPOKEN,), fingerprint)


def test_equal_utterances_have_equal_keys():
    assert key(replace(SPOKEN)) == key()
    assert len(key()) == 64


@pytest.mark.parametrize("name", [field.name for field in fields(Utterance)])
def test_every_field_but_the_owner_changes_the_key(name: str):
    changed = replace(SPOKEN, **{name: OTHERWISE[name]})
    assert (key(changed) == key()) is (name == "owner")


@pytest.mark.parametrize("name", Sampling.model_fields)
def test_every_sampling_parameter_changes_the_key(name: str):
    value = getattr(Sampling(), name)
    other = not value if isinstance(value, bool) else type(value)(1)
    sampling = Sampling.model_validate({name: 0.5 if other == value else other})
    assert key(replace(SPOKEN, sampling=sampling)) != key()


def test_who_speaks_and_in_which_company_changes_the_key():
    other = replace(SPOKEN, seed=8)
    keys = {key(), key(fingerprint="two"), key(SPOKEN, other), key(other, SPOKEN), key(other)}
    assert len(keys) == 5


def test_words_do_not_move_from_one_field_to_another():
    told = replace(SPOKEN, description="ab", instruct="c")
    assert key(told) != key(replace(SPOKEN, description="a", instruct="bc"))


def test_a_prompt_counts_by_its_digest():
    one = key(replace(SPOKEN, prompt=Voice("1f")))
    assert one == key(replace(SPOKEN, prompt=Voice("1f")))
    assert one != key(replace(SPOKEN, prompt=Voice("2f")))
    assert one != key(replace(SPOKEN, prompt="1f"))


def test_a_prompt_without_a_digest_is_refused():
    with pytest.raises(TypeError, match="object has no digest"):
        key(replace(SPOKEN, prompt=object()))


def test_half_of_a_surrogate_pair_has_a_key():
    assert key(replace(SPOKEN, text="\ud83d")) != key(replace(SPOKEN, text="?"))


def test_a_fingerprint_tells_engines_checkpoints_and_setups_apart():
    engine = EngineDescription("qwen3", "1", "cuda", "fp16", preview=False)
    fingerprints = {
        fingerprint_of(engine, "0.6B", "85e2", "fp16/8/2"),
        fingerprint_of(replace(engine, version="2"), "0.6B", "85e2", "fp16/8/2"),
        fingerprint_of(replace(engine, device="cpu"), "0.6B", "85e2", "fp16/8/2"),
        fingerprint_of(replace(engine, precision="fp32"), "0.6B", "85e2", "fp16/8/2"),
        fingerprint_of(engine, "1.7B", "85e2", "fp16/8/2"),
        fingerprint_of(engine, "0.6B", "0c0e", "fp16/8/2"),
        fingerprint_of(engine, "0.6B", "85e2", "int8/8/2"),
        fingerprint_of(engine, "0.6B", "85e2", "fp16/4/2"),
    }
    assert len(fingerprints) == 8


def test_what_was_generated_comes_back_whole():
    codes = [np.random.default_rng(row).integers(0, 2048, (25, 16)) for row in range(2)]
    held = batch_cache(max_bytes=10_000, max_entries=10)
    held.put(key(), tuple(Drawn.of(row, ended=True) for row in codes))
    found = held.find(key())
    assert found
    assert [row.codes.dtype for row in found] == [np.uint16] * 2
    assert np.array_equal([row.codes for row in found], codes)
    assert held.stats.nbytes == 2 * 25 * 16 * 2


def test_kept_codes_cannot_be_changed():
    codes = np.zeros((3, 16), np.int64)
    kept = Drawn.of(codes, ended=True).codes
    codes[0, 0] = 5
    assert kept[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 5
