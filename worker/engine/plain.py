"""Text made safe to stand inside a prompt of the model, where it is spliced in as it is."""

import re
from collections.abc import Iterable


class Template:
    """Knows the tokenizer's special tokens, none of which may come from a user."""

    def __init__(self, special: Iterable[str]) -> None:
        longest_first = sorted(special, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)))

    def plain(self, text: str) -> str:
        """`text` without special tokens, nor space around it.

        The blank left behind keeps two halves of another token apart; a leading newline would
        merge with the prompt's own into one token.
        """
        return self._special.sub(" ", text).strip()
