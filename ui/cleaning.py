"""Disk and trash: what the outputs take, what is old and may go, and what can still come back."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from shared.errors import InvalidRequest, SpeechError
from shared.requests import CONTRACTS
from shared.stores.cleanup import Cleaned, Emptied, Restored
from shared.stores.listing import Disk, Thrown, TrashPage
from ui import markup, shelf
from ui.dashboard import LONGER, QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.translation import plural, tr

_SHOWN = 20
"""Outputs of the trash that are listed."""
_MEGABYTE = 1_000_000
_DAYS = 30
_MOST_DAYS = 36_500

Look = Callable[..., Any]


class Cleaning:
    """The part of the page below the list; `wire` joins it to the list above."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Accordion(tr("Disk and trash"), open=False, elem_id="cleaning") as self._part:
            self._usage = markup.place(elem_id="usage")
            with gr.Row(elem_classes=["filters"]):
                self._days = gr.Number(
                    _DAYS,
                    label=tr("Older than, in days"),
                    minimum=0,
                    maximum=_MOST_DAYS,
                    min_width=130,
                    elem_id="clean-days",
                )
                self._task = gr.Dropdown(
                    [(tr("Any task"), ""), *((tr(it.title), it.name) for it in CONTRACTS.values())],
                    value="",
                    label=tr("Task"),
                    min_width=130,
                    elem_id="clean-task",
                )
                self._size = gr.Number(
                    0,
                    label=tr("Larger than, in MB"),
                    minimum=0,
                    min_width=130,
                    elem_id="clean-size",
                )
                self._stars = gr.Checkbox(
                    True, label=tr("Keep starred ones"), min_width=150, elem_id="clean-keep"
                )
            self._ask = gr.Button(tr("Show what would go"), elem_id="clean-ask", size="sm")
            self._told = markup.place(elem_id="cleaned", listens=True)
            self._trash = markup.place(elem_id="trash", listens=True)
        self._gone: gr.State = gr.State([])

    def wire(self, look: Look, inputs: list[Any], outputs: list[Any]) -> None:
        """`look` is what the list does when something came or went."""
        rule = [self._days, self._task, self._size, self._stars]
        shown = [self._usage, self._told, self._trash, self._gone]
        self._part.expand(self._look, None, [self._usage, self._trash], **QUIET)
        self._ask.click(self._preview, rule, self._told, **QUIET)
        for field in rule:
            field.change(lambda: "", None, self._told, **QUIET)
        for place in (self._told, self._trash):
            place.click(self._act, [self._gone, *rule], shown, **QUIET).then(
                look, inputs, outputs, **QUIET
            )

    @property
    def look(self) -> tuple[Look, list[Any]]:
        """What shows the disk and the trash anew, and what it updates."""
        return self._look, [self._usage, self._trash]

    async def _look(self) -> list[Any]:
        client = self._dashboard.client
        try:
            disk, trash = await ask(client.usage()), await ask(client.trash(_SHOWN))
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]
        return [_usage(disk), _trash(trash)]

    async def _preview(self, *rule: Any) -> Html:
        try:
            return _would_go(await self._clean(rule, preview=True))
        except SpeechError as error:
            return markup.trouble(error)

    async def _act(
        self,
        gone: list[str],
        days: float | None,
        task: str | None,
        size: float | None,
        stars: bool,
        event: gr.EventData,
    ) -> list[Any]:
        """What the disk, the clean-up and the trash say afterwards, and what Undo brings back."""
        action, run = markup.pressed(event)
        client = self._dashboard.client
        told, sure = Html(""), action == "empty"
        try:
            match action:
                case "clean":
                    done = await self._clean((days, task, size, stars), preview=False)
                    told, gone = _went(done), done.ids
                case "undo" | "restore":
                    runs = gone if action == "undo" else [run]
                    told = _came_back(await ask(client.restore_all(runs), LONGER))
                    gone = [each for each in gone if each not in set(runs)]
                case "really":
                    told, gone = _emptied(await ask(client.empty_trash(), LONGER)), []
                case _:
                    pass
            usage = _usage(await ask(client.usage()))
            return [usage, told, _trash(await ask(client.trash(_SHOWN)), sure), gone]
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), gr.skip(), gone]

    async def _clean(self, rule: tuple[Any, ...], *, preview: bool) -> Cleaned:
        days, task, size, stars = rule
        if days is None:  # no number is not the number nought, which would take all of them
            raise InvalidRequest(tr("Say how old they must be, in days."))
        return await ask(
            self._dashboard.client.clean(
                min(max(float(days), 0.0), _MOST_DAYS),
                task=task or None,
                larger_than_bytes=round(max(float(size or 0), 0.0) * _MEGABYTE),
                keep_starred=bool(stars),
                preview=preview,
            ),
            LONGER,
        )


