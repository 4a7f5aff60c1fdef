"""How a cue of subtitles was made to fit into its time, in words and as a bar."""

from shared.views import FitView
from ui import markup
from ui.markup import Html, element
from ui.translation import mark, tr

_HURRIES = 1.005
"""What is less faster than this is not heard."""
_DONE = {
    "borrowed": mark("into the silence after it"),
    "squeezed": mark("shorter silences"),
}
"""What was done without harm; what is stretched tells its rate."""


def told(fit: FitView) -> str:
    """What was done to it; empty for a cue that was left as it is."""
    if fit.overrun > 0:
        words = (
            tr("{seconds:.1f} s too long, cut off", seconds=fit.overrun)
            if fit.action == "cut"
            else tr("{seconds:.1f} s too long", seconds=fit.overrun)
        )
        return words
    if fit.rate is not None and fit.rate > _HURRIES:
        return tr("{rate:.2f} × faster", rate=fit.rate)
    return tr(_DONE.get(fit.action, ""))


def shown(fit: FitView) -> Html | None:
    """Its room as a bar, filled by what is heard; red beyond its end."""
    room = fit.room or fit.slot
    if not room or fit.natural is None:
        return None
    heard = fit.natural / (fit.rate or 1.0)
    whole = max(room, heard, 0.1)
    said = tr(
        "{heard} in {room}", heard=markup.seconds(min(heard, whole)), room=markup.seconds(room)
    )
    drawn = element(
        "span",
        class_="fit strained" if fit.strained else "fit",
        style=f"--heard: {100 * heard / whole:.1f}%; --room: {100 * room / whole:.1f}%",
        aria_hidden="true",
    )
    done = element("span", told(fit), class_="badge failed" if fit.strained else "hint")
    return element("div", drawn, element("div", said, class_="hint"), done if told(fit) else None)
