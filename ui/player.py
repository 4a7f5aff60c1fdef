"""The players, custom elements of `static/`, as pages write them."""

import json

from ui.markup import Html, element
from ui.translation import tr

STOP_FIRST = "(job) => { document.querySelector('speech-player')?.stop(); return job; }"
"""For `js=` of an event that cancels a job: silence at once, whatever the server answers."""
START = "speech-start"
"""Class of buttons from whose press the time to the first sound is counted."""


def listen(job_id: str, *, autoplay: bool = False, file: str | None = None) -> Html:
    """A player that hears a job from its beginning, and keeps it in the page's address; `file` is
    the address of the finished sound, where that is not the usual one."""
    return element(
        "speech-player", job=job_id, autoplay=autoplay, remember=True, file=file, words=words()
    )


def replay(
    job_id: str,
    seconds: float,
    *,
    autoplay: bool = False,
    remember: bool = False,
    file: str | None = None,
) -> Html:
    """A player of a finished file; `file` as in `listen`."""
    return element(
        "speech-player",
        job=job_id,
        finished=f"{seconds:.3f}",
        autoplay=autoplay,
        remember=remember,
        file=file,
        words=words(),
    )


def sample(address: str, what: str) -> Html:
    """A round button that plays a short recording; `what` tells whose."""
    said = {
        "play": tr("Play: {what}"),
        "pause": tr("Pause: {what}"),
        "gone": tr("It cannot be played."),
    }
    label = tr("Play: {what}", what=what)
    button = element("button", type="button", class_="play", aria_label=label)
    return element("speech-sample", button, src=address, label=what, words=json.dumps(said))


def words() -> str:
    """What a player says, for its attribute `words`: scripts hold no word that a person sees, and
    fill in the `{names}`."""
    return json.dumps(
        {
            "play": tr("Play"),
            "pause": tr("Pause"),
            "space": tr("{what} (space bar)"),
            "position": tr("Position"),
            "of": tr("{at} of {length}"),
            "back": tr("Back by {seconds} s (left arrow)"),
            "on": tr("On by {seconds} s (right arrow)"),
            "speed": tr("Speed"),
            "volume": tr("Volume"),
            "mute": tr("Mute"),
            "unmute": tr("Sound on"),
            "waiting": tr("Waiting for the first sound …"),
            "press": tr("Press play to hear it."),
            "first": tr("First sound after {seconds} s"),
            "anew": tr("The audio began anew."),
            "kept": tr("What is further back can be heard when it is done."),
            "stopped": tr("Stopped."),
            "failed": tr("The job failed."),
            "silent": tr("It made no sound."),
            "gone": tr("The finished file cannot be played; it may have been deleted."),
            "trying": tr("The dashboard does not answer; trying again."),
            "away": tr("The dashboard is away. Press play to try again."),
            "status": tr("The dashboard answered with status {status}."),
        }
    )
