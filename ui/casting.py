"""The cast of a plan on a page: what each has to say, and a voice for each to choose."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared import emotions
from shared.plans import casting
from shared.plans.plan import Part
from shared.requests.role import Role
from shared.voices.view import VoiceView
from ui import markup, picker
from ui.markup import Html, element
from ui.translation import plural, tr

_MOST = 200
"""Members that get a picker; the others are named in the full cast."""
_LONGEST = 60
"""Characters of the description of a designed voice."""


def mapped(cast: Mapping[str, Any], name: str, voice: str) -> dict[str, Any]:
    """The cast with another voice for one of its members; without one, its voice is automatic."""
    known = next((key for key in cast if casting.same(key) == casting.same(name)), name)
    before = cast.get(known, {})
    role: dict[str, Any] = {"voice": before} if isinstance(before, str) else dict(before)
    role |= {"voice": voice or None}
    if voice:
        role["description"] = None
    kept = {part: value for part, value in role.items() if value is not None}
    others = {key: value for key, value in cast.items() if key != known}
    return {**others, known: kept} if kept else others


def table(
    cast: Sequence[Part],
    voices: Mapping[str, VoiceView],
    hues: Mapping[str, int],
    mapped: bool,
) -> Html:
    """Those who speak, in the order in which they appear; empty where nobody has a name.

    Where they are `mapped`, each has a voice to choose; elsewhere fields of the form say it.
    """
    if not cast:
        return Html("")
    rows = (_member(part, voices, hues, mapped) for part in cast[:_MOST])
    left = len(cast) - _MOST
    more = plural(
        "… and {count} more: name its voice under “Cast in full”.",
        "… and {count} more: name their voices under “Cast in full”.",
        left,
    )
    return markup.joined(
        [
            element("h2", tr("Cast")),
            element("ul", *rows, class_="cast", words=picker.words()),
            element("p", more, class_="hint") if left > 0 else None,
        ]
    )


def who(role: Role, voices: Mapping[str, VoiceView]) -> str:
    """Who speaks a line, in words."""
    if role.voice:
        return voices[role.voice].name if role.voice in voices else role.voice
    if role.description:
        return tr("designed: {description}", description=role.description)
    return tr("no voice")


def manner(role: Role) -> Iterator[str]:
    """How a line is spoken, where that is other than plain: its mood and its direction."""
    if role.emotion:
        yield mood(role.emotion)
    if role.instruct:
        yield f"“{role.instruct}”"
    if role.speed != 1:
        yield tr("{speed} × the pace", speed=f"{role.speed:g}")


def mood(name: str) -> str:
    """A mood as people read it."""
    known = emotions.EMOTIONS.get(name)
    return tr(known.name) if known else name


def _member(
    part: Part,
    voices: Mapping[str, VoiceView],
    hues: Mapping[str, int],
    mapped: bool,
) -> Html:
    count = plural("{count} line", "{count} lines", part.lines)
    length = tr("about {length}", length=markup.seconds(part.seconds))
    about = element(
        "div",
        element(
            "div",
            markup.speaker(part.name, hues),
            element("span", f"{count}, {length}", class_="hint"),
            element("span", tr("automatic"), class_="badge") if part.automatic else None,
            class_="choices",
        ),
        element("blockquote", part.sample, class_="hint"),
        class_="grows",
    )
    voice = _voice(part, voices, mapped)
    return element("li", about, voice, data_member=part.name)


def _voice(part: Part, voices: Mapping[str, VoiceView], mapped: bool) -> Html:
    """The voice of a member, to hear, and to choose where they are mapped."""
    voice = voices.get(part.role.voice or "")
    if mapped:
        return element("div", _picker(part, voice, voices), class_="voice-of")
    heard = picker.sample(voice) if voice else None
    return element("div", heard, element("span", who(part.role, voices)), class_="choices voice-of")


def _picker(part: Part, voice: VoiceView | None, voices: Mapping[str, VoiceView]) -> Html:
    automatic = tr("Automatic")
    if part.automatic and voice:
        automatic = tr("Automatic: {voice}", voice=voice.name)
    return picker.row(
        "voice",
        part.name,
        "" if part.automatic else part.role.voice or picker.DESIGNED,
        tr("Voice of {name}", name=part.name),
        left_open=automatic,
        heard=voice.id if part.automatic and voice else "",
        designed="" if part.role.voice else who(part.role, voices)[:_LONGEST],
    )
