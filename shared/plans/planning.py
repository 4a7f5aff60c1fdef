"""From a document to a plan: one planner for each pipeline, and what they have in common."""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import shared.plans
from shared import languages
from shared.errors import InvalidRequest, NothingToSay
from shared.plans.directory import Directory
from shared.plans.plan import MOST_LINES, Plan
from shared.requests.pipeline import Pipeline
from shared.text.plain import Plain

_SILENCE = 3_600.0
"""Seconds of silence that any plan may have, and so many more for each second of its speech."""
_SHARE = 3.0
_SAMPLE = 20_000
"""Characters by which a language is told."""


@dataclass(frozen=True)
class Document:
    """What is to be read, as it was sent."""

    data: bytes
    """Text that came in the request is UTF-8."""
    name: str = ""
    """The name of its file, for what its ending tells; empty for text in the request."""


Planner = Callable[[Any, Document, Directory], Plan]
"""Takes a request whose roles are resolved, its document, and the voices that there are.

Pure: equal arguments make equal plans. Raises InvalidRequest, naming the line where it can.
"""
PLANNERS: dict[str, Planner] = {}


def plans(contract: type[Pipeline]) -> Callable[[Planner], Planner]:
    """Mark a function as the planner of a contract."""

    def register(planner: Planner) -> Planner:
        PLANNERS[contract.name] = planner
        return planner

    return register


def plan(request: Pipeline, document: Document, directory: Directory) -> Plan:
    """The plan of a document. Raises InvalidRequest, NothingToSay for one without a line."""
    _discover()
    try:
        made = PLANNERS[request.name](request, document, directory)
    except InvalidRequest as error:
        if error.param in (None, "source"):  # who reads the document knows no field
            error.param = request.document_field
        raise
    if not made.lines:
        raise NothingToSay(
            "Nothing in the document can be spoken.",
            param=request.document_field,
            hint=made.skipped[0].why if made.skipped else None,
        )
    require_room(len(made.lines))
    require_speech(made)
    return made


def require_room(lines: int) -> None:
    """Refuse more lines than a plan may have; a planner asks before it has made them all."""
    if lines > MOST_LINES:
        raise InvalidRequest(
            f"The document has more than {MOST_LINES:,} lines to be spoken.",
            hint="Send it in parts.",
        )


def require_speech(made: Plan) -> None:
    """Refuse a plan that is silence for the most part, which a few letters can ask for."""
    silence = made.opening + sum(line.pause_after for line in made.lines)
    if silence > _SILENCE + _SHARE * sum(line.seconds for line in made.lines):
        raise InvalidRequest(
            f"The pauses last {silence / 3600:.1f} hours in all, far longer than the speech.",
            hint="Shorten `pauses` or the pauses in the document.",
        )


def language_of(request: Pipeline, texts: Iterable[str]) -> str:
    """The language that a request names, or that of the texts of its document together.

    One line alone is too little to tell by, and mark-up has words of its own.
    """
    if request.language != languages.AUTO:
        return request.language
    sample: list[str] = []
    size = 0
    for text in texts:
        sample.append(text[:_SAMPLE])
        size += len(text)
        if size > _SAMPLE:
            break
    return languages.guess(Plain.of("\n\n".join(sample)).words)


def seed_of(seed: int, said: str, who: str, take: int = 1) -> int:
    """The seed of a line: it follows its words, so that a line put before it changes nothing."""
    digest = hashlib.sha256(repr((seed, said, who, take)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _discover() -> None:
    for module in pkgutil.iter_modules(shared.plans.__path__):
        importlib.import_module(f"{shared.plans.__name__}.{module.name}")
