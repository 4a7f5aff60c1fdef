"""Mark-up that lasts beyond the sentence in which it was written."""

import re
from dataclasses import dataclass, field

from shared.text import ssml
from shared.text.plain import Plain

_TAG = re.compile(
    r"\[(?P<off>/?)[ \t]{0,3}(?P<name>(?i:voice|emotion|speed|language|lang))"
    r"(?P<value>[ \t]{0,3}[:=][ \t]{0,3}[^\s\[\]][^\n\[\]]{0,99})?[ \t]{0,3}\]"
    rf"|{ssml.TAG}"
)
_LASTING = frozenset({"speak", "prosody", "lang", "p", "s", "emphasis"})
"""Elements that may hold several sentences."""


@dataclass
class InForce:
    """What holds of it at some place of a text."""

    tags: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Name, how it was opened, how it is closed; the first opened first."""
    mood: str = ""
    """The marker that holds for the rest of the paragraph, with a blank after it."""

    def around(self, text: str) -> str:
        """The text, whole by itself; from now on, what it has opened is in force."""
        opened = "".join(tag for _, tag, _ in self.tags)
        self._read(text)
        closed = "".join(tag for _, _, tag in reversed(self.tags))
        return f"{opened}{self.mood}{text}{closed}"

    def keep_mood(self, plain: Plain, ends_paragraph: bool) -> None:
        """What a marker in the last text says of the next one."""
        last = plain.moods[-1] if plain.moods else None
        holds = last and plain.text.ends and last.end >= plain.text.ends[-1]
        self.mood = f"({last.emotion}) " if last and holds and not ends_paragraph else ""

    def _read(self, text: str) -> None:
        for match in _TAG.finditer(text):
            if match["name"]:
                self._read_bracket(match)
            elif match["tag"] and match["tag"].lower() in _LASTING and not match["empty"]:
                name = f"<{match['tag'].lower()}"
                self._drop(name) if match["close"] else self.tags.append(
                    (name, match[0], f"</{match['tag']}>")
                )

    def _read_bracket(self, match: re.Match[str]) -> None:
        name = match["name"].lower()
        if match["off"] or match["value"]:
            self._drop(name)
        if match["value"]:
            self.tags.append((name, match[0], f"[/{match['name']}]"))

    def _drop(self, name: str) -> None:
        """Forget the last of that name."""
        places = [place for place, tag in enumerate(self.tags) if tag[0] == name]
        if places:
            del self.tags[places[-1]]
