"""What may reach the model: no control characters, no special tokens, something to say."""

import re
import unicodedata

from shared.errors import NothingToSay

_SPECIAL_TOKEN = re.compile(r"<\|[^<>|\s]{0,64}\|>|</?(?:tts_pad|tts_text_bos\w*|tts_text_eod)>")
"""`<|im_end|>` and its kin would end or reopen the chat template that the model reads."""
_BLANKS = re.compile(r"[^\S\n]+")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")


def clean(text: str) -> tuple[str, list[str]]:
    """The text as it is spoken, and a remark for each thing that was taken out."""
    remarks: list[str] = []
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(character for character in text if not _is_control(character))
    if len(kept) < len(text):
        remarks.append("Control characters in the text were left out.")
    kept = _EMPHASIS.sub(r"\2", _HEADING.sub(_heading, kept))
    # After all that takes something out, which could bring the two halves of a token together;
    # the blank put in its place cannot, for no token holds one.
    kept, tokens = _SPECIAL_TOKEN.subn(" ", kept)
    if tokens:
        remarks.append("Special tokens of the model in the text were left out.")
    return _BLANKS.sub(" ", kept).strip(), remarks


def speakable(text: str) -> str:
    """`text` itself. Raises NothingToSay when no letter or digit is left after cleaning."""
    if not has_speech(clean(text)[0]):
        raise NothingToSay("The text holds nothing that can be spoken.", param="text")
    return text


def has_speech(text: str) -> bool:
    """True if `text` has a letter or a digit of any script."""
    return any(character.isalnum() for character in text)


def _heading(line: re.Match[str]) -> str:
    return line[1].rstrip(" \t#") + "\n"


def _is_control(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
