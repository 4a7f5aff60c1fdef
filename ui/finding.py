"""What the outputs browser looks for: filters, as widgets and as an address."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

import gradio as gr

from shared.requests import CONTRACTS
from shared.stores.listing import Facet, Facets, Output
from ui import markup
from ui.markup import Html, element
from ui.translation import mark, tr

_LONGEST = 500
_MOST_TAGS = 24
"""Chips that are offered; the rarer tags are found by searching."""
_DATES = "dates"
_WHEN = {
    "": mark("Any date"),
    "today": mark("Today"),
    "7": mark("Last 7 days"),
    "30": mark("Last 30 days"),
    _DATES: mark("From … to …"),
}
_SORTS = {
    "": mark("Latest first"),
    "created_at": mark("Oldest first"),
    "-duration_seconds": mark("Longest first"),
    "-bytes": mark("Largest first"),
}


@dataclass(frozen=True)
class Wanted:
    """Which outputs a person wants to see; empty is all of them, the latest first."""

    q: str = ""
    task: str = ""
    voice: str = ""
    when: str = ""
    sort: str = ""
    starred: bool = False
    since: str = ""
    """A day, as `until`, which counts as a whole: both only where `when` says so."""
    until: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """What an address asks for; what makes no sense in it is left out."""
        when, sort = query.get("when", ""), query.get("sort", "")
        tags = (unquote(tag)[:40] for tag in query.get("tags", "").split(","))
        return cls(
            q=query.get("q", "")[:_LONGEST],
            task=query.get("task", "") if query.get("task") in CONTRACTS else "",
            voice=query.get("voice", "")[:_LONGEST],
            when=when if when in _WHEN else "",
            sort=sort if sort in _SORTS else "",
            starred=query.get("starred") == "1",
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            tags=tuple(dict.fromkeys(filter(None, tags)))[:_MOST_TAGS],
        )

    @property
    def address(self) -> str:
        """The query of the page's address that asks for it."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told["tags"] = ",".join(quote(tag, safe="") for tag in self.tags)
        told["starred"] = "1" if self.starred else ""
        return urlencode({name: value for name, value in told.items() if value})

    @property
    def narrows(self) -> bool:
        """Whether anything is left out by it."""
        return replace(self, sort="") != Wanted(since=self.since, until=self.until)

    def holds(self, output: Output) -> bool:
        """Whether its marks are such as are wanted; nothing else of an output changes."""
        borne = {tag.casefold() for tag in output.tags}
        return (output.starred or not self.starred) and all(
            tag.casefold() in borne for tag in self.tags
        )

    def toggled(self, tag: str) -> "Wanted":
        """The same with one more tag, or without it."""
        kept = tuple(each for each in self.tags if each.casefold() != tag.casefold())
        return replace(self, tags=kept if len(kept) < len(self.tags) else (*kept, tag))

    def dated(self, end: str, day: str) -> "Wanted":
        """The same from (`since`) or to (`until`) a day."""
        return replace(self, **{end: _day(day)})

    def query(self, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """The same as the service is asked."""
        since, until = self._span()
        return {
            "q": self.q.strip()[:_LONGEST] or None,
            "task": self.task or None,
            "voice": self.voice or None,
            "starred": True if self.starred else None,
            "tag": list(self.tags) or None,
            "since": since.astimezone(UTC).isoformat() if since else None,
            "until": until.astimezone(UTC).isoformat() if until else None,
            "sort": self.sort or None,
            "limit": limit,
            "cursor": cursor,
        }

    def _span(self) -> tuple[datetime | None, datetime | None]:
        """Days begin where the dashboard runs."""
        today = _midnight(datetime.now().astimezone().date())
        if self.when == _DATES:
            first = _midnight(date.fromisoformat(self.since)) if self.since else None
            last = _midnight(date.fromisoformat(self.until)) if self.until else None
            return first, last + timedelta(days=1) if last else None
        if self.when == "today":
            return today, None
        if self.when:
            return today - timedelta(days=int(self.when) - 1), None
        return None, None


class Finding:
    """The row of filters; `read` makes a `Wanted` of what stands in it."""

    def __init__(self) -> None:
        with gr.Row(elem_classes=["filters", "finding"]):
            self.words = gr.Textbox(
                label=tr("Search"),
                placeholder=tr("words, voice, tag"),
                scale=4,
                min_width=180,
                max_length=_LONGEST,
                elem_id="words",
            )
            self.task = _list(tr("Task"), "find-task", {"": tr("Any task")})
            self.voice = _list(tr("Voice"), "find-voice", {"": tr("Any voice")})
            self.when = _list(tr("Made"), "find-when", _WHEN)
            self.sort = _list(tr("Order"), "find-sort", _SORTS)
            self.starred = gr.Checkbox(label=tr("Starred"), min_width=110, elem_id="find-starred")
        self.dates = markup.place(elem_id="dates", listens=True)
        self.chips = markup.place(elem_id="chips", listens=True)

    @property
    def widgets(self) -> list[Any]:
        """What `read` reads, in its order."""
        return [self.words, self.task, self.voice, self.when, self.sort, self.starred]

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates, and `fill`."""
        return [*self.widgets, self.dates, self.chips]

    def read(self, values: tuple[Any, ...], before: Wanted) -> Wanted:
        """What is wanted now; days and tags, which are no widgets, stay as they were."""
        words, task, voice, when, sort, starred = values
        return replace(
            before,
            q=words or "",
            task=task or "",
            voice=voice or "",
            when=when or "",
            sort=sort or "",
            starred=bool(starred),
        )

    def offer(self, wanted: Wanted, facets: Facets) -> dict[Any, Any]:
        """All that there is to choose from, before any of it is chosen."""
        tasks = [(_task(each.value), each) for each in facets.tasks]
        voices = [(each.value, each) for each in facets.voices]
        return {
            self.task: _choose(tr("Any task"), tasks, wanted.task),
            self.voice: _choose(tr("Any voice"), voices, wanted.voice),
            **self.around(wanted, facets),
        }

    def fill(self, wanted: Wanted) -> list[Any]:
        """What the widgets show then, in the order of `widgets`.

        Values that came with their choices would be there later than the others, whose change
        would be seen with half of them.
        """
        return [
            wanted.q,
            wanted.task,
            wanted.voice,
            wanted.when,
            wanted.sort,
            wanted.starred,
        ]

    def around(self, wanted: Wanted, facets: Facets) -> dict[Any, Any]:
        """What stands below the widgets: days, where they are asked for, and tags."""
        return {self.dates: _days(wanted), self.chips: _chips(wanted, facets.tags)}


def _list(label: str, elem_id: str, choices: Mapping[str, str]) -> gr.Dropdown:
    return gr.Dropdown(
        [(tr(title), value) for value, title in choices.items()],
        value="",
        label=label,
        min_width=130,
        elem_id=elem_id,
    )


def _choose(anything: str, found: list[tuple[str, Facet]], chosen: str) -> gr.Dropdown:
    choices = [(f"{title} ({each.outputs:,})", each.value) for title, each in found]
    if chosen and chosen not in {value for _, value in choices}:
        choices.append((chosen, chosen))
    return gr.Dropdown([(anything, ""), *choices])


def _task(name: str) -> str:
    return tr(CONTRACTS[name].title) if name in CONTRACTS else name


def _days(wanted: Wanted) -> Html:
    if wanted.when != _DATES:
        return Html("")
    ends = (("since", tr("From"), wanted.since), ("until", tr("To"), wanted.until))
    return element(
        "div",
        *(
            element(
                "label",
                element("span", word, class_="hint"),
                element("input", type="date", value=value, class_="small", data_action=end),
            )
            for end, word, value in ends
        ),
        class_="choices",
    )


def _chips(wanted: Wanted, known: list[Facet]) -> Html:
    """The tags that there are, to filter by; those that are chosen first."""
    chosen = {tag.casefold() for tag in wanted.tags}
    others = [each for each in known if each.value.casefold() not in chosen]
    if not (chosen or others):
        return Html("")
    buttons = [_chip(tag, None, True) for tag in wanted.tags]
    buttons += [_chip(each.value, each.outputs, False) for each in others[:_MOST_TAGS]]
    return element("div", *buttons, class_="choices", role="group", aria_label=tr("Tags"))


def _chip(tag: str, count: int | None, chosen: bool) -> Html:
    number = element("span", f" {count:,}", class_="hint") if count else None
    return element(
        "button",
        f"#{tag}",
        number,
        type="button",
        class_="chip",
        aria_pressed=str(chosen).lower(),
        data_action="filter",
        data_id=tag,
    )


def _day(text: str) -> str:
    """A day as ISO writes it; empty for what is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min).astimezone()
