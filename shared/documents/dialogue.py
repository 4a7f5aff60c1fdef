"""What somebody says in a narrative: quotation marks of the ten languages, and dashes."""

import re
from collections.abc import Iterator, Sequence

_CLOSERS = {
    "“": "”",
    "„": "“”",
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
    '"': '"',
    "＂": "＂",
    "‘": "’",
}
"""Opening mark → those that may close it."""
_CLOSING = {marks: re.compile(f"[{marks}]") for marks in _CLOSERS.values()}
_SINGLE = "‘"
_LONGEST_SINGLE = 2_000
"""Characters; what stands between single marks is looked for no further."""
_STRAIGHT = '"＂'
_ANY_OPENER = re.compile("[" + "".join(_CLOSERS) + "]")
_SPEECH_ENDS = ".,!?…;:—–-。，！？、；：～~"
_SPEECH_FOLLOWS = ":,：，、—–"
_SAID_AFTER = re.compile(r"\s*(?:[,，]|と|って|라고|하고|이라고)")

_DASHES = "—–―"
_BEGINS = re.compile(rf"\s*[{_DASHES}](?=\s*[^\s{_DASHES}])")
_DASH = re.compile(rf"\s*[{_DASHES}]")
_WITH_DASHES = frozenset({"spanish", "french", "portuguese", "russian", "italian"})
_STRICT = frozenset({"russian", "italian"})
"""Where a dash also stands within what is said, and punctuation before it tells the difference."""
_PAUSES = ".,;:!?…»”"

Span = tuple[int, int]


def spans(paragraphs: Sequence[str], language: str) -> list[list[Span]]:
    """For each paragraph the stretches that somebody says, marks included, in order.

    A quotation that a paragraph leaves open goes on in the next if that closes it, or opens it
    again. Titles and words in quotation marks (the “Alba Grace”) are nobody's speech.
    """
    found: list[list[Span]] = []
    awaited = ""
    for text in paragraphs:
        if awaited and not _goes_on(text, awaited):
            awaited = ""
        own, awaited = _quoted(text, awaited)
        if not own and language in _WITH_DASHES:
            own = list(_dashed(text, language))
        found.append(own)
    return found


def _goes_on(text: str, awaited: str) -> bool:
    """Whether a paragraph ends what the one before it has left open, and opens nothing first."""
    closes = _first(text, awaited, 0)
    opener = _ANY_OPENER.search(text)
    return closes >= 0 and (opener is None or closes <= opener.start())


def _quoted(text: str, awaited: str) -> tuple[list[Span], str]:
    """The quotations of a paragraph, and the marks that would close the one it leaves open."""
    found: list[Span] = []
    at = 0
    if awaited:
        at = _first(text, awaited, 0) + 1
        found.append((0, at))
    while opener := _ANY_OPENER.search(text, at):
        start, mark = opener.start(), opener[0]
        end = _closing(text, mark, start + 1)
        if end < 0:
            if mark == _SINGLE:
                at = start + 1
                continue
            if start == 0 or text[start - 1].isspace():
                found.append((start, len(text)))
            return found, "" if mark in _STRAIGHT else _CLOSERS[mark]
        at = end + 1
        if _is_speech(text, start, end):
            found.append((start, at))
    return found, ""


def _closing(text: str, mark: str, start: int) -> int:
    if mark != _SINGLE:
        return _first(text, _CLOSERS[mark], start)
    # An apostrophe looks like the closing mark: only one after punctuation is certain.
    if start > 1 and text[start - 2].isalnum():
        return -1
    for closer in _CLOSING["’"].finditer(text, start, start + _LONGEST_SINGLE):
        at = closer.start()
        if text[at - 1] in _SPEECH_ENDS and not text[at + 1 : at + 2].isalnum():
            return at
    return -1


def _first(text: str, marks: str, start: int) -> int:
    found = _CLOSING[marks].search(text, start)
    return found.start() if found else -1


def _is_speech(text: str, start: int, end: int) -> bool:
    """Whether it is said, and no title or word in quotation marks."""
    inside = text[start + 1 : end].strip()
    if not inside:
        return False
    before = text[max(0, start - 20) : start].rstrip()
    return (
        inside[-1] in _SPEECH_ENDS
        or not before
        or before[-1] in _SPEECH_FOLLOWS
        or bool(_SAID_AFTER.match(text, end + 1))
    )


# --- dashes ---


def _dashed(text: str, language: str) -> Iterator[Span]:
    """`—Hola —dijo Ana—. ¿Qué tal?`: all of a paragraph but who says it."""
    begin = _BEGINS.match(text)
    if not begin:
        return
    start, said = 0, True
    for dash in _DASH.finditer(text, begin.end()):
        before, after = text[dash.start() - 1], text[dash.end() : dash.end() + 2] or " "
        if said and after.strip()[:1].islower() and (before in _PAUSES or language not in _STRICT):
            yield start, dash.start()
            said = False
        elif not said and (before in _PAUSES or after[:1] in _PAUSES):
            start = dash.end() + 1 if after[:1] in _PAUSES else dash.start()
            said = True
    if said:
        yield start, len(text)
