"""What is being made of the lines of a recording: takes of them, and the recording itself anew."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.views import AssemblyView
from ui import markup
from ui.markup import Html, element
from ui.translation import plural, tr

Work = dict[str, Any]
"""The `pending` jobs with their lines; lines `left` to be sent, of how many in the `batch`; whether
the recording is `assembling`."""


def more(work: Work, numbers: Iterable[int]) -> Work:
    """With other lines that are to be spoken again; one that is on its way already is not sent
    twice."""
    busy = lines(work)
    new = [number for number in dict.fromkeys(numbers) if number not in busy]
    batch = work.get("batch", 0) if busy else 0
    return {**work, "left": [*work.get("left", ()), *new], "batch": batch + len(new)}


def begun(work: Work, job: str, number: int) -> Work:
    """With a job that speaks a line again."""
    batch = work.get("batch", 0) if lines(work) else 0
    return {**work, "pending": {**work.get("pending", {}), job: number}, "batch": batch + 1}


def lines(work: Work) -> set[int]:
    """The lines that are spoken again at present."""
    return {*work.get("pending", {}).values(), *work.get("left", ())}


def goes_on(work: Work) -> bool:
    """Whether there is something to wait for."""
    return bool(lines(work) or work.get("assembling"))


def told(work: Work) -> Html:
    """What is being made at present; empty where nothing is."""
    if work.get("assembling"):
        said = tr("The recording is assembled anew …")
        return markup.notice("note", said, None, element("progress", aria_label=said))
    numbers = [*work.get("pending", {}).values(), *work.get("left", ())]
    if not numbers:
        return Html("")
    batch = max(work.get("batch", 0), len(numbers))
    if batch == 1:
        said = tr("Line {number} is spoken again …", number=numbers[0])
        return markup.notice("note", said, None, element("progress", aria_label=said))
    done = batch - len(numbers)
    said = tr("{done} of {count} lines are spoken again …", done=done, count=batch)
    return markup.notice("note", said, None, markup.bar(done / batch, said))


def done(work: Work, ended: Mapping[str, int]) -> Html:
    """What came of it, once the last of the jobs has `ended`."""
    count = max(work.get("batch", 0), len(ended))
    if count == 1:
        said = tr("Line {number} has another take.", number=next(iter(ended.values())))
    else:
        said = plural("{count} line has another take.", "{count} lines have other takes.", count)
    return markup.notice("note", said, tr("Hear them, and use the better one."))


def assembled(assembly: AssemblyView) -> Html:
    """What came of a recording that was assembled anew."""
    if assembly.state == "failed":
        why = tr("The recording could not be assembled: {why}", why=assembly.error)
        return markup.notice("error", why)
    said = tr("The recording is assembled anew.")
    return markup.notice("note", said, tr("All its files follow."))
