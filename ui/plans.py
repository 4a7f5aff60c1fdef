"""Plans as pages look at them: asked of the service, and kept for a while for the next look.

A long plan has tens of megabytes: it is not fetched again for every page of lines and every letter
of a search. What is kept is known by its content, so it is never out of date.
"""

from collections.abc import Mapping
from typing import Any

from shared.client import AsyncClient
from shared.errors import UnknownUpload
from shared.plans.exchange import PlanView
from ui.dashboard import LONGER, ask

_MOST_LINES = 60_000
"""Of all plans that are kept, together; the newest is kept however long it is."""


class Plans:
    """Those of one pipeline."""

    def __init__(self, client: AsyncClient, task: str) -> None:
        self._client = client
        self._task = task
        self._kept: dict[str, PlanView] = {}
        """By their ids; the one that was looked at last comes last."""

    async def make(self, request: Mapping[str, Any]) -> PlanView:
        """The plan of a request. Raises SpeechError."""
        plan = await ask(self._client.plan(self._task, dict(request)), LONGER)
        self._keep(plan)
        return plan

    async def find(self, plan_id: str) -> PlanView:
        """The plan of that id. Raises SpeechError."""
        plan = self._kept.get(plan_id)
        if plan is None:
            return await self.make({"plan": plan_id})
        self._keep(plan)
        return plan

    async def is_kept(self, plan_id: str) -> bool:
        """Whether the service still has it, and can speak it. Raises SpeechError."""
        try:
            await ask(self._client.uploaded("plan", plan_id))
        except UnknownUpload:
            return False
        return True

    def _keep(self, plan: PlanView) -> None:
        self._kept.pop(plan.id, None)
        self._kept[plan.id] = plan
        while len(self._kept) > 1 and self._lines > _MOST_LINES:
            del self._kept[next(iter(self._kept))]

    @property
    def _lines(self) -> int:
        return sum(len(plan.lines) for plan in self._kept.values())
