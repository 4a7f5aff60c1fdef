"""A plan in words: what it comes to, what is left out of it, and its lines, a page at a time."""

import time
from collections.abc import Iterable, Iterator, Mapping

from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Part, Skipped
from shared.views import QueueStatus
from shared.voices.view import VoiceView
from ui import casting, markup
from ui.markup import Html, element
from ui.translation import plural, tr

ANYONE = "*"
"""Whoever speaks; no document can name somebody so."""
_SHOWN = 50
"""Lines on a page."""
_MOST_SKIPPED = 100
_MOST_CHAPTERS = 500
_MOST_NAMED = 8
"""Members of a cast that the summary names."""


def about(plan: PlanView, queue: QueueStatus | None) -> Html:
    """What there is to know of a plan beside its lines."""
    warnings = (markup.notice("warning", warning) for warning in plan.warnings)
    card = element(
        "section",
        element("h2", plan.title or tr("Plan")),
        markup.facts(_facts_of(plan, queue)),
        _shares(plan),
        class_="card plan-card",
        aria_label=tr("Plan"),
    )
    return markup.joined(
        [_outdated(plan), card, *warnings, _chapters(plan), _skipped(plan.skipped)]
    )


def _outdated(plan: PlanView) -> Html:
    """Out of sight until the form is changed; each plan has its own, so that it is so again."""
    again = markup.button("plan", plan.id, tr("Plan again"), tr("the form as it is now"))
    said = tr("The form changed: this plan is of what it was before.")
    notice = markup.notice("warning", said, None, again)
    return element("div", notice, class_="outdated", hidden=True, data_made=time.time_ns())


def _facts_of(plan: PlanView, queue: QueueStatus | None) -> Iterator[tuple[str, object]]:
    characters = sum(len(line.text) for line in plan.lines)
    yield tr("Lines"), f"{len(plan.lines):,}"
    yield tr("Characters"), f"{characters:,}"
    yield tr("Sound"), tr("about {length}", length=markup.seconds(plan.estimate))
    if queue:
        yield tr("Takes to make"), _making(plan.estimate, queue)
    yield tr("Language"), tr(plan.language.capitalize())
    if plan.chapters:
        yield tr("Chapters"), f"{len(plan.chapters):,}"
    if plan.cast:
        yield tr("Cast"), f"{len(plan.cast):,}"
    if plan.skipped:
        yield tr("Left out"), f"{len(plan.skipped):,}"


def _making(estimate: float, queue: QueueStatus) -> str:
    """How long the service has to work on it, and what it has to do before."""
    length = tr("about {length}", length=markup.about(estimate * queue.pace))
    before = sum(queue.waiting.values()) + queue.running
    waits = plural("after {count} job", "after {count} jobs", before)
    return f"{length}, {waits}" if before else length


def _shares(plan: PlanView) -> Html | None:
    """Who speaks how much, as a bar in their colours, with their names; nothing for one alone."""
    parts = sorted(plan.cast, key=lambda part: -part.seconds)
    whole = sum(part.seconds for part in parts)
    if len(parts) < 2 or not whole:
        return None
    colours = hues(plan)
    bar = (
        element("span", style=f"--hue: {colours[part.name]}; --share: {part.seconds / whole:.4f}")
        for part in parts
    )
    names = (_share(part, whole, colours) for part in parts[:_MOST_NAMED])
    left = len(parts) - _MOST_NAMED
    more = plural("and {count} other", "and {count} others", left)
    return element(
        "div",
        element("div", *bar, class_="shares", aria_hidden="true"),
        element(
            "div", *names, element("span", more, class_="hint") if left > 0 else None,
            class_="choices",
        ),
        class_="who-speaks",
    )  # fmt: skip


def _share(part: Part, whole: float, hues: Mapping[str, int]) -> Html:
    share = element("span", f"{part.seconds / whole:.0%}", class_="hint")
    return element("span", markup.speaker(part.name, hues), " ", share)


