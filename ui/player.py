"""The players, custom elements of `static/`, as pages write them."""

from ui.markup import Html, element

STOP_FIRST = "(job) => { document.querySelector('speech-player')?.stop(); return job; }"
"""For `js=` of an event that cancels a job: silence at once, whatever the server answers."""
START = "speech-start"
"""Class of buttons from whose press the time to the first sound is counted."""


def listen(job_id: str, *, autoplay: bool = False, file: str | None = None) -> Html:
    """A player that hears a job from its beginning, and keeps it in the page's address; `file` is
    the address of the finished sound, where that is not the usual one."""
    return element("speech-player", job=job_id, autoplay=autoplay, remember=True, file=file)


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
    )


def sample(address: str, what: str) -> Html:
    """A round button that plays a short recording; `what` tells whose."""
    button = element("button", type="button", class_="play", aria_label=f"Play: {what}")
    return element("speech-sample", button, src=address, label=what)
