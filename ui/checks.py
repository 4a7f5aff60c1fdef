"""What was measured of a recording to be cloned, as people read it: each fact with its verdict."""

from collections.abc import Iterator

from shared.audio import reference
from shared.audio.pcm import SAMPLE_RATE
from shared.stores.uploads import Upload
from ui import markup
from ui.markup import Html, element
from ui.translation import tr

Check = tuple[str, str, bool]
"""What was measured, what came of it, whether that is good."""


def table(upload: Upload) -> Html:
    """Length, level, clipping and what else tells whether a recording is fit to be cloned."""
    return element("ul", *map(_row, _checks(upload)), class_="checks checked")


def _checks(upload: Upload) -> Iterator[Check]:
    yield tr("Length"), markup.seconds(upload.seconds), upload.seconds <= reference.LONG
    if upload.level is not None:
        level = tr("{level:.0f} dBFS", level=upload.level)
        yield tr("Level"), level, upload.level >= reference.QUIET
    if upload.peak is not None:
        yield tr("Peak"), tr("{level:.1f} dBFS", level=upload.peak), True
    if upload.clipped is not None:
        share = f"{upload.clipped:.1%}" if upload.clipped >= 0.0005 else tr("none")
        yield tr("Clipping"), share, upload.clipped <= reference.CLIPPED
    rate = f"{upload.rate / 1000:g} kHz"
    yield tr("Sample rate"), rate, upload.rate >= SAMPLE_RATE
    yield tr("Channels"), _channels(upload.channels), True


def _channels(count: int) -> str:
    known = {1: tr("mono"), 2: tr("stereo, mixed to mono")}
    return known.get(count, tr("{count} channels, mixed to mono", count=count))


def _row(check: Check) -> Html:
    name, value, good = check
    sign = element("span", "✓" if good else "⚠", class_="good" if good else "bad", role="img",
                   aria_label=tr("good") if good else tr("take care"))  # fmt: skip
    return element("li", sign, f" {name} ", element("strong", value), data_good=str(good).lower())
