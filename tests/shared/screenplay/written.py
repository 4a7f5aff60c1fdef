"""Scripts written down briefly, to be compared at a glance."""

from shared.screenplay.elements import (
    Action,
    Aside,
    Beat,
    Direction,
    Element,
    Heading,
    Part,
    Script,
    Speech,
)


def brief(script: Script) -> list[str]:
    """`ANNA: (softly) Hello.`, with `^` for dual dialogue; `= heading`, `! action`, `- aside`."""
    return [_element(element) for element in script.elements]


def said(script: Script) -> list[str]:
    return [_element(speech) for speech in script.speeches]


def _element(element: Element) -> str:
    match element:
        case Heading(words):
            return f"= {words.text}"
        case Action(words):
            return f"! {words.text}"
        case Aside(words):
            return f"- {words.text}"
        case Speech():
            mark = " ^" if element.dual else ""
            return " ".join([f"{element.character}{mark}:", *map(_part, element.parts)])


def _part(part: Part) -> str:
    match part:
        case Beat():
            return "(beat)"
        case Direction(words):
            return f"({words.text})"
        case words:
            return words.text
