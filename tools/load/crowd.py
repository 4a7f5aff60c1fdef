"""Clients that come and go for a while, each at its own pace, through every door."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from tools.load.visits import Door, Visit

_PATIENCE = httpx.Timeout(60, connect=10)


@dataclass
class Outcome:
    """What became of the visits of one kind."""

    firsts: list[float] = field(default_factory=list[float])
    """Seconds to the first of what was asked for, of each that went well."""
    faults: list[str] = field(default_factory=list[str])


async def send(
    url: str, visits: Mapping[str, Visit], clients: int, seconds: float, seed: int
) -> dict[str, Outcome]:
    """What became of everybody who came, by the kind of visit; all visits end before it returns."""
    outcomes = {name: Outcome() for name in visits}
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as crowd:
        for number in range(clients):
            drawn = random.Random(f"{seed}-{number}")
            crowd.create_task(_come_and_go(url, visits, outcomes, until, drawn))
    return outcomes


async def _come_and_go(
    url: str,
    visits: Mapping[str, Visit],
    outcomes: Mapping[str, Outcome],
    until: float,
    drawn: random.Random,
) -> None:
    names = list(visits)
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE, trust_env=False) as http:
        while time.monotonic() < until:
            name = drawn.choice(names)
            try:
                outcomes[name].firsts.append(await visits[name](Door(url, http)))
            except Exception as error:  # whatever goes wrong is what we came to count
                outcomes[name].faults.append(f"{type(error).__name__}: {error}")
