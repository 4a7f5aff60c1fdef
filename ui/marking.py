"""Stars, tags and names of outputs: what a press makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.client import AsyncClient
from shared.errors import SpeechError, UnknownOutput
from shared.stores.listing import Output
from ui.dashboard import ask_all

OF_TAGS = ("tag", "untag")


@dataclass
class Done:
    """What came of something that was done to several outputs."""

    outputs: list[Output] = field(default_factory=list[Output])
    """Those to which it was done, as they are now; what was thrown away, as it was."""
    vanished: list[str] = field(default_factory=list[str])
    """Those that are there no more, by their ids."""
    trouble: SpeechError | None = None
    """Why it was not done to all others."""


async def mark(client: AsyncClient, outputs: Sequence[Output], action: str, value: str) -> Done:
    """Do to each what `star`, `unstar`, `rename`, `tag` or `untag` means."""
    calls = (partial(client.mark, each.id, **_marks(each, action, value)) for each in outputs)
    return _sorted(outputs, await ask_all(calls))


async def mark_as(client: AsyncClient, outputs: Sequence[Output]) -> Done:
    """Give each the star and the tags that it bears here."""
    calls = (
        partial(client.mark, each.id, starred=each.starred, tags=each.tags) for each in outputs
    )
    return _sorted(outputs, await ask_all(calls))


async def discard(client: AsyncClient, outputs: Sequence[Output]) -> Done:
    """Throw each away."""
    return _sorted(outputs, await ask_all(partial(client.discard, each.id) for each in outputs))


def _sorted(outputs: Sequence[Output], answers: Sequence[Output | SpeechError | None]) -> Done:
    done = Done()
    for output, answer in zip(outputs, answers, strict=True):
        match answer:
            case UnknownOutput():
                done.vanished.append(output.id)
            case SpeechError():
                done.trouble = done.trouble or answer
            case _:
                done.outputs.append(answer or output)
    return done


def _marks(output: Output, action: str, value: str) -> dict[str, Any]:
    match action:
        case "star" | "unstar":
            return {"starred": action == "star"}
        case "rename":
            return {"title": value}
        case "untag":
            return {"tags": [tag for tag in output.tags if tag != value]}
        case _:
            return {"tags": [*output.tags, *([value] if value else [])]}
