"""The lines of a recording as rows of a table; `static/reading.js` moves, plays and reads on."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from shared.views import LineView, TakeView
from shared.voices.view import VoiceView
from ui import casting, fitting, markup, player
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import plural, tr


def listing(rows: Iterable[Html], turning: Html | None, *, fitted: bool) -> Html:
    """The rows with what is done with several of them; `fitted` lines are cues, which have a time
    to fit into."""
    words = {
        "none": tr("Speak again"),
        "several": tr("Speak {count} again"),
        "error": tr("It cannot be played."),
    }
    table = _table(rows, fitted=fitted)
    return element("speech-lines", _tools(), table, turning, words=json.dumps(words))


def _tools() -> Html:
    """What is done with several lines, and the keys."""
    every = element("input", type="checkbox", data_every=True)
    again = element(
        "button",
        tr("Speak again"),
        type="button",
        class_="small",
        data_action="again-all",
        data_id="",
        disabled=True,
    )
    return element(
        "div",
        element("label", every, tr("Choose all")),
        again,
        element("span", tr("j and k move, Space plays, Shift+Space plays on"), class_="hint keys"),
        class_="choices tools",
    )


def _table(rows: Iterable[Html], *, fitted: bool) -> Html:
    headings = (
        ("tick", _unseen(tr("Choose"))),
        ("sound", _unseen(tr("Hear"))),
        ("who", tr("Voice")),
        ("said", tr("What is said")),
        ("time", tr("Time")),
        *((("fit-in", tr("Fit")),) if fitted else ()),
        ("acts", _unseen(tr("Do"))),
    )
    head = element("tr", *(element("th", it, scope="col", class_=name) for name, it in headings))
    return element("table", element("thead", head), *rows, class_="line-table")


def row(
    dashboard: Dashboard,
    output: str,
    line: LineView,
    voices: Mapping[str, VoiceView],
    hues: Mapping[str, int],
    spoken: Collection[int],
    *,
    fitted: bool = False,
) -> Html:
    """A line with its takes; `spoken` are the lines that are spoken again at present."""
    heard = _heard(line)
    name = tr("Line {number}", number=line.number)
    fit = fitting.shown(line.fit) if line.fit else None
    cells = [
        _cell("tick", _picked(line, name)),
        _cell("sound", _play(name) if heard else None),
        _cell("who", _who(line, voices, hues)),
        _cell("said", _said(line, heard, in_work=line.number in spoken)),
        _cell("time", _time(line)),
        *([_cell("fit-in", fit)] if fitted else []),
        _cell("acts", *_acts(line, name, heard)),
    ]
    takes = _takes(dashboard, output, line, width=len(cells)) if len(line.takes) > 1 else None
    return element(
        "tbody",
        element("tr", *cells, tabindex=-1, aria_label=name),
        takes,
        data_line=line.number,
        data_src=dashboard.file(output, heard.file) if heard else None,
        data_failed=line.state == "failed",
    )


def _heard(line: LineView) -> TakeView | None:
    return next((take for take in line.takes if take.number == line.chosen), None)


def _cell(name: str, *content: object) -> Html:
    return element("td", *content, class_=name)


def _unseen(words: str) -> Html:
    return element("span", words, class_="unseen")


def _picked(line: LineView, name: str) -> Html:
    box = element("input", type="checkbox", value=line.number, data_pick=True, aria_label=name)
    return element("label", box, element("span", line.number, class_="number"))


def _play(name: str) -> Html:
    label = tr("Play: {what}", what=name)
    return element("button", type="button", class_="play", data_play=True, aria_label=label)


def _who(line: LineView, voices: Mapping[str, VoiceView], hues: Mapping[str, int]) -> Html:
    named = markup.speaker(line.speaker, hues) if line.speaker else None
    voice = element("div", casting.who(line.role, voices), class_="voice-name hint")
    return markup.joined([named, voice])


def _said(line: LineView, heard: TakeView | None, *, in_work: bool) -> Html:
    """The text, as it was spoken where that is other, and what is unusual about it."""
    spoken = line.said if line.said != line.text else ""
    return markup.joined(
        [
            element("div", line.text or tr("Text is not kept"), class_="excerpt"),
            element("div", tr("Spoken: {words}", words=spoken), class_="hint") if spoken else None,
            element("div", " · ".join(_facts(line)), class_="hint"),
            _badges(line, heard, in_work=in_work),
        ]
    )


def _facts(line: LineView) -> Iterator[str]:
    yield from casting.manner(line.role)
    if line.id and not line.id.isdecimal():  # cues are counted, and so are lines
        yield line.id
    if line.taken_over:
        yield tr("taken over from before")


def _badges(line: LineView, heard: TakeView | None, *, in_work: bool) -> Html | None:
    """What is unusual about a line."""
    badges: list[Html] = []
    if in_work:
        badges.append(_badge(tr("spoken again …"), "queued"))
    if line.state == "failed":
        badges.append(_badge(tr("failed: {why}", why=line.why), "failed"))
    if heard:
        badges += [_badge(fault, "failed") for fault in heard.faults]
        badges += [
            _badge(tr("seed {seed} was thrown away: {why}", seed=it.seed, why=it.why), "queued")
            for it in heard.retaken
        ]
    return element("div", *badges, class_="choices badges") if badges else None


def _badge(said: str, kind: str) -> Html:
    return element("span", said, class_=f"badge {kind}".strip())


def _time(line: LineView) -> Html | None:
    """Where it is heard; a press moves the player of the recording there."""
    if line.start is None or line.end is None:
        return None
    start = markup.clock(line.start)
    return element(
        "button",
        f"{start} – {markup.clock(line.end)}",
        type="button",
        class_="seek",
        data_seek=f"{line.start:.3f}",
        aria_label=tr("Go to {time} in the recording", time=start),
        title=tr("Go there in the recording"),
    )


def _acts(line: LineView, name: str, heard: TakeView | None) -> Iterator[Html]:
    if heard:
        yield own_button("from", tr("From here"), tr("Play from {what} on", what=name))
    yield markup.button("again", str(line.number), tr("Again"), name)
    if len(line.takes) > 1:
        number = tr("take {number} of {count}", number=line.chosen, count=len(line.takes))
        yield element("span", number, class_="hint which-take")


def own_button(what: str, label: str, about: str, kind: str = "") -> Html:
    """A button that the browser answers itself, by `data-WHAT`."""
    return element(
        "button",
        label,
        type="button",
        class_=f"small {kind}".strip(),
        aria_label=about,
        **{f"data_{what}": True},
    )


def _takes(dashboard: Dashboard, output: str, line: LineView, width: int) -> Html:
    """All takes of a line, of which one is heard."""
    rows = (_take(dashboard, output, line, take) for take in line.takes)
    count = len(line.takes)
    words = plural("Hear it", "Hear all {count}", count) if count > 2 else tr("Hear both")
    about = tr("{words}: the takes of line {number}", words=words, number=line.number)
    compare = own_button("compare", words, about)
    inside = element("ul", *rows, class_="takes")
    cell = element("td", inside, compare, colspan=width)
    return element("tr", cell, class_="takes-of")


def _take(dashboard: Dashboard, output: str, line: LineView, take: TakeView) -> Html:
    name = tr("Take {number} of line {line}", number=take.number, line=line.number)
    is_heard = take.number == line.chosen
    facts = [tr("seed {seed}", seed=take.seed), markup.seconds(take.seconds), *_other(line, take)]
    about = element(
        "div",
        element("strong", tr("Take {number}", number=take.number)),
        element("div", " · ".join(facts), class_="hint"),
        class_="grows",
    )
    use = markup.button("use", f"{line.number}/{take.number}", tr("Use this take"), name, "primary")
    address = dashboard.file(output, take.file)
    return element(
        "li",
        player.sample(address, name),
        about,
        element("span", tr("heard"), class_="badge present") if is_heard else use,
        data_take=take.number,
        data_src=address,
    )


def _other(line: LineView, take: TakeView) -> Iterator[str]:
    """What is said in a take that is not heard, and how, where that is other than what is."""
    if take.text != line.text:
        yield f"“{take.text}”"
    if take.role.voice and take.role.voice != line.role.voice:
        yield take.role.voice
    planned = {*casting.manner(line.role)}
    yield from (said for said in casting.manner(take.role) if said not in planned)
