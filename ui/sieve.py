"""Which lines of a recording are looked at: what is said of them, who speaks, and which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.views import LinePage
from ui import markup
from ui.markup import Html, element
from ui.translation import mark, tr

ANYONE = "*"
"""Whoever speaks; no script can name somebody so."""
View = dict[str, Any]
"""What a page looks at: the `output`; the line `after` which it begins, and those `before` it;
which lines are wanted (`only`, `speaker`, `q`); and the `hues` of those who speak."""


@dataclass(frozen=True)
class _Kind:
    """Lines that somebody looks for."""

    label: str
    query: Mapping[str, Any]
    """As the API takes it."""
    none: str
    """What is said where there are none."""


_KINDS = {
    "": _Kind(mark("All"), {}, mark("There is no such line.")),
    "faulty": _Kind(mark("To hear again"), {"faulty": True}, mark("No line has a fault.")),
    "strained": _Kind(mark("Overruns"), {"strained": True}, mark("Every cue fits into its time.")),
    "failed": _Kind(mark("Failed"), {"state": "failed"}, mark("No line failed.")),
    "retaken": _Kind(
        mark("Several takes"), {"takes": 2}, mark("No line was spoken more than once yet.")
    ),
}


def wanting(view: View, **wanted: Any) -> View:
    """The first page of other lines."""
    if wanted.get("only") not in _KINDS:
        wanted.pop("only", None)
    if wanted.get("speaker") == ANYONE:
        wanted["speaker"] = None
    return {**view, **wanted, "after": 0, "before": []}


def turned(view: View, action: str, after: int) -> View:
    """The `next` page, or the `previous` one."""
    before: list[int] = view["before"]
    if action == "next":
        return {**view, "before": [*before, view["after"]], "after": after}
    return {**view, "before": before[:-1], "after": before[-1] if before else 0}


def query(view: View) -> dict[str, Any]:
    """What the API is asked for."""
    kind = _KINDS[view.get("only", "")]
    return {"speaker": view.get("speaker"), "q": view.get("q") or None, **kind.query}


def asked(view: View) -> tuple[Any, ...]:
    """What tells one question from another."""
    return view["output"], view["after"], query(view)


def nothing(view: View) -> Html:
    """What stands where no line is wanted."""
    return markup.empty(tr(_KINDS[view.get("only", "")].none))


def controls(view: View, page: LinePage, *, fitted: bool) -> Html:
    """What can be looked for, with how many lines there are of each."""
    counts = page.counts
    known = {
        "": page.lines,
        "faulty": counts.faulty,
        "strained": counts.strained,
        "failed": counts.failed,
        "retaken": counts.retaken,
    }
    if not fitted:
        del known["strained"]
    chips = [_chip(name, count, view.get("only", "") == name) for name, count in known.items()]
    return element(
        "div",
        element("div", *chips, class_="chips", role="group", aria_label=tr("Show lines")),
        _speakers(page, view.get("speaker")),
        class_="choices",
    )


def _chip(name: str, count: int, chosen: bool) -> Html:
    return element(
        "button",
        tr(_KINDS[name].label),
        element("span", f"{count:,}", class_="count"),
        type="button",
        class_="chip",
        data_action="only",
        data_id=name,
        aria_pressed="true" if chosen else "false",
    )


def _speakers(page: LinePage, chosen: str | None) -> Html | None:
    """A picker of who speaks; nothing where that is one alone."""
    if len(page.speakers) < 2:
        return None
    named = [(f"{name or tr('nobody')} ({count:,})", name) for name, count in page.speakers.items()]
    who = ANYONE if chosen is None else chosen
    return markup.picker(
        "speaker", "", [(tr("Everybody"), ANYONE), *named], who, tr("Lines of whom")
    )
