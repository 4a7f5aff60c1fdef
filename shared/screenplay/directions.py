"""What stands in brackets: how a line is said, a silence, or where a voice comes from."""

import re
from collections.abc import Iterator

from shared.screenplay.elements import Beat, Direction, Part, Words

_BRACKETS = re.compile(
    r"（([^（）]+)）|(?!(?<=\])\([^\s()]{0,200}[./:#][\w/])(?<!\w)\(([^()]+)\)(?!\w)"
)
"""Not `key(s)`, nor the address of a link."""
_MOST_WORDS = 6
_LONGEST = 60
"""Words and characters of a direction within a text; more is something to be read."""
_SILENCE = re.compile(
    r"(?:(?:an?|the|another|un|une|una|uma|eine?)\s+)?"
    r"(?:(?:long|short|brief|slight|small|tiny|half|awkward|longue?|lunga|larga|lange|kurze|"
    r"долгая|короткая)\s+)*"
    r"(?:beats?|pauses?|silence|moment|temps|pausa|stille|пауза|молчание|停顿|沉默|间|間|沈黙|"
    r"사이|침묵)",
    re.IGNORECASE,
)
_THEN = re.compile(r"\s*(?:[,;.:…，；。]+|\.{2,})\s*(?:then\s+)?")
_EXTENSION = re.compile(
    r"V\.?\s?O\.?|O\.?\s?S\.?|O\.?\s?C\.?|CONT(?:['’]?D|INUED|INUING|\.)?|PRE-?\s?LAP|FILTERED",
    re.IGNORECASE,
)
"""Where a voice comes from, which is nothing about how it sounds; and that it goes on."""


def directed(words: Words) -> list[Part]:
    """What is said, with the short directions in it taken out: `reported (checks tablet) that`."""
    parts: list[Part] = []
    done = 0
    for found in _BRACKETS.finditer(words.text):
        inside = found[1] or found[2]
        if _is_direction(inside):
            parts += _said(words, done, found.start())
            parts += direction(words.cut(found.start(), found.end()))
            done = found.end()
    return [*parts, *_said(words, done, len(words.text))]


def direction(words: Words) -> list[Part]:
    """What a whole pair of brackets asks for: `(beat, then softly)` is a silence and a direction.

    Nothing where it says only where a voice comes from.
    """
    text = words.text
    start, end = _inside(text)
    if silence := _SILENCE.match(text, start, end):
        after = _THEN.match(text, silence.end(), end)
        if silence.end() == end:
            return [Beat()]
        if after:
            return [Beat(), *_direction(words, after.end(), end)]
    return _direction(words, start, end)


def name_of(cue: Words) -> tuple[str, list[Part]]:
    """The name in `TANNOY (V.O.) (weary)`, and the directions beside it."""
    brackets = list(_BRACKETS.finditer(cue.text))
    name = cue.text[: brackets[0].start()] if brackets else cue.text
    beside = [part for found in brackets for part in direction(cue.cut(*found.span()))]
    return " ".join((name if name.strip() else cue.text).split()), beside


def _direction(words: Words, start: int, end: int) -> list[Part]:
    inside = words.cut(start, end)
    if not inside.spans or _is_extension(inside.text):
        return []
    return [Direction(inside)]


def _is_extension(text: str) -> bool:
    return all(_EXTENSION.fullmatch(word.strip()) for word in re.split(r"[/,]", text))


def _is_direction(inside: str) -> bool:
    return (
        len(inside) <= _LONGEST
        and len(inside.split()) <= _MOST_WORDS
        and any(character.isalpha() for character in inside)
    )


def _inside(text: str) -> tuple[int, int]:
    """Where the text within its brackets begins and ends."""
    start = 1 if text[:1] in ("(", "（") else 0
    end = len(text) - (text[-1:] in (")", "）"))
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1] in " \t.":
        end -= 1
    return start, max(start, end)


def _said(words: Words, start: int, end: int) -> Iterator[Words]:
    part = words.cut(start, end)
    if part.spans:
        yield part
