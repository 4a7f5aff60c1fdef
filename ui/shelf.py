"""Outputs as rows: what each is, and what can be done with it."""

from collections.abc import Collection, Sequence

from shared.jobs import has_lines
from shared.requests import CONTRACTS
from shared.stores.listing import Output
from ui import job_rows, markup, recordings
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import plural, tr

_EXCERPT = 160
_MOST_PACKED = 100
"""Outputs that the service packs into one archive."""


def rows(
    dashboard: Dashboard,
    outputs: Sequence[Output],
    picked: Collection[str] = (),
    compared: Collection[str] = (),
) -> Html:
    """A page of them; nothing where there are none."""
    if not outputs:
        return Html("")
    shown = (_row(dashboard, each, each.id in picked, each.id in compared) for each in outputs)
    return element("ul", *shown, class_="shelf")


def title(output: Output) -> str:
    """What an output is called: its name, or what it says."""
    text = output.title or output.text or job_rows.unread(output.task, output.request)
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1].rstrip()}…"


def task(output: Output) -> str:
    """The title of the task that made it."""
    declared = CONTRACTS.get(output.task)
    return tr(declared.title) if declared else output.task


def engine(output: Output) -> Html:
    """Which engine spoke; the preview is marked."""
    if output.preview:
        return element("span", tr("preview"), class_="badge preview")
    return element("span", output.engine.name, class_="badge")


def selection(dashboard: Dashboard, picked: Sequence[str], stars: bool) -> Html:
    """What can be done with several outputs at once; `stars`: all of them are starred."""
    if not picked:
        return Html("")
    what = plural("{count} output", "{count} outputs", len(picked))
    star = ("unstars", tr("Unstar")) if stars else ("stars", tr("Star"))
    if len(picked) > _MOST_PACKED:
        most = tr("A zip takes {count} at most.", count=_MOST_PACKED)
        packed = element("span", most, class_="hint")
    else:
        packed = markup.link(dashboard.archive(picked), tr("Download zip"), download="outputs.zip")
    return element(
        "div",
        element("strong", plural("{count} selected", "{count} selected", len(picked))),
        markup.button(star[0], "", star[1], what),
        _tagging("tags", "", what),
        packed,
        markup.button("deletes", "", tr("Delete"), what, "stop"),
        markup.button("all", "", tr("Select all shown"), tr("outputs")),
        markup.button("clear", "", tr("Select none"), what),
        class_="selection",
        role="group",
        aria_label=tr("Selected outputs"),
    )


# --- a row -----------------------------------------------------------------------------------


def _row(dashboard: Dashboard, output: Output, picked: bool, compared: bool) -> Html:
    name = title(output)
    return element(
        "li",
        _pick(output, name, picked),
        element(
            "button",
            type="button",
            class_="play",
            data_action="play",
            data_id=output.id,
            aria_label=tr("Play: {what}", what=name),
        ),
        element(
            "div",
            _told(output, name),
            _warnings(output),
            class_="grows",
        ),
        element("div", *_actions(dashboard, output, name, compared), class_="actions"),
        class_="output",
        data_output=output.id,
    )


def _pick(output: Output, name: str, picked: bool) -> Html:
    return element(
        "button",
        type="button",
        role="checkbox",
        class_="pick",
        aria_checked=str(picked).lower(),
        data_action="pick",
        data_id=output.id,
        aria_label=tr("Select: {what}", what=name),
    )


def _told(output: Output, name: str) -> Html:
    facts = (
        task(output),
        output.voice,
        markup.seconds(output.duration_seconds),
        markup.size(output.bytes),
    )
    said = element("div", output.text, class_="excerpt hint") if output.title else None
    when = element("time", markup.ago(output.created_at), datetime=output.created_at.isoformat())
    hint = element("span", " · ".join(filter(None, facts)), " · ", when, class_="hint")
    return element(
        "div",
        element("div", name, class_="excerpt name"),
        said,
        element("div", hint, engine(output), *_tags(output, name), class_="choices tags"),
    )


def _warnings(output: Output) -> Html | None:
    if not output.warnings:
        return None
    count = plural("{count} warning", "{count} warnings", len(output.warnings))
    told = (markup.notice("warning", warning) for warning in output.warnings)
    return element("details", element("summary", count), *told, class_="warned")


def _tags(output: Output, name: str) -> list[Html]:
    chips = [
        element(
            "span",
            f"#{tag}",
            element(
                "button",
                "×",
                type="button",
                data_action="untag",
                data_id=f"{output.id} {tag}",
                aria_label=tr("Take the tag {tag} off: {what}", tag=tag, what=name),
            ),
            class_="chip",
        )
        for tag in output.tags
    ]
    return [*chips, _tagging("tag", output.id, name)]


def _tagging(action: str, run: str, name: str) -> Html:
    """A field that is there to be opened, so that fifty rows do not show fifty of them."""
    opener = element("summary", tr("+ tag"), aria_label=tr("Add a tag: {what}", what=name))
    return element(
        "details", opener, _field(action, run, tr("Tag"), "", 40, tr("Add")), class_="adds"
    )


def _field(action: str, run: str, label: str, value: str, most: int, verb: str) -> Html:
    words = element(
        "input", type="text", name="value", value=value, maxlength=most, aria_label=label
    )
    return element(
        "form",
        words,
        element("button", verb, type="submit", class_="small"),
        data_action=action,
        data_id=run,
    )


def _actions(dashboard: Dashboard, output: Output, name: str, compared: bool) -> list[Html]:
    return [
        element(
            "button",
            "★" if output.starred else "☆",
            type="button",
            class_="small star",
            aria_pressed=str(output.starred).lower(),
            data_action="unstar" if output.starred else "star",
            data_id=output.id,
            aria_label=tr("Star: {what}", what=name),
        ),
        element(
            "button",
            tr("Compare"),
            type="button",
            class_="small",
            aria_pressed=str(compared).lower(),
            data_action="compare",
            data_id=output.id,
            aria_label=tr("Compare: {what}", what=name),
        ),
        markup.link(
            dashboard.page(output.task, output.id),
            tr("Reuse"),
            aria_label=tr("Reuse these settings: {what}", what=name),
        ),
        _menu(tr("Download"), _downloads(dashboard, output), name),
        _menu(tr("More"), _more(output, name), name),
    ]


def _menu(word: str, content: list[Html], name: str) -> Html:
    label = tr("{word}: {what}", word=word, what=name)
    opener = element("summary", word, class_="small", aria_label=label)
    return element("details", opener, element("div", *content, class_="card"), class_="menu")


def _more(output: Output, name: str) -> list[Html]:
    rename = _field("rename", output.id, tr("Name"), output.title, 200, tr("Rename"))
    return [
        rename,
        markup.button("again", output.id, tr("Make it again"), name),
        markup.button("delete", output.id, tr("Delete"), name, "stop"),
    ]


def _downloads(dashboard: Dashboard, output: Output) -> list[Html]:
    archive = markup.link(
        dashboard.archive([output.id]), "zip", download=f"speech-{output.id[-8:]}.zip"
    )
    if has_lines(output.task):
        return [recordings.files(dashboard, output.id, output.files), archive]
    sounds = [
        markup.link(
            dashboard.audio(output.id, format), format, download=f"speech-{output.id[-8:]}.{format}"
        )
        for format in recordings.DOWNLOADS
    ]
    return [*sounds, archive]
