"""Two outputs side by side, heard by turns at the same moment of both."""

import json
from collections.abc import Sequence
from typing import Any

from shared.jobs import has_lines
from shared.requests import CONTRACTS
from shared.stores.listing import Output
from ui import markup, recordings, shelf
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import tr

_LETTERS = ("A", "B")
_TOLD_APART = {"text", "seed", "speaker", "voice", "narrator"}
"""Fields that have a place of their own, or are long."""
_LONGEST = 120


def panel(dashboard: Dashboard, chosen: Sequence[Output]) -> Html:
    """What is compared; with one of the two, what to do next."""
    if not chosen:
        return Html("")
    if len(chosen) < len(_LETTERS):
        close = markup.button("apart", "", tr("Close"), tr("Comparison"))
        name = tr("“{what}” is compared.", what=shelf.title(chosen[0])[:60])
        return markup.notice("note", name, tr("Press Compare at another output."), close)
    sides = [_pairs(each) for each in chosen]
    others = reversed(sides)
    columns = (
        _side(letter, each, own, other)
        for letter, each, own, other in zip(_LETTERS, chosen, sides, others, strict=True)
    )
    lettered = dict(zip(_LETTERS, chosen, strict=True))
    sounds = {letter.lower(): _sound(dashboard, each) for letter, each in lettered.items()}
    ids = {f"{letter.lower()}_id": each.id for letter, each in lettered.items()}
    words = {
        "choose": tr("Star {letter}"),
        "reveal": tr("{x} was {letter}."),
        "broken": tr("One of the two cannot be played; it may have been deleted."),
    }
    return element(
        "speech-compare",
        _controls(),
        element("div", *columns, class_="sides"),
        class_="card",
        tabindex="-1",
        aria_label=tr("Comparison"),
        role="region",
        **sounds,
        **ids,
        words=json.dumps(words),
    )


def _controls() -> Html:
    """What the element gives its meaning to."""
    switch = (
        element("button", letter, type="button", class_="turn", aria_pressed="false", data_turn=it)
        for letter, it in zip(_LETTERS, ("a", "b"), strict=True)
    )
    position = element(
        "input", type="range", min=0, max=0, step=0.01, value=0, aria_label=tr("Position")
    )
    return element(
        "div",
        element("button", type="button", class_="play", aria_label=tr("Play or pause")),
        element("div", *switch, class_="turns", role="group", aria_label=tr("What is heard")),
        position,
        element("span", "0:00", class_="time"),
        element(
            "div",
            element(
                "button", tr("Blind"), type="button", class_="small blind", aria_pressed="false"
            ),
            element("button", tr("Reveal"), type="button", class_="small reveal", hidden=True),
            element("button", type="button", class_="small choose", data_action="star", data_id=""),
            markup.button("apart", "", tr("Close"), tr("Comparison")),
            class_="choices",
        ),
        element(
            "p",
            tr("The keys A and B switch at the same moment. Each sounds as loud as it is."),
            class_="hint",
        ),
        element("p", class_="said hint", role="status"),
        class_="controls",
    )


def _side(letter: str, output: Output, own: dict[str, Any], other: dict[str, Any]) -> Html:
    facts = (
        element(
            "div",
            element("dt", name),
            element("dd", value),
            class_="differs" if other.get(name) != value else None,
        )
        for name, value in own.items()
    )
    star = element("span", " ★", aria_label=tr("starred")) if output.starred else None
    return element(
        "section",
        element("h3", letter, f" · {output.title}" if output.title else None, star),
        shelf.engine(output),
        element("p", output.text, class_="excerpt"),
        element("dl", *facts, class_="facts"),
        class_="side",
        data_side=letter.lower(),
    )


def _pairs(output: Output) -> dict[str, Any]:
    """What is told of a side, by its names; the settings that are none are left out."""
    engine = output.engine.name if output.preview else output.engine.checkpoint
    told: dict[str, Any] = {
        tr("Task"): shelf.task(output),
        tr("Voice"): output.voice or tr("none"),
        tr("Length"): markup.seconds(output.duration_seconds),
        tr("Seed"): output.seed,
        tr("Engine"): engine,
        tr("Real-time factor"): f"{output.real_time_factor:.2f}",
    }
    declared = CONTRACTS.get(output.task)
    for name, value in output.request.items():
        if value in (None, "", [], {}) or name in _TOLD_APART:
            continue
        field = declared.model_fields.get(name) if declared else None
        label = tr(field.title) if field and field.title else name.replace("_", " ").capitalize()
        told[label] = _said(value)
    return told


def _said(value: object) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return str(value)[:_LONGEST]


def _sound(dashboard: Dashboard, output: Output) -> str:
    format = str(output.request.get("format", "wav"))
    file = recordings.address(dashboard, output.id, output.task, format)
    return file if file and has_lines(output.task) else dashboard.audio(output.id)
