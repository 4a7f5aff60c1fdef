"""The cast of a plan on a page: what each has to say, and a voice for each to choose."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.plans import casting
from shared.plans.plan import Part
from shared.requests.role import Role
from shared.voices.view import VoiceView
from ui import library, markup, player
from ui.dashboard import Dashboard
from ui.markup import Html, element

_AUTOMATIC = ("Automatic", "")
_MOST = 200
"""Members that get a picker; the others are named in the full cast."""


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
    dashboard: Dashboard,
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
    rows = (_member(dashboard, part, voices, hues, mapped) for part in cast[:_MOST])
    left = len(cast) - _MOST
    more = f"… and {left:,} more: name their voices under “Cast in full”."
    return markup.joined(
        [
            element("h2", "Cast"),
            element("ul", *rows, class_="cast"),
            element("p", more, class_="hint") if left > 0 else None,
        ]
    )


def who(role: Role, voices: Mapping[str, VoiceView]) -> str:
    """Who speaks a line, in words."""
    if role.voice:
        return voices[role.voice].name if role.voice in voices else role.voice
    return f"designed: {role.description}" if role.description else "no voice"


def _member(
    dashboard: Dashboard,
    part: Part,
    voices: Mapping[str, VoiceView],
    hues: Mapping[str, int],
    mapped: bool,
) -> Html:
    count = "1 line" if part.lines == 1 else f"{part.lines:,} lines"
    about = element(
        "div",
        element(
            "div",
            markup.speaker(part.name, hues),
            element("span", f"{count}, about {markup.seconds(part.seconds)}", class_="hint"),
            element("span", "automatic", class_="badge") if part.automatic else None,
            class_="choices",
        ),
        element("blockquote", part.sample, class_="hint"),
        class_="grows",
    )
    voice = _voice(dashboard, part, voices, mapped)
    return element("li", about, voice, data_member=part.name)


def _voice(dashboard: Dashboard, part: Part, voices: Mapping[str, VoiceView], mapped: bool) -> Html:
    """The voice of a member, to choose where they are mapped, and what there is to hear of it."""
    voice = voices.get(part.role.voice or "")
    shown = _picker(part, voice, voices) if mapped else element("span", who(part.role, voices))
    heard = (
        player.sample(dashboard.voice(voice.id), voice.name) if voice and voice.has_sample else None
    )
    return element("div", shown, heard, class_="choices voice-of")


def _picker(part: Part, voice: VoiceView | None, voices: Mapping[str, VoiceView]) -> Html:
    designed = [] if part.role.voice else [(who(part.role, voices)[:60], "-")]
    choices = [*designed, _AUTOMATIC, *map(library.named, voices.values())]
    if part.automatic and voice:
        choices[0] = (f"Automatic: {voice.name}", "")
    chosen = "" if part.automatic else part.role.voice or "-"
    return markup.picker("voice", part.name, choices, chosen, f"Voice of {part.name}")
