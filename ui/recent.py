"""The latest jobs of one task, below its form: what was submitted before, and how far it is."""

from collections.abc import Iterable
from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.jobs import JobView
from ui import job_rows, markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.translation import tr

_LOOK = 2.0
_SHOWN = 6


class Recent:
    """The list; it is looked up anew while one of its jobs has not ended."""

    def __init__(self, dashboard: Dashboard, task: str) -> None:
        self._dashboard = dashboard
        self._task = task
        self.listing = markup.place(elem_id="recent", listens=True)
        self.shown = gr.State("")
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `look` updates."""
        return [self.shown, self.listing, self._timer]

    def wire(self, job: gr.State, *triggers: Any) -> None:
        """Look from then on when something happens; `job` is the one that the page shows."""
        for trigger in (self._timer.tick, *triggers):
            trigger(self.look, [job, self.shown], self.outputs, **QUIET)

    async def look(self, job_id: str, before: str) -> list[Any]:
        """Updates of `outputs`; while the service is away, nothing changes and it looks again."""
        try:
            call = self._dashboard.client.jobs(task=self._task, limit=_SHOWN)
            jobs = (await ask(call)).items
        except SpeechError:
            return [gr.skip(), gr.skip(), gr.Timer(active=True)]
        runs = any(not job.state.terminal for job in jobs)
        now = self._listed(jobs, job_id)
        shown = [gr.skip(), gr.skip()] if now == before else [now, now]
        return [*shown, gr.Timer(active=runs)]

    def _listed(self, jobs: Iterable[JobView], job_id: str) -> Html:
        rows = [self._row(job, job.id == job_id) for job in jobs]
        if not rows:
            return Html("")
        return markup.joined([element("h2", tr("Recent")), element("ol", *rows, class_="recent")])

    def _row(self, job: JobView, here: bool) -> Html:
        text = job_rows.excerpt(job, 60)
        about = element(
            "div",
            element("div", text, class_="excerpt"),
            element("div", job_rows.badge(job), job_rows.standing(job), class_="choices hint"),
            class_="grows",
        )
        opened = element("span", tr("shown above"), class_="hint") if here else None
        open_ = None if here else markup.button("open", job.id, tr("Open"), text)
        heard = job_rows.heard(self._dashboard, job) or element("span", class_="no-sample")
        done = element("div", opened, open_, *job_rows.buttons(job), class_="actions")
        return element("li", heard, about, done, data_job=job.id, aria_current=here or None)
