"""Addresses of the web and of mail in words, and what cannot be said left out."""

import re

import emoji

from shared.text.normalise.amounts import Rule
from shared.text.normalise.tongues import Tongue

_TOP = (
    "com|org|net|edu|gov|int|io|dev|app|info|biz|eu|de|at|ch|fr|be|es|it|pt|br|ru|cn|jp|kr|uk|us"
    "|ca|au|nl|se|no|dk|fi|pl|tv|me|ai|co"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}\.){{1,6}}(?:{_TOP})"
_PATH = r"(?:/[A-Za-z0-9._~%+-]{0,100}){0,12}"
_QUERY = r"(?:[?#][^\s<>\"'»”)\]]{0,500}(?<![.,;:!?…]))?"
_MAIL = re.compile(
    rf"(?<![\w.+-])([A-Za-z0-9_][A-Za-z0-9._+-]{{0,62}})@((?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,12}})"
    r"(?![\w-])"
)
_URL = re.compile(rf"(?<![\w@.-])(?:https?://|(?=www\.))({_LABEL}(?:\.{_LABEL}){{0,6}})"
                  rf"(?::\d{{1,5}})?({_PATH}){_QUERY}")  # fmt: skip
_BARE = re.compile(rf"(?<![\w@./-])({_HOST})({_PATH})(?![\w@-]|\.\w)")
_SPOKEN = re.compile(r"[._/@+~%-]")
_TAIL = re.compile(r"[.~%+-]+$")
_MAYBE_EMOJI = re.compile(
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\u20e3"
    r"\U0001f000-\U0001faff]"
)
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=]-?[)(DPp|/]|<3|\^\^)(?!\S)")
_BLANKS = re.compile(r"(?<=\s) +| +(?=[.,…])")


def addresses(tongue: Tongue) -> list[Rule]:
    """`me@example.com`, `https://example.com/a`, `example.com`; what follows `?` is left out."""
    return [
        (_MAIL, lambda match: _aloud(match[0], tongue)),
        (_URL, lambda match: _web(match, tongue)),
        (_BARE, lambda match: _web(match, tongue)),
    ]


def without_pictures(text: str, tongue: Tongue) -> str:
    """Without emoji, and without the plainest of those drawn with letters."""
    found = text
    if _MAYBE_EMOJI.search(text):
        found = emoji.replace_emoji(text, tongue.glue).replace("\ufe0f", "").replace("\u20e3", "")
    found = _EMOTICON.sub("", found)
    return text if found == text else _BLANKS.sub("", found).strip()


def _web(match: re.Match[str], tongue: Tongue) -> str:
    host = match[1].removeprefix("www.")
    path = match[2]
    rest = _TAIL.search(path)
    point = rest[0] if rest and rest[0] == "." else ""
    return _aloud(host + _TAIL.sub("", path).rstrip("/"), tongue) + point


def _aloud(address: str, tongue: Tongue) -> str:
    said = {
        ".": tongue.dot, "/": tongue.slash, "@": tongue.at, "-": tongue.dash,
        "_": tongue.underscore, "+": tongue.plus, "~": "", "%": "",
    }  # fmt: skip
    return " ".join(_SPOKEN.sub(lambda sign: f" {said[sign[0]]} ", address).split())
