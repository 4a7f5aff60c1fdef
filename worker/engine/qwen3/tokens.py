"""Text as token ids, framed as the model was trained and cut where the package cuts."""

from collections.abc import Callable
from typing import Any, Protocol

from worker.engine import checking
from worker.engine.plain import Template

Ids = tuple[int, ...]

TEXT = "<|im_start|>assistant\n{}<|im_end|>\n<|im_start|>assistant\n"
TRANSCRIPT = "<|im_start|>assistant\n{}<|im_end|>\n"
INSTRUCT = "<|im_start|>user\n{}<|im_end|>\n"
ROLE = slice(None, 3)
"""The opening that text and transcript share: `<|im_start|>`, `assistant` and a newline."""
_TEXT = slice(3, -5)
_TRANSCRIPT = slice(3, -2)


class TokenCache(Protocol):
    """Keeps the ids of what is said again and again, by the framed text."""

    def get(self, key: str, make: Callable[[], Ids], /) -> Ids: ...


class Uncached:
    """Keeps nothing."""

    def get(self, key: str, make: Callable[[], Ids], /) -> Ids:
        return make()


class Tokens:
    """The tokenizer of a checkpoint, behind what keeps its special tokens out of users' hands."""

    def __init__(self, tokenizer: Any, cache: TokenCache | None = None) -> None:
        """`tokenizer` as in `worker.engine.processor.processor`; `cache` for all but texts."""
        self._tokenizer = tokenizer
        self._cache = cache or Uncached()
        self._template = Template(tokenizer.get_added_vocab())
        self.role: Ids = self._encode(TEXT.format(""))[ROLE]

    def plain(self, text: str) -> str:
        """A text without special tokens."""
        return self._template.plain(text)

    def text(self, text: str) -> Ids:
        """The text alone. Raises NothingToSay."""
        plain = checking.require_words(self._template.plain(text))
        return self._encode(TEXT.format(plain))[_TEXT]

    def transcript(self, text: str) -> Ids:
        """What is said in a reference. Raises NothingToSay."""
        plain = checking.require_words(self._template.plain(text), "transcript")
        return self._kept(TRANSCRIPT.format(plain))[_TRANSCRIPT]

    def instruct(self, text: str | None) -> Ids:
        """Directions with their frame; nothing where nothing is asked for."""
        plain = self._template.plain(text or "")
        return self._kept(INSTRUCT.format(plain)) if plain else ()

    def _kept(self, framed: str) -> Ids:
        return self._cache.get(framed, lambda: self._encode(framed))

    def _encode(self, framed: str) -> Ids:
        return tuple(self._tokenizer(framed)["input_ids"])
