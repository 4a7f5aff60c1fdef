"""A line of a recording as its row shows it, and what a person wants to be other about it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.views import LineView, TakeView
from shared.voices.view import VoiceView
from ui import casting, markup, player
from ui.dashboard import Dashboard
from ui.fitting import Fitted
from ui.markup import Html, element


def changes(
    line: LineView, text: str, instruct: str, emotion: str, voice: str, seed: float | None
) -> dict[str, Any]:
    """What of another take is other than the plan of the line, as the form holds it."""
    planned = line.takes[0] if line.takes else line
    wanted = {
        "instruct": (planned.role.instruct, instruct.strip() or None),
        "emotion": (planned.role.emotion, emotion or None),
    }
    found = {name: now for name, (before, now) in wanted.items() if now != before}
    if voice and voice != planned.role.voice:
        found["voice"] = voice
    if text.strip() and text.strip() != planned.text.strip():
        found["text"] = text.strip()
    return found if seed is None else {**found, "seed": int(seed)}


def is_faulty(line: LineView, fitted: Fitted | None) -> bool:
    """Whether somebody should hear it: it failed, has faults, or does not fit into its time."""
    heard = _heard(line)
    return (
        line.state == "failed" or bool(heard and heard.faults) or bool(fitted and fitted.strained)
    )


def row(
    dashboard: Dashboard,
    output: str,
    line: LineView,
    voices: Mapping[str, VoiceView],
    hues: Mapping[str, int],
    fitted: Fitted | None,
    spoken: Collection[int],
) -> Html:
    """A row; `fitted` tells how a cue was made to fit, `spoken` are the lines that are spoken
    again at present."""
    heard = _heard(line)
    name = f"Line {line.number}"
    sound = (
        player.sample(dashboard.file(output, heard.file), name)
        if heard
        else element("span", class_="no-sample")
    )
    body = element(
        "div",
        markup.speaker(line.speaker, hues) if line.speaker else None,
        element("div", line.text or "Text is not kept", class_="excerpt"),
        element("div", " · ".join(_facts(line, voices)), class_="hint"),
        _badges(line, heard, fitted, line.number in spoken),
        class_="grows",
    )
    again = markup.button("again", str(line.number), "Again", name)
    return element(
        "li",
        element("span", line.number, class_="number"),
        sound,
        body,
        element("div", again, class_="actions"),
        _takes(dashboard, output, line) if len(line.takes) > 1 else None,
        data_line=line.number,
    )


def _heard(line: LineView) -> TakeView | None:
    return next((take for take in line.takes if take.number == line.chosen), None)


def _facts(line: LineView, voices: Mapping[str, VoiceView]) -> Iterator[str]:
    yield casting.who(line.role, voices)
    if line.role.emotion:
        yield line.role.emotion
    if line.role.instruct:
        yield f"“{line.role.instruct}”"
    if line.start is not None and line.end is not None:
        yield f"{markup.clock(line.start)} – {markup.clock(line.end)}"
    if line.id:
        yield line.id
    if line.taken_over:
        yield "taken over"


def _badges(
    line: LineView, heard: TakeView | None, fitted: Fitted | None, spoken: bool
) -> Html | None:
    """What is unusual about a line."""
    badges: list[Html] = []
    if spoken:
        badges.append(_badge("spoken again …", "queued"))
    if line.state == "failed":
        badges.append(_badge(f"failed: {line.why}", "failed"))
    if heard:
        badges += [_badge(fault, "failed") for fault in heard.faults]
        badges += [
            _badge(f"seed {each.seed} was thrown away: {each.why}", "queued")
            for each in heard.retaken
        ]
    if fitted and fitted.said:
        badges.append(_badge(fitted.said, "failed" if fitted.strained else ""))
    return element("div", *badges, class_="choices badges") if badges else None


def _badge(said: str, kind: str) -> Html:
    return element("span", said, class_=f"badge {kind}".strip())


def _takes(dashboard: Dashboard, output: str, line: LineView) -> Html:
    """All takes of a line, of which one is heard."""
    rows = (_take(dashboard, output, line, take) for take in line.takes)
    return element("ul", *rows, class_="takes")


def _take(dashboard: Dashboard, output: str, line: LineView, take: TakeView) -> Html:
    name = f"Take {take.number} of line {line.number}"
    is_heard = take.number == line.chosen
    about = element(
        "div",
        element("strong", f"Take {take.number}"),
        element("div", f"seed {take.seed} · {markup.seconds(take.seconds)}", class_="hint"),
        class_="grows",
    )
    use = markup.button("use", f"{line.number}/{take.number}", "Use this take", name, "primary")
    return element(
        "li",
        player.sample(dashboard.file(output, take.file), name),
        about,
        element("span", "heard", class_="badge present") if is_heard else use,
        data_take=take.number,
    )
