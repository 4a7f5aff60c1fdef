"""Small charts over time, drawn as SVG: what was not measured is a gap, and what they show is said.

A chart is stretched to the width that it has; all that is written stands beside the drawing.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ui.markup import Html, element
from ui.translation import tr

WIDTH, HEIGHT = 240.0, 72.0
"""Of the drawing's own coordinates."""

Values = Sequence[float | None]
Unit = Callable[[float], str]
"""How a value is said, with its unit."""


@dataclass(frozen=True)
class Time:
    """The stretches of time that charts show."""

    begin: float
    """Unix seconds."""
    step: float
    """Seconds."""
    points: int
    span: str
    """What all of it is called: `the last hour`."""
    ago: str
    """How long ago it began, in short."""


@dataclass(frozen=True)
class Curve:
    """Values of one kind, one a stretch of time."""

    name: str
    values: Values
    tone: str
    """Class of its colour: `first`, `second`, `bad` or `quiet`."""
    meaning: str = ""
    """What the legend says beside the name."""


@dataclass(frozen=True)
class Headline:
    """What is written above a drawing."""

    now: str
    """The number that matters."""
    rest: str = ""
    said: str = ""
    """All of it as a sentence, for those who do not see it."""


def area(
    time: Time,
    name: str,
    unit: Unit,
    values: Values,
    peaks: Values,
    headline: Headline,
    *,
    top: float | None = None,
) -> Html:
    """How high something was, and a shade up to the peaks; `top` is the end of the scale, where
    that means something."""
    top = top or ceiling(peaks)
    shapes = [
        _path(filled(peaks, top), "fill first"),
        _path(line(values, top), "line first"),
    ]
    words = [_worded(unit, [value]) for value in values]
    return _figure(time, name, headline, shapes, unit(top), words)


def curves(time: Time, name: str, unit: Unit, drawn: Sequence[Curve], headline: Headline) -> Html:
    """Several lines, with a dot wherever there is a value."""
    top = ceiling(value for curve in drawn for value in curve.values)
    shapes = [
        shape
        for curve in reversed(drawn)
        for shape in (
            _path(joined(curve.values, top), f"between {curve.tone}"),
            _path(dots(curve.values, top), f"dots {curve.tone}"),
        )
    ]
    return _figure(time, name, headline, shapes, unit(top), _named(drawn, unit), _legend(drawn))


def bars(time: Time, name: str, unit: Unit, drawn: Sequence[Curve], headline: Headline) -> Html:
    """What was counted in each stretch, kinds above each other."""
    columns = list(zip(*(curve.values for curve in drawn), strict=True))
    top = ceiling(sum(value or 0 for value in column) for column in columns)
    shapes: list[Html] = []
    below = [0.0] * time.points
    for curve in drawn:
        shapes.append(_path(blocks(curve.values, below, top), f"block {curve.tone}"))
        below = [low + (value or 0) for low, value in zip(below, curve.values, strict=True)]
    legend = _legend(drawn) if len(drawn) > 1 else None
    return _figure(time, name, headline, shapes, unit(top), _named(drawn, unit), legend)


def nothing(name: str, why: str) -> Html:
    """In the place of a chart that would be empty."""
    return element(
        "figure",
        element("figcaption", element("span", name, class_="name")),
        element("p", why, class_="why hint"),
        class_="chart",
    )


# --- numbers ---------------------------------------------------------------------------------


def share(value: float) -> str:
    return f"{value:.0%}"


def percent(value: float) -> str:
    return f"{value:.0f}%"


def memory(value: float) -> str:
    """Bytes."""
    if value >= 1e9:
        return tr("{count} GB", count=f"{value / 1e9:.1f}")
    return tr("{count} MB", count=f"{value / 1e6:.0f}")


def ratio(value: float) -> str:
    return f"{value:.2f}"


def seconds(value: float) -> str:
    if value >= 36_000:
        return tr("{hours} h", hours=f"{value / 3_600:,.1f}")
    if value >= 600:
        return tr("{minutes} min", minutes=f"{value / 60:.3g}")
    return tr("{seconds} s", seconds=f"{value:.2f}" if value < 1 else f"{value:.3g}")


def count(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def ceiling(values: Iterable[float | None]) -> float:
    """The round number that a scale ends with: 1, 2 or 5 and noughts, and none of them above it."""
    most = max((value for value in values if value is not None), default=0.0)
    if most <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(most))
    # What is a hair above a round number is that number.
    return next(step * decade for step in (1, 2, 5, 10) if most <= step * decade * (1 + 1e-9))


# --- shapes, as the `d` of a path -------------------------------------------------------------


