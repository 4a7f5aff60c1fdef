"""What is sent, and where to: all that the ways to ask are written from."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.audio.formats import FILES
from shared.requests.declared import Declared, UploadKind
from ui.translation import tr

LONGEST = 2_000
"""Characters of a text that is shown; a longer one is read from a file."""
FROM_FILES = (
    "import json, sys; print(json.dumps({**json.loads(sys.argv[1]), "
    '**{n: open(n + ".txt", encoding="utf-8").read() for n in sys.argv[2:]}}))'
)
"""A program that puts texts from files into a request."""


@dataclass(frozen=True)
class Step:
    """Some lines to type, and what they are for."""

    about: str
    code: str


@dataclass(frozen=True)
class Sent:
    """A request as a form sends it, apart from its files."""

    task: str
    request: Mapping[str, Any]
    """Without what would be taken anyhow."""
    files: Mapping[str, str]
    """The names of files that have to be sent first, by field."""
    kinds: Mapping[str, UploadKind]
    """What each of them is checked as."""
    planned: bool = False
    """True for what can be planned before it is spoken."""
    codes: bool = False
    """True where codes come of it."""

    @property
    def long(self) -> list[str]:
        """The fields whose texts are too long to be shown."""
        texts = ((name, value) for name, value in self.request.items() if isinstance(value, str))
        return [name for name, value in texts if len(value) > LONGEST]

    @property
    def short(self) -> dict[str, Any]:
        """All others."""
        return {name: value for name, value in self.request.items() if name not in self.long}

    @property
    def sound(self) -> str:
        """What the finished file may be called."""
        return f"speech{FILES[self.request.get('format', 'wav')].extension}"


@dataclass(frozen=True)
class Service:
    """Where requests go."""

    address: str
    keyed: bool = False
    """True where a key has to be sent."""


def brief(
    contract: type[Declared], request: Mapping[str, Any], named: Iterable[str]
) -> dict[str, Any]:
    """A request without what the service takes anyhow; `named` fields would be filled in
    otherwise if they were left out."""
    kept = {*named, *contract.voices()}
    defaults = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in contract.model_fields.items()
        if not field.is_required()
    }
    return {
        name: value
        for name, value in request.items()
        if name in kept or name not in defaults or value != defaults[name]
    }


def file_name(path: str) -> str:
    """What a file that was put in is called, safe to be shown and typed."""
    name = "".join(letter for letter in Path(path).name if letter.isprintable())
    return f"./{name}" if name.startswith("-") else name or "file"


def saved(sent: Sent) -> Iterator[Step]:
    """What has to be done first with texts that are too long to be shown."""
    if sent.long:
        names = ", ".join(f"{name}.txt" for name in sent.long)
        yield Step(tr("The text is long: save it as {names} first.", names=names), "")


def dumped(value: Any) -> str:
    """A value as JSON; half a letter, which no encoding has, is spelt."""
    return json.dumps(value, ensure_ascii=odd(value))


def odd(value: Any) -> bool:
    plain = json.dumps(value, ensure_ascii=False)
    return any("\ud800" <= letter <= "\udfff" for letter in plain)
