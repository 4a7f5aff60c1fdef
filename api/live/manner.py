"""How a session speaks."""

import random
from dataclasses import dataclass
from typing import Any

from api.deps import Context
from shared.errors import InvalidRequest
from shared.requests import CONTRACTS, contract
from shared.requests.declared import MAX_SEED
from shared.requests.spoken import Spoken

_SENTENCE = "Hello."
"""Stands for the text while a request is checked that has none yet."""
TASKS = tuple(
    name
    for name, kind in CONTRACTS.items()
    if issubclass(kind, Spoken) and kind.kind == "task" and not kind.new_voices()
)
"""What can be spoken sentence by sentence."""


@dataclass(frozen=True)
class Manner:
    """A task, and its request without the text."""

    task: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Way:
    """A manner that was checked: each sentence is spoken in it with the same seed."""

    task: str
    fields: dict[str, Any]
    language: str


class Ways:
    """The ways of one session, which have one seed unless a manner gives another."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._seed = random.randint(0, MAX_SEED)

    def of(self, manner: Manner) -> Way:
        """Raises InvalidRequest, and what presets and library say of names."""
        declared = contract(manner.task)
        if manner.task not in TASKS:
            raise InvalidRequest(
                f"{manner.task} cannot be spoken as the text comes. These can: {', '.join(TASKS)}.",
                param="task",
            )
        if "text" in manner.fields:
            raise InvalidRequest(
                "The text comes in messages of its own, not with the request.", param="text"
            )
        sample = {**manner.fields, "text": _SENTENCE}
        request = self._here.resolution.resolve(declared, sample).request
        assert isinstance(request, Spoken)
        if getattr(request, "candidates", 1) > 1:
            raise InvalidRequest(
                "Only one take can be heard while the text comes.", param="candidates"
            )
        seed = self._seed if request.seed is None else request.seed
        return Way(manner.task, {**manner.fields, "seed": seed}, request.language)