def _chapters(plan: PlanView) -> Html | None:
    """The chapters by the numbers that choose them."""
    if not plan.chapters:
        return None
    shown = plan.chapters[:_MOST_CHAPTERS]
    rows = [element("li", each.title, value=each.number) for each in shown]
    count = len(plan.chapters)
    if count > len(rows):
        rows.append(_others(count - len(rows)))
    title = element(
        "summary", plural("{count} chapter or scene", "{count} chapters or scenes", count)
    )
    return element("details", title, element("ol", *rows, class_="chapters"))


def _skipped(skipped: list[Skipped]) -> Html | None:
    """What of the document is not spoken, and why."""
    if not skipped:
        return None
    rows = [
        element("li", element("span", each.text or each.where.id), _why(each))
        for each in skipped[:_MOST_SKIPPED]
    ]
    if len(skipped) > len(rows):
        rows.append(_others(len(skipped) - len(rows)))
    words = plural("{count} part is left out", "{count} parts are left out", len(skipped))
    return element("details", element("summary", words), element("ul", *rows, class_="left-out"))


def _others(count: int) -> Html:
    """Stands for what a list leaves out."""
    return element("li", tr("… and {count} more", count=f"{count:,}"), class_="hint")


def _why(skipped: Skipped) -> Html:
    line = skipped.where.line
    said = tr("Line {line}: {why}", line=line, why=skipped.why) if line else skipped.why
    return element("div", said, class_="hint")


def lines(
    plan: PlanView,
    voices: Mapping[str, VoiceView],
    first: int = 0,
    speaker: str = ANYONE,
    words: str = "",
) -> Html:
    """A page of those lines of a speaker that have the words, from that one in their order on."""
    found = [*_wanted(plan.lines, speaker, words)]
    page = found[first : first + _SHOWN]
    titles = {chapter.number: chapter.title for chapter in plan.chapters}
    colours = hues(plan)
    rows = [_row(line, voices, titles, colours) for line in page]
    listed = element("ol", *rows, class_="planned-lines", tabindex=0) if rows else None
    return markup.joined(
        [
            _speakers(plan, speaker),
            listed or markup.empty(tr("No line of the plan is like that.")),
            markup.pages(first, len(page), len(found), _SHOWN) if rows else None,
        ]
    )


def _wanted(lines: Iterable[Line], speaker: str, words: str) -> Iterator[Line]:
    sought = words.casefold().split()
    for line in lines:
        if speaker not in (ANYONE, line.speaker):
            continue
        if sought:
            text = f"{line.text}\n{line.speaker}\n{line.where.id}".casefold()
            if not all(word in text for word in sought):
                continue
        yield line


def _speakers(plan: PlanView, chosen: str) -> Html | None:
    """A picker of who speaks; nothing where that is one alone."""
    names = list(dict.fromkeys(line.speaker for line in plan.lines))
    if len(names) < 2:
        return None
    choices = [(tr("Everybody"), ANYONE), *((name or tr("nobody"), name) for name in names)]
    return markup.picker("speaker", "", choices, chosen, tr("Planned lines of whom"))


def hues(plan: PlanView) -> dict[str, int]:
    """The colours of all who speak, in the order of the lines, as the finished ones have them."""
    names = [line.speaker for line in plan.lines]
    return markup.colours([*names, *(part.name for part in plan.cast)])


def _row(
    line: Line,
    voices: Mapping[str, VoiceView],
    titles: Mapping[int, str],
    hues: Mapping[str, int],
) -> Html:
    said = element("div", line.text, class_="excerpt")
    facts = element("div", " · ".join(_facts(line, voices, titles)), class_="hint")
    who = markup.speaker(line.speaker, hues) if line.speaker else None
    body = element("div", who, said, facts, class_="grows")
    return element("li", element("span", line.number, class_="number"), body, data_line=line.number)


def _facts(line: Line, voices: Mapping[str, VoiceView], titles: Mapping[int, str]) -> Iterator[str]:
    yield casting.who(line.role, voices)
    yield from casting.manner(line.role)
    yield tr("about {length}", length=markup.seconds(line.seconds))
    if line.slot:
        yield f"{markup.clock(line.slot.start)} – {markup.clock(line.slot.end)}"
    if line.chapter in titles:
        yield titles[line.chapter]
    if line.where.id and not line.where.id.isdecimal():  # cues are counted, and so are lines
        yield line.where.id
