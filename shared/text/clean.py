"""What may reach the model: no control characters, no special tokens, something to say."""

import re
import unicodedata
from collections.abc import Iterator

from shared.errors import NothingToSay
from shared.text.tracked import Edit, Tracked

_SPECIAL_TOKEN = re.compile(r"<\|[^<>|\s]{0,64}\|>|</?(?:tts_pad|tts_text_bos\w*|tts_text_eod)>")
"""`<|im_end|>` and its kin would end or reopen the chat template that the model reads."""
_LINE_END = re.compile(r"\r\n?")
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")


def clean(text: str) -> tuple[str, list[str]]:
    """The text as it is spoken, and a remark for each thing that was taken out."""
    plain, remarks = laid_bare(Tracked.of(text))
    spoken, more = made_safe(plain)
    return spoken.stripped().text, remarks + more


def laid_bare(text: Tracked) -> tuple[Tracked, list[str]]:
    """Without control characters and Markdown, and a remark if there were any of the former."""
    unified = text.replaced(_LINE_END, lambda _: "\n").composed()
    kept = unified.edited(_controls(unified.text))
    remarks = ["Control characters in the text were left out."] if kept is not unified else []
    kept = kept.edited(edit for line in _HEADING.finditer(kept.text) for edit in _heading(line))
    return kept.edited(
        Edit(*span)
        for marks in _EMPHASIS.finditer(kept.text)
        for span in ((marks.start(), marks.start(2)), (marks.end(2), marks.end()))
    ), remarks


def made_safe(text: Tracked) -> tuple[Tracked, list[str]]:
    """Without special tokens and superfluous blanks, and a remark if there were any tokens.

    It comes after all that takes something out, which could bring the two halves of a token
    together; the blank put in its place cannot, for no token holds one.
    """
    safe = text.replaced(_SPECIAL_TOKEN, lambda _: " ")
    remarks = ["Special tokens of the model in the text were left out."] * (safe is not text)
    return safe.replaced(_BLANKS, lambda _: " "), remarks


def speakable(text: str) -> str:
    """`text` itself. Raises NothingToSay when no letter or digit is left after cleaning."""
    if not has_speech(clean(text)[0]):
        raise NothingToSay("The text holds nothing that can be spoken.", param="text")
    return text


def has_speech(text: str) -> bool:
    """True if `text` has a letter or a digit of any script."""
    return any(character.isalnum() for character in text)


def _heading(line: re.Match[str]) -> Iterator[Edit]:
    """The marks of a heading go, and an empty line makes it a paragraph."""
    end = line.start(1) + len(line[1].rstrip(" \t#"))
    yield Edit(line.start(), line.start(1))
    yield Edit(end, line.end(), "\n")


def _controls(text: str) -> Iterator[Edit]:
    if text.isprintable():
        return
    for place, character in enumerate(text):
        if not character.isprintable() and _is_control(character):
            yield Edit(place, place + 1)


def _is_control(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
