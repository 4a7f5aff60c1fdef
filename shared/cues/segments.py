"""What is said in a cue and by whom; what is only heard or shown is taken out."""

import html
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from shared.cues.cue import LoadedCue, Segment
from shared.requests.role import LONGEST_NAME, same
from shared.text.markers import mood_of

_INNER_TIME = re.compile(r"<\d[\d:.,]*>")
_READING = re.compile(r"<rt\b[^<>]*>[^<>]*(?:</rt>)?", re.I)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s([^<>]*))?>|</v>", re.I)
_TAG = re.compile(
    r"</?(?:i|b|u|s|font|c|ruby|rp|span|br|em|strong|lang(?![^<>]*=))(?:[\s./][^<>]*)?>", re.I
)
"""Tags of subtitles; those of SSML stay for who reads mark-up."""
_STYLE = re.compile(r"\{[\\=][^{}]*\}|\{[YyCcFfSsPp]:[^{}]*\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_MUSIC = re.compile(r"[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]+|[♪♫♬♩][^\n]*")
_MARK_UP = r"/?\s*(?:pause|break|silent|silence|voice|emotion|speed|lang|language)\s*(?:[:=\d\]])"
_SOUND = re.compile(
    rf"\[(?!{_MARK_UP}|[A-Z]\][A-Z])[^\[\]]*\]|［[^［］]*］"
    r"|(?!(?<=[A-Z])\([A-Z]{1,3}\))\([^()]*\)|（[^（）]*）",
    re.I,
)
"""Not `[T]he`, nor `key(s)`."""
_LEADING = re.compile(r"\s*[(（\[［]([^()（）\[\]［］]+)[)）\]］]\s*(?=\S)")
_CHANGE = re.compile(r"\s*(?:[-‐–—](?:\s+|(?=[^\s\d\-‐–—>]))|>>+\s*)(?=\S)")
"""A dash or `>>` at the beginning of a line: somebody else speaks."""
_ENDED = re.compile(r"[.?!…。？！\"'”’»)\]♪]\s*$")

_NAME = re.compile(
    r"""\s*(?:\[(?P<boxed>[^\[\]:：]{1,60})\]
        |(?P<name>[^\W\d_][^:：\n<>()（）\[\]!?…"“”]{0,59}?)
         (?:\s*[(（](?P<direction>[^()（）]{1,100})[)）])?)
        \s*(?::(?=\s|$)|：)\s*""",
    re.VERBOSE,
)
_OFF = re.compile(r"v\.?\s?o\.?|o\.?\s?[sc]\.?|cont(?:['’]?d|inued)?\.?|off|on tv|on phone", re.I)
"""Where somebody is, which is no direction."""
_FEW_WORDS = 3
_LITTLE = frozenset(
    ("&", "of", "the", "de", "del", "di", "da", "do", "la", "le", "von", "van", "der")
)
"""Words of a name that have no capital."""
_NO_NAMES = frozenset(
    (
        *("answer", "attention", "but", "caution", "example", "hint", "however", "listen", "look"),
        *("meaning", "note", "notice", "now", "part", "p.s.", "ps", "question", "remember", "rule"),
        *("so", "step", "then", "tip", "today", "tomorrow", "warning", "well", "yes", "no", "plus"),
    )
)
"""What begins a sentence with a colon after it, and is nobody's name."""
_SAYING = frozenset("说說道问問答曰")
"""Ends of what is no name before a colon, but "he said"."""


@dataclass(frozen=True)
class Told:
    """A cue, taken apart."""

    segments: list[Segment]
    """In the order in which they are heard."""
    sounds: list[str]
    """What was taken out: `[engine starting]`."""


def apart(cue: LoadedCue, known: Collection[str] = ()) -> Told:
    """The segments of a cue; `known` are names in the form that `same` gives them."""
    sounds: list[str] = []
    segments: list[Segment] = []
    for speaker, text in _voices(cue):
        for piece in _turns(text, speaker, known):
            segment = _without_sounds(piece, sounds)
            if segment.text:
                segments.append(segment)
    return Told(segments, sounds)


def repeated(cues: Iterable[LoadedCue]) -> set[str]:
    """What stands before a colon at the beginning of two lines or more, by `same`."""
    found = Counter(
        same(match["boxed"] or match["name"])
        for cue in cues
        for line in _plain(cue.text).split("\n")
        if (match := _NAME.match(_CHANGE.sub("", line, count=1)))
    )
    return {name for name, count in found.items() if count > 1} - _NO_NAMES


# --- voices and turns -------------------------------------------------------------------------


def _voices(cue: LoadedCue) -> Iterator[tuple[str, str]]:
    """The parts of a cue that `<v Name>` begins, without their tags."""
    text = _READING.sub("", _INNER_TIME.sub("", cue.text))
    own = cue.speaker[:LONGEST_NAME]
    speaker, start = own, 0
    for tag in _VOICE.finditer(text):
        yield speaker, _plain(text[start : tag.start()])
        named = " ".join(_unescaped(tag[1] or "").split())
        speaker, start = named[:LONGEST_NAME] or own, tag.end()
    yield speaker, _plain(text[start:])


def _plain(text: str) -> str:
    """Without tags; an entity is unescaped last, so that what it stands for is no tag."""
    return _unescaped(_STYLE.sub("", _TAG.sub("", _VOICE.sub("", text))))


def _unescaped(text: str) -> str:
    """Only what ends in a semicolon: somebody may well write of a "Rock&copy" shop."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _turns(text: str, speaker: str, known: Collection[str]) -> Iterator[Segment]:
    """The text, cut where a line names a speaker, or a dash says that it is another one's."""
    turn = Segment("", speaker)
    for line in text.split("\n"):
        change = _CHANGE.match(line)
        rest = line[change.end() :] if change else line
        named = _named(rest, known)
        if named:
            yield turn
            turn = replace(named, speaker=named.speaker or speaker)
        elif change and not turn.text:
            turn = replace(turn, text=rest)
        elif change and (_ENDED.search(turn.text) or ">" in change[0]):
            yield turn
            turn = Segment(rest, speaker)
        else:
            turn = replace(turn, text=f"{turn.text}\n{line}".strip())
    yield turn


def _named(line: str, known: Collection[str]) -> Segment | None:
    """`ANNA (quietly): It was enough.`"""
    match = _NAME.match(line)
    if match is None:
        return None
    name = " ".join((match["boxed"] or match["name"]).split())
    if not _looks_like_a_name(name, known):
        return None
    direction = (match["direction"] or "").strip()
    return Segment(line[match.end() :], name, "" if _OFF.fullmatch(direction) else direction)


def _looks_like_a_name(name: str, known: Collection[str]) -> bool:
    """`MRS. O'NEIL`, `Man 2`; what has no capitals, or many words, only where it is known."""
    words = name.split()
    if same(name) in known:
        return not words[0].islower() and name[-1] not in _SAYING
    if same(name) in _NO_NAMES or len(words) > _FEW_WORDS:
        return False
    return all(word[0].isupper() or word[0] in "#0123456789" or word in _LITTLE for word in words)


# --- sounds -----------------------------------------------------------------------------------


def _without_sounds(segment: Segment, sounds: list[str]) -> Segment:
    """The segment with its direction; every other thing in brackets is added to `sounds`."""
    text = segment.text
    directions = [segment.direction] if segment.direction else []
    while (leading := _LEADING.match(text)) and _is_direction(leading, text):
        directions.append(leading[1].strip())
        text = text[leading.end() :]
    for pattern in (_MUSIC, _SOUND):
        sounds += [found[0].strip() for found in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    text = re.sub(r"\s+([,.!?;:…])", r"\1", " ".join(text.split()))
    return Segment(text, segment.speaker, "; ".join(directions))


def _is_direction(leading: re.Match[str], text: str) -> bool:
    """`(quietly)` before words says how; `[door slams]` is heard, unless it names a mood."""
    rest = _SOUND.sub("", _MUSIC.sub("", text[leading.end() :]))
    if not any(letter.isalnum() for letter in rest):
        return False
    return leading[0].strip()[0] in "(（" or mood_of(leading[1]) is not None
