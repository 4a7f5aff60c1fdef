"""Where all pages are: in which group of the menu, under which name, with which sign."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.requests.declared import Declared
from ui.dashboard import path_of
from ui.translation import mark

OVERVIEWS = {
    "voices": mark("Voices"),
    "outputs": mark("Outputs"),
    "emotions": mark("Emotions"),
    "queue": mark("Queue"),
    "system": mark("System"),
}
"""Pages that look at the whole service, by their paths; the others are those of the contracts."""
_CODEC = mark("Codec")
_FIRST = (
    "custom_voice",
    "voice_design",
    "voice_clone",
    "design_then_clone",
    "codec_encode",
    "codec_decode",
    "narration",
    "script",
    "subtitles",
    "npc_pack",
)
"""Contracts in the order in which people meet them; all others follow."""


@dataclass(frozen=True)
class Entry:
    """A line of the menu; the titles of groups and entries are not translated yet."""

    title: str
    path: str
    sign: str
    """Name of its drawing in `ui.signs`."""
    covers: tuple[str, ...] = ()
    """Paths of the pages behind it, where it stands for several."""


@dataclass(frozen=True)
class Group:
    """Entries that belong together."""

    title: str
    entries: Sequence[Entry]


def ordered(contracts: Iterable[type[Declared]]) -> list[type[Declared]]:
    """Contracts as pages follow each other."""
    place = {name: number for number, name in enumerate(_FIRST)}
    return sorted(contracts, key=lambda each: place.get(each.name, len(_FIRST)))


def groups(contracts: Iterable[type[Declared]]) -> list[Group]:
    """The menu, top to bottom; a contract that is declared tomorrow stands in it by itself."""
    known = ordered(contracts)
    return [
        Group(mark("Speech"), [*_tasks(known)]),
        Group(mark("Longer works"), [_of(each) for each in known if each.kind == "pipeline"]),
        Group(mark("Library"), [_overview(path) for path in ("voices", "outputs", "emotions")]),
        Group(mark("Service"), [*_codec(known), *map(_overview, ("queue", "system"))]),
    ]


def siblings(path: str, contracts: Iterable[type[Declared]]) -> list[Entry]:
    """The pages that share one line of the menu with this one, itself included."""
    coding = [_of(each) for each in ordered(contracts) if each.on_codec_alone]
    return coding if path in {entry.path for entry in coding} else []


def _tasks(contracts: Iterable[type[Declared]]) -> Iterator[Entry]:
    return (_of(each) for each in contracts if each.kind == "task" and not each.on_codec_alone)


def _codec(contracts: Iterable[type[Declared]]) -> Iterator[Entry]:
    """One line for what only encodes and decodes."""
    paths = tuple(path_of(each.name) for each in contracts if each.on_codec_alone)
    if paths:
        yield Entry(_CODEC, paths[0], "codec", paths)


def _of(contract: type[Declared]) -> Entry:
    path = path_of(contract.name)
    return Entry(contract.title, path, contract.name, (path,))


def _overview(path: str) -> Entry:
    return Entry(OVERVIEWS[path], path, path, (path,))
