"""What may reach the model: no control characters, no special tokens, something to say."""

import re
import unicodedata
from collections.abc import Iterator

from shared.errors import NothingToSay
from shared.text.remarks import Remarks
from shared.text.tracked import Edit, Tracked

PICTURES = "Pictures were left out:"
_SPECIAL_TOKEN = re.compile(r"<\|[^<>|\s]{0,64}\|>|</?(?:tts_pad|tts_text_bos\w*|tts_text_eod)>")
"""`<|im_end|>` and its kin would end or reopen the chat template that the model reads."""
_LINE_END = re.compile(r"\r\n?")
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_ADDRESS = (
    r"\((?=[^\s()]{0,200}[./:#][\w/])(?:[^\s()]|\([^\s()]{0,200}\)){1,1000}"
    r"(?: \"[^\"\n]{0,300}\")?\)"
)
"""Of a link; `[Ana](sad)` is none, nor is `[laugh](...)`."""
_PICTURE = re.compile(rf"!\[[^\[\]\n]{{0,500}}\]{_ADDRESS}")
_MARKS = (
    re.compile(rf"(?<!\\)\[(?P<kept>[^\[\]\n]{{0,500}})\]{_ADDRESS}"),
    re.compile(r"<(?P<kept>https?://[^\s<>]{1,1000})>"),
    re.compile(r"(?<![\w`~])(`{1,2}|~~)(?=\S)(?P<kept>[^`~\n]{1,1000})(?<=\S)\1(?![\w`~])"),
    re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)(?P<kept>[^*_\n]+?)(?<=\S)\1(?![\w*])"),
)
"""Links, addresses in angle brackets, code and what is struck out, emphasis."""


def clean(text: str) -> tuple[str, list[str]]:
    """The text as it is spoken, and a remark for each thing that was taken out."""
    remarks = Remarks(text)
    plain = made_safe(laid_bare(Tracked.of(text), remarks), remarks)
    return plain.stripped().text, remarks.sentences()


def laid_bare(text: Tracked, remarks: Remarks) -> Tracked:
    """Without control characters, pictures, and the marks of Markdown around words."""
    unified = text.replaced(_LINE_END, lambda _: "\n").composed()
    kept = unified.edited(_controls(unified.text))
    if kept is not unified:
        remarks.say("Control characters in the text were left out.")
    for picture in _PICTURE.finditer(kept.text):
        remarks.add(PICTURES, picture[0], kept.starts[picture.start()])
    bare = kept.replaced(_PICTURE, lambda _: "")
    bare = bare.edited(edit for line in _HEADING.finditer(bare.text) for edit in _heading(line))
    for marks in _MARKS:
        bare = bare.edited(edit for found in marks.finditer(bare.text) for edit in _unmarked(found))
    return bare


def made_safe(text: Tracked, remarks: Remarks) -> Tracked:
    """Without special tokens and superfluous blanks.

    It comes after all that takes something out, which could bring the two halves of a token
    together; the blank put in its place cannot, for no token holds one.
    """
    safe = text.replaced(_SPECIAL_TOKEN, lambda _: " ")
    if safe is not text:
        remarks.say("Special tokens of the model in the text were left out.")
    return safe.replaced(_BLANKS, lambda _: " ")


def speakable(text: str) -> str:
    """`text` itself. Raises NothingToSay when no letter or digit is left after cleaning."""
    if not has_speech(clean(text)[0]):
        raise NothingToSay("The text holds nothing that can be spoken.", param="text")
    return text


def has_speech(text: str) -> bool:
    """True if `text` has a letter or a digit of any script."""
    return any(character.isalnum() for character in text)


def _unmarked(found: re.Match[str]) -> Iterator[Edit]:
    yield Edit(found.start(), found.start("kept"))
    yield Edit(found.end("kept"), found.end())


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
