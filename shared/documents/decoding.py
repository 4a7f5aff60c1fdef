"""The text that bytes stand for, whatever somebody's editor wrote them as."""

import codecs
import re

from charset_normalizer import from_bytes

from shared.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""That of UTF-32 begins as that of UTF-16 does, so it comes first."""
_JAPANESE = ("cp932", "euc_jp")
_LEGACY = ("cp932", "gb18030", "big5", "cp949", "cp1251", "koi8_r", "cp1252")
"""What the ten languages were written in before Unicode."""
_SAMPLE = 64 << 10
"""Bytes by which an encoding is told; whole lines of them."""
_KANA = re.compile(r"[ぁ-ゟァ-ー]")
_MANY_KANA = 0.2
"""Share of the characters beyond ASCII; Japanese has about half, anything read wrongly hardly any.
"""
_STRAY = 0.01
"""Share of characters that may be damaged; with more, the encoding is another one."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_CONTROLS = 0.005
_NEWLINES = re.compile("\r\n?")
_LOST = "\ufffd"


def text_of(data: bytes) -> str:
    """The text, with `\\n` for every kind of line end and `\\ufffd` for the odd damaged character.

    Raises UnreadableDocument for what is no text, or in no encoding of the ten languages.
    """
    text = _decoded(data)
    if "\0" in text:
        raise _not_text()
    if len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text):
        raise _not_text()
    return _NEWLINES.sub("\n", text)


def _decoded(data: bytes) -> str:
    # This one says little: some programs put it before text in another encoding.
    data = data.removeprefix(codecs.BOM_UTF8)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _mended(data[len(mark) :], encoding)
    if b"\0" in data:
        return _wide(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _mended(data, _legacy(data))


def _mended(data: bytes, encoding: str) -> str:
    text = data.decode(encoding, "replace")
    if text.count(_LOST) > max(1.0, _STRAY * len(text)):
        raise _not_text()
    return text


def _wide(data: bytes) -> str:
    """UTF-16 without its mark: nearly every other byte of Latin text is then 0."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if max(even, odd) < 0.2 * len(data) or min(even, odd) > 0.01 * max(even, odd):
        raise _not_text()
    return _mended(data, "utf-16-be" if even > odd else "utf-16-le")


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 of which few bytes are wrong: a file cut off, or a line pasted from elsewhere."""
    text = data.decode(errors="replace")
    lost = text.count(_LOST)
    beyond = sum(not character.isascii() for character in text) - lost
    return text if beyond > 20 * lost else None


def _legacy(data: bytes) -> str:
    sample = _sample(data)
    for encoding in _JAPANESE:
        if _is_japanese(sample, encoding):
            return encoding
    best = from_bytes(sample, cp_isolation=list(_LEGACY)).best()
    if best is None:
        raise _not_text()
    return best.encoding


def _sample(data: bytes) -> bytes:
    """The first lines that tell one encoding from another."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines():
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return b"\n".join(lines)


def _is_japanese(sample: bytes, encoding: str) -> bool:
    """True where kana come out; charset-normalizer takes short EUC-JP for Korean."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    beyond = sum(not character.isascii() for character in text)
    return len(_KANA.findall(text)) > _MANY_KANA * beyond


def _not_text() -> UnreadableDocument:
    return UnreadableDocument(
        "The file is no text, or in an encoding that is not known.",
        param="source",
        hint="Save it as UTF-8 text and send it again.",
    )