def rules(disk: Disk) -> str:
    """The rules by which outputs go by themselves, in words."""
    told: list[str] = []
    if disk.outputs_keep_days:
        days = f"{disk.outputs_keep_days:g}"
        told.append(tr("Outputs older than {days} days go into the trash.", days=days))
    if disk.outputs_max_bytes:
        most = markup.size(round(disk.outputs_max_bytes))
        told.append(tr("Above {size} the oldest are deleted, those in the trash first.", size=most))
    if not told:
        told.append(tr("No output goes by itself."))
    days = f"{disk.trash_keep_days:g}"
    told.append(tr("The trash keeps them for {days} days. Starred ones stay.", days=days))
    return " ".join(told)


def _usage(disk: Disk) -> Html:
    counted = "{count} output", "{count} outputs"
    outputs = f"{markup.size(disk.bytes)} · {plural(*counted, disk.outputs)}"
    trash = f"{markup.size(disk.trash_bytes)} · {plural(*counted, disk.trash)}"
    facts = markup.facts(
        (
            (tr("Outputs"), outputs),
            (tr("Trash"), trash),
            (tr("Free"), markup.size(disk.free_bytes)),
        )
    )
    return markup.joined([facts, element("p", rules(disk), class_="hint")])


def _would_go(found: Cleaned) -> Html:
    stay = ""
    if found.left_alone:
        stay = plural(
            "{count} stays: a job needs it.", "{count} stay: jobs need them.", found.left_alone
        )
    if not found.outputs:
        return markup.notice("note", tr("Nothing would go."), stay)
    told = plural(
        "{count} output would go into the trash: {size}.",
        "{count} outputs would go into the trash: {size}.",
        found.outputs,
        size=markup.size(found.bytes),
    )
    go = markup.button("clean", "", tr("Move to the trash"), told, "stop")
    return markup.notice("warning", told, stay or tr("Undo brings all of it back."), go)


def _went(found: Cleaned) -> Html:
    told = plural(
        "{count} output went into the trash.",
        "{count} outputs went into the trash.",
        found.outputs,
    )
    return markup.notice("note", told, None, markup.button("undo", "", tr("Undo"), told))


def _came_back(done: Restored) -> Html:
    told = plural("{count} output is back.", "{count} outputs are back.", done.outputs)
    lost = ""
    if done.missing:
        lost = plural(
            "{count} is in the trash no more.",
            "{count} are in the trash no more.",
            len(done.missing),
        )
    return markup.notice("note", told, lost)


def _emptied(done: Emptied) -> Html:
    told = plural(
        "{count} output was deleted for good: {size}.",
        "{count} outputs were deleted for good: {size}.",
        done.outputs,
        size=markup.size(done.bytes),
    )
    return markup.notice("note", told)


def _trash(found: TrashPage, sure: bool = False) -> Html:
    if not found.total:
        return element("p", tr("The trash is empty."), class_="hint")
    count = plural("{count} output", "{count} outputs", found.total)
    rest = found.total - len(found.items)
    more = plural("and {count} more", "and {count} more", rest) if rest else None
    return markup.joined(
        [
            element("h2", tr("In the trash")),
            element("ul", *map(_thrown, found.items), class_="thrown"),
            element("p", more, class_="hint") if more else None,
            _emptying(count, markup.size(found.bytes), sure),
        ]
    )


def _thrown(item: Thrown) -> Html:
    name = shelf.title(item)
    when = tr("deleted {when}", when=markup.ago(item.deleted_at))
    facts = (shelf.task(item), markup.seconds(item.duration_seconds), markup.size(item.bytes), when)
    return element(
        "li",
        element(
            "div",
            element("div", name, class_="excerpt"),
            element("div", " · ".join(facts), class_="hint"),
            class_="grows",
        ),
        markup.button("restore", item.id, tr("Restore"), name),
        data_thrown=item.id,
    )


def _emptying(count: str, size: str, sure: bool) -> Html:
    if not sure:
        return markup.button("empty", "", tr("Empty the trash"), count, "stop")
    asked = tr("{what}, {size}, will be deleted for good.", what=count, size=size)
    really = markup.button("really", "", tr("Delete for good"), count, "stop")
    return markup.notice(
        "warning",
        asked,
        tr("Nothing brings it back."),
        really,
        markup.button("keep", "", tr("Keep it"), count),
    )
