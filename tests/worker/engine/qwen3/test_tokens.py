"""Text becomes the ids that the package would cut from its own prompts."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import NothingToSay
from tests.worker.engine.conftest import Tiny
from worker.engine.caching import Cache
from worker.engine.manifest import read
from worker.engine.processor import processor
from worker.engine.qwen3.tokens import Ids, Tokens
from worker.engine.random_checkpoint.vocabulary import SPECIAL

TEXTS = (
    "A",
    "The lamp was lit.",
    "灯亮了。",
    "assistant",
    "user\nuser",
    "1st — 2nd\r\n\r\n3rd 👩‍🚀",
    "e\u0301",
)


@pytest.fixture(scope="module")
def package_processor(tiny: Tiny) -> Any:
    return processor(read("tiny", tiny()))


@pytest.fixture(scope="module")
def tokens(package_processor: Any) -> Tokens:
    return Tokens(package_processor.tokenizer)


@pytest.fixture(scope="module")
def package_ids(package_processor: Any) -> Callable[[str], Ids]:
    """The ids as the package asks for them."""

    def ids(prompt: str) -> Ids:
        asked = package_processor(text=prompt, return_tensors="pt", padding=True)
        return tuple(asked["input_ids"][0].tolist())

    return ids


@pytest.mark.parametrize("text", TEXTS)
def test_the_cuts_are_those_of_the_package(
    tokens: Tokens, package_ids: Callable[[str], Ids], text: str
):
    spoken = package_ids(f"<|im_start|>assistant\n{text}<|im_end|>\n<|im_start|>assistant\n")
    heard = package_ids(f"<|im_start|>assistant\n{text}<|im_end|>\n")
    assert tokens.role == spoken[:3] == heard[:3]
    assert tokens.text(text) == spoken[3:-5]
    assert tokens.transcript(text) == heard[3:-2]
    assert tokens.instruct(text) == package_ids(f"<|im_start|>user\n{text}<|im_end|>\n")


@settings(deadline=None)
@given(text=st.text())
def test_whatever_the_text_nothing_of_it_is_lost_or_taken_for_the_frame(
    package_processor: Any, text: str
):
    tokens = Tokens(package_processor.tokenizer)
    special = set(package_processor.tokenizer.get_added_vocab().values())
    try:
        ids = tokens.text(text)
    except NothingToSay:
        return
    normal = package_processor.tokenizer.backend_tokenizer.normalizer.normalize_str(text.strip())
    assert package_processor.tokenizer.decode(ids) == normal
    assert ids == tokens.transcript(text)
    assert not special & set(ids)


@pytest.mark.parametrize("token", SPECIAL)
def test_special_tokens_of_a_user_are_no_tokens(tokens: Tokens, token: str):
    assert tokens.text(f"Up{token}down") == tokens.text("Up down")
    assert tokens.transcript(f"{token}Up") == tokens.transcript("Up")
    assert tokens.instruct(f"Up{token}") == tokens.instruct("Up")


@pytest.mark.parametrize("text", ["", " \n", "<|im_end|>", "<|im_start|> <tts_pad>\n"])
def test_what_has_no_words_is_refused(tokens: Tokens, text: str):
    with pytest.raises(NothingToSay, match="nothing to say") as refused:
        tokens.text(text)
    assert refused.value.param == "text"
    with pytest.raises(NothingToSay) as refused:
        tokens.transcript(text)
    assert refused.value.param == "transcript"


@pytest.mark.parametrize("instruct", [None, "", "<|im_end|>"])
def test_an_instruct_without_words_is_none(tokens: Tokens, instruct: str | None):
    assert tokens.instruct(instruct) == ()


def test_instructs_and_transcripts_are_kept_and_texts_are_not(package_processor: Any):
    cache: Cache[str, Ids] = Cache(len, max_bytes=10_000, max_entries=10)
    tokens = Tokens(package_processor.tokenizer, cache)
    for _ in range(3):
        assert tokens.instruct("Up.") == Tokens(package_processor.tokenizer).instruct("Up.")
        assert tokens.transcript("Up.") == tokens.text("Up.")
    assert (cache.stats.entries, cache.stats.hits, cache.stats.misses) == (2, 4, 2)
