"""HTML that pages show: every piece of text from elsewhere is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

import gradio as gr

from shared.errors import ForbiddenScope, SpeechError, Unauthorized
from ui.translation import mark, tr

_PAST = (
    (86_400, mark("{count} d ago")),
    (3_600, mark("{count} h ago")),
    (60, mark("{count} min ago")),
)
_HOUR = 60
"""Minutes."""
_UNITS = (mark("{count} B"), mark("{count} kB"), mark("{count} MB"), mark("{count} GB"))
_APART = 137.508
"""Degrees of the golden angle: hues that follow each other so are never near for long."""
_ON_ACTION = """element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (button) trigger("click", { action: button.dataset.action, id: button.dataset.id });
});
element.addEventListener("change", (event) => {
  const pickers = ["select", "voice-picker", "input"].map((tag) => `${tag}[data-action]`);
  const picker = event.target.closest(pickers.join());
  if (!picker) return;
  trigger("click", { action: picker.dataset.action, id: picker.dataset.id, value: picker.value });
});
element.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-action]");
  if (!form) return;
  event.preventDefault();
  const { action, id } = form.dataset;
  trigger("click", { action, id, value: form.elements.value.value });
  form.reset();
  form.closest("details")?.removeAttribute("open");
})"""


def place(value: str = "", *, elem_id: str | None = None, listens: bool = False) -> gr.HTML:
    """Where pages put HTML; `listens`: a press on a `button` in it, another choice in a
    `picker`, or a form whose `value` is sent, is an event of the server's."""
    return gr.HTML(
        value, elem_id=elem_id, apply_default_css=False, js_on_load=_ON_ACTION if listens else None
    )


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *content: object, **attributes: object) -> Html:
    """An element; `class_` is `class`, `data_id` is `data-id`, True needs no value."""
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    shown = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in pairs
        if value is not None and value is not False
    )
    return Html(f"<{tag}{shown}>{joined(content)}</{tag}>")


def joined(parts: Iterable[object]) -> Html:
    """One after the other; what is not HTML is escaped, what is None left out."""
    return Html(
        "".join(
            part if isinstance(part, Html) else escape(str(part))
            for part in parts
            if part is not None
        )
    )


def prose(text: str) -> Html:
    """A text of ours, in which `code` stands between backticks."""
    parts = text.split("`")
    return joined(element("code", part) if odd % 2 else part for odd, part in enumerate(parts))


def notice(kind: str, sentence: str, step: str | None = None, *more: Html) -> Html:
    """One sentence and what to do next; `kind` is `error`, `warning`, `preview` or `note`."""
    role = "alert" if kind == "error" else "status"
    hint = element("span", f" {step}", class_="hint") if step else None
    return element(
        "div", element("span", sentence), hint, *more, class_=f"notice {kind}", role=role
    )


def trouble(error: SpeechError) -> Html:
    """What went wrong, as a person is told."""
    return notice("error", error.message, _step(error))


def lasting(error: SpeechError) -> Html:
    """The same of what pages look up again by themselves."""
    step = f"{_step(error) or ''} {tr('It is tried again.')}"
    return notice("error", error.message, step.strip())


def _step(error: SpeechError) -> str | None:
    """What to do next; the key that was refused is the dashboard's own."""
    if isinstance(error, Unauthorized | ForbiddenScope):
        return tr("Set API_KEY, which the dashboard sends, to a key with every scope.")
    return error.next_step


def empty(sentence: str, step: str = "") -> Html:
    """What stands where there is nothing yet."""
    return element("div", element("p", sentence), element("p", step, class_="hint"), class_="empty")


def button(action: str, id: str, label: str, what: str, kind: str = "") -> Html:
    """A button of a list; `what` tells those who cannot see the row what it belongs to."""
    return element(
        "button",
        label,
        type="button",
        class_=f"small {kind}".strip(),
        data_action=action,
        data_id=id,
        aria_label=f"{label}: {what}",
    )


