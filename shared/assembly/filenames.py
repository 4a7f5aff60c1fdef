"""What files are called after what documents call things: plain letters, and never twice."""

import re
import unicodedata

_OUTSIDE = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ß": "ss"})
_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""What Windows lets no file be called."""
_LONGEST = 48


class Filenames:
    """Names that were given in one place; each stays its owner's."""

    def __init__(self, otherwise: str) -> None:
        """`otherwise` stands for what has no Latin letter or digit."""
        self._otherwise = otherwise
        self._given: dict[str, str] = {}
        self._taken: dict[str, int] = {}
        """Names that are somebody's, and the last number that was tried after each."""

    def of(self, owner: str, words: str | None = None) -> str:
        """The name of `owner`, made from its `words`, or from itself: `[a-z0-9_]`."""
        if owner not in self._given:
            name = self._free(slug(owner if words is None else words) or self._otherwise)
            self._given[owner] = name
            self._taken[name] = 1
        return self._given[owner]

    def _free(self, name: str) -> str:
        free = name
        while free in self._taken:
            self._taken[name] += 1
            free = f"{name}_{self._taken[name]}"
        return free


def slug(words: str) -> str:
    """Latin letters and digits of `words`, joined by `_`; empty where there are none."""
    plain = unicodedata.normalize("NFKD", words.casefold().translate(_LETTERS))
    base = "".join(sign for sign in plain if not unicodedata.combining(sign))
    name = _OUTSIDE.sub("_", base)[:_LONGEST].strip("_")
    return f"{name}_" if _DEVICE.fullmatch(name) else name
