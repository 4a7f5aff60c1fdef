"""Names of voices and presets, and the ids that are made from them."""

import hashlib
import re
import unicodedata

from shared.errors import InvalidRequest

LONGEST = 80
"""Characters of a name."""

_LONGEST_ID = 60
"""Characters of an id that is made from a name; a number may follow."""
_SLASHES = frozenset("/\\")
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of what cannot be seen and may turn a line around."""
_JOINERS = frozenset("\u200c\u200d")
"""Of those the two that Persian and emoji are written with."""
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
"""Latin letters that Unicode does not take apart."""
_OUTSIDE_ID = re.compile(r"[^a-z0-9]+")
_LONGEST_STEM = 64
"""Characters of a file name before its first dot."""
_PROMPT = re.compile(r"prompt-([a-z0-9-]+)(?:_([a-z0-9_]+))?\.safetensors")
_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""What Windows lets no folder be called."""


def checked_name(name: str) -> str:
    """The name with single blanks, in NFC. Raises InvalidRequest for what no name may hold."""
    tidy = re.sub(r" +", " ", unicodedata.normalize("NFC", name).strip())
    if not 1 <= len(tidy) <= LONGEST:
        raise _refused(f"A name has 1 to {LONGEST} characters.")
    if _SLASHES & set(tidy):
        raise _refused("A name holds no slashes.")
    if any(unicodedata.category(letter) in _HIDDEN for letter in set(tidy) - _JOINERS):
        raise _refused("A name holds no control characters.")
    if not any(letter.isprintable() and letter not in ". " for letter in tidy):
        raise _refused("A name is more than dots and blanks.")
    return tidy


def folded(name: str) -> str:
    """What names that people would take for the same have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def slug(name: str) -> str:
    """The id of a name: `old_sailor`; of one without Latin letters `voice_` and a number."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    word = _OUTSIDE_ID.sub("_", "".join(filter(_is_base, plain)))[:_LONGEST_ID].strip("_")
    if not any(letter.isalpha() for letter in word):
        return f"voice_{_digest(name)}"
    return f"voice_{word}" if _DEVICE.fullmatch(word) else word


def prompt_name(checkpoint_id: str, mood: str = "") -> str:
    """The file in which a voice keeps its prompt for a checkpoint: `prompt-0-6b-base.safetensors`.

    That of a mood ends with it, `_happy`. The id of a checkpoint of your own may hold anything and
    be of any length, which a file name may not.
    """
    checkpoint = _OUTSIDE_ID.sub("-", checkpoint_id.casefold()).strip("-")
    tail = f"_{mood}" if mood else ""
    room = _LONGEST_STEM - len(f"prompt-{tail}")
    if not 0 < len(checkpoint) <= room:
        checkpoint = f"{checkpoint[: room - 9]}-{_digest(checkpoint_id)}".strip("-")
    return f"prompt-{checkpoint}{tail}.safetensors"


def prompt_parts(name: str) -> tuple[str, str] | None:
    """Checkpoint, as file names have it, and mood of a prompt; None for any other file."""
    match = _PROMPT.fullmatch(name)
    return (match[1], match[2] or "") if match else None


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]


def _is_base(letter: str) -> bool:
    return not unicodedata.combining(letter)


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest(reason, param="name")