def picker(
    action: str, id: str, choices: Iterable[tuple[str, str]], chosen: str, what: str
) -> Html:
    """A list to choose from, of words and values; `what` tells what it is about."""
    options = (
        element("option", word, value=value, selected=value == chosen) for word, value in choices
    )
    return element(
        "select", *options, class_="small", data_action=action, data_id=id, aria_label=what
    )


def colours(names: Iterable[str]) -> dict[str, int]:
    """A hue for each name, far from those beside it; equal orders give equal hues."""
    return {name: round(place * _APART) % 360 for place, name in enumerate(dict.fromkeys(names))}


def speaker(name: str, hues: Mapping[str, int]) -> Html:
    """A name in its colour."""
    return element("span", name, class_="speaker", style=f"--hue: {hues.get(name, 0)}")


def link(address: str, label: str, **attributes: object) -> Html:
    """A link that looks like a small button."""
    return element("a", label, href=address, class_="small", **attributes)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table whose cells know their headings, so that narrow screens can show them as cards."""
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (
        element(
            "tr",
            *(
                element("td", cell, data_label=name)
                for name, cell in zip(headings, row, strict=True)
            ),
        )
        for row in rows
    )
    return element("table", element("thead", head), element("tbody", *body), class_="list")


def pages(first: int, shown: int, total: int, length: int) -> Html | None:
    """Buttons to turn a list of which a page is shown; nothing where that is all of it."""
    if shown == total:
        return None
    before, after = max(0, first - length), first + length
    return element(
        "div",
        button("page", str(before), tr("Previous"), tr("lines")) if first > 0 else None,
        element("span", span(first, shown, total), class_="hint"),
        button("page", str(after), tr("Next"), tr("lines")) if after < total else None,
        class_="choices turning",
    )


def span(first: int, shown: int, total: int) -> str:
    """Which part of a list is shown, in words; `first` counts from 0."""
    last = first + shown
    return tr(
        "{first} – {last} of {count}",
        first=f"{first + 1:,}",
        last=f"{last:,}",
        count=f"{total:,}",
    )


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """Names with their values."""
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in pairs),
        class_="facts",
    )


def bar(fraction: float, label: str) -> Html:
    """How far something is."""
    return element("progress", f"{fraction:.0%}", max=1, value=f"{fraction:.3f}", aria_label=label)


def clock(value: float) -> str:
    """A moment of a recording."""
    minutes, rest = divmod(max(0.0, value), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def seconds(value: float) -> str:
    """A length of time, as short as it can be said."""
    if value < 59.95:  # what is shown as 60.0 s is a minute
        return tr("{seconds} s", seconds=f"{value:.1f}")
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return tr("{hours} h {minutes} min", hours=f"{hours:,}", minutes=minutes)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def about(value: float) -> str:
    """A length of time that is only estimated."""
    if value < 59.5:
        return tr("{seconds} s", seconds=max(1, round(value)))
    minutes = round(value / 60)
    if minutes < _HOUR:
        return tr("{minutes} min", minutes=minutes)
    hours, minutes = divmod(minutes, _HOUR)
    return tr("{hours} h {minutes} min", hours=f"{hours:,}", minutes=minutes)


def ago(moment: datetime) -> str:
    """How long ago something was."""
    passed = (datetime.now(UTC) - moment).total_seconds()
    for length, words in _PAST:
        if passed >= length:
            return tr(words, count=int(passed // length))
    return tr("just now")


def size(count: int) -> str:
    """A number of bytes."""
    value = float(count)
    for words in _UNITS:
        if value < 999.5:
            return tr(words, count=f"{value:.0f}")
        value /= 1000
    return tr("{count} TB", count=f"{value:.1f}")


def pressed(event: gr.EventData) -> tuple[str, str]:
    """Which button of a list was pressed: its action and id, as the browser sent them."""
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("action", "")), str(data.get("id", ""))


def picked(event: gr.EventData) -> str:
    """What was chosen in a picker of a list, or written in a form, as the browser sent it; empty
    for a button."""
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("value", ""))
