"""Paragraphs of a screenplay, each known for what it is, gathered into speeches and the rest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from shared.screenplay.directions import directed, direction, name_of
from shared.screenplay.elements import Action, Aside, Element, Heading, Part, Span, Speech, Words


class Kind(Enum):
    """What a paragraph is."""

    HEADING = auto()
    ACTION = auto()
    CUE = auto()
    DIRECTION = auto()
    SAID = auto()


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a screenplay."""

    kind: Kind | str
    """Or, for what is never spoken, the reason in one sentence."""
    words: Words
    dual: bool = False
    """Of a cue: it is said together with the speech before it."""


def gather(paragraphs: Iterable[Paragraph]) -> list[Element]:
    """The elements of a script; what follows a cue is said, until something else comes."""
    elements: list[Element] = []
    going_on: int | None = None
    said: list[Part] = []
    for paragraph in paragraphs:
        kind, words = paragraph.kind, paragraph.words
        if not words.spans:
            continue
        if isinstance(kind, str):
            elements.append(Aside(words, kind))
        elif kind in (Kind.DIRECTION, Kind.SAID) and going_on is not None:
            said += direction(words) if kind is Kind.DIRECTION else [words]
        else:
            _finish(elements, going_on, said)
            going_on, said = None, []
            if kind is Kind.CUE:
                name, said = name_of(words)
                going_on = len(elements)
                elements.append(Speech(name, words.spans[0], dual=paragraph.dual))
            else:
                elements.append(Heading(words) if kind is Kind.HEADING else Action(words))
    _finish(elements, going_on, said)
    return elements


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Lines that follow each other as one text, and the directions in it taken out."""
    whole: list[Part] = []
    run: list[Span] = []
    for part in parts:
        if isinstance(part, Words):
            run += part.spans
        else:
            whole += directed(Words(tuple(run)))
            whole.append(part)
            run = []
    return (*whole, *directed(Words(tuple(run))))


def _finish(elements: list[Element], at: int | None, said: list[Part]) -> None:
    if at is not None:
        speech = elements[at]
        assert isinstance(speech, Speech)
        elements[at] = replace(speech, parts=joined(said))