def runs(values: Values) -> Iterator[list[tuple[int, float]]]:
    """Values that follow each other without a gap, with their places."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def line(values: Values, top: float) -> str:
    """A line over the whole of each stretch that was measured."""
    return "".join(f"M{_through(run, len(values), top)}" for run in runs(values))


def filled(values: Values, top: float) -> str:
    """What is under that line."""
    wide = WIDTH / len(values)
    return "".join(
        f"M{_n(run[0][0] * wide)} {_n(HEIGHT)}L{_through(run, len(values), top)}"
        f"L{_n((run[-1][0] + 1) * wide)} {_n(HEIGHT)}Z"
        for run in runs(values)
    )


def joined(values: Values, top: float) -> str:
    """A line from value to value."""
    return "".join(
        "M" + "L".join(_point(place, value, len(values), top) for place, value in run)
        for run in runs(values)
        if len(run) > 1
    )


def dots(values: Values, top: float) -> str:
    """A dot for each value: a line of no length, whose ends are round."""
    return "".join(
        f"M{_point(place, value, len(values), top)}h0"
        for place, value in enumerate(values)
        if value is not None
    )


def blocks(values: Values, below: Sequence[float], top: float) -> str:
    """A block for each value, upon what is below it."""
    wide = WIDTH / len(values)
    return "".join(
        f"M{_n((place + 0.12) * wide)} {_n(_y(low, top))}"
        f"V{_n(_y(low + value, top))}h{_n(wide * 0.76)}V{_n(_y(low, top))}Z"
        for place, (value, low) in enumerate(zip(values, below, strict=True))
        if value
    )


def _through(run: Sequence[tuple[int, float]], points: int, top: float) -> str:
    wide = WIDTH / points
    first, last = run[0], run[-1]
    return "L".join(
        [
            f"{_n(first[0] * wide)} {_n(_y(first[1], top))}",
            *(_point(place, value, points, top) for place, value in run),
            f"{_n((last[0] + 1) * wide)} {_n(_y(last[1], top))}",
        ]
    )


def _point(place: int, value: float, points: int, top: float) -> str:
    return f"{_n((place + 0.5) * WIDTH / points)} {_n(_y(value, top))}"


def _y(value: float, top: float) -> float:
    return HEIGHT * (1 - min(max(value / top, 0.0), 1.0))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


# --- the figure ------------------------------------------------------------------------------


def _figure(
    time: Time,
    name: str,
    headline: Headline,
    shapes: Sequence[Html],
    top: str,
    words: Sequence[str],
    legend: Html | None = None,
) -> Html:
    """The whole of a chart; `words` is what is said of each stretch where a person points at it."""
    drawing = element(
        "svg",
        _path(f"M0 0H{WIDTH:g}M0 {HEIGHT / 2:g}H{WIDTH:g}M0 {HEIGHT:g}H{WIDTH:g}", "scale"),
        *shapes,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=tr("{name} over {span}: {said}", name=name, span=time.span, said=headline.said),
    )
    axis = element(
        "div",
        element("span", time.ago),
        element("span", tr("now")),
        class_="axis",
        aria_hidden="true",
    )
    return element(
        "figure",
        element(
            "figcaption",
            element("span", name, class_="name"),
            element("span", headline.now, class_="now"),
            element("span", headline.rest, class_="hint") if headline.rest else None,
        ),
        element(
            "div", drawing, element("span", top, class_="top", aria_hidden="true"), class_="plot"
        ),
        axis,
        legend,
        class_="chart",
        data_begin=f"{time.begin:.3f}",
        data_step=f"{time.step:g}",
        data_words=json.dumps(words, ensure_ascii=False),
    )


def _path(d: str, kind: str) -> Html:
    return element("path", d=d, class_=kind)


def _legend(drawn: Sequence[Curve]) -> Html:
    return element(
        "ul",
        *(
            element("li", ", ".join(filter(None, (it.name, it.meaning))), class_=it.tone)
            for it in drawn
        ),
        class_="legend",
    )


def _named(drawn: Sequence[Curve], unit: Unit) -> list[str]:
    columns = zip(*(curve.values for curve in drawn), strict=True)
    return [_worded(unit, column, [curve.name for curve in drawn]) for column in columns]


def _worded(unit: Unit, values: Sequence[float | None], names: Sequence[str] = ()) -> str:
    """What is said of one stretch; empty where nothing was measured."""
    if len(values) == 1:
        return "" if values[0] is None else unit(values[0])
    known = ((name, it) for name, it in zip(names, values, strict=True) if it is not None)
    return ", ".join(f"{name} {unit(it)}" for name, it in known)
