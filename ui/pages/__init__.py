"""The pages: one for every contract, and those that look at the whole service."""

from collections.abc import Iterable

import gradio as gr
from gradio.context import Context, set_render_context

from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from ui import navigation
from ui.dashboard import Dashboard, path_of
from ui.pages import (
    clone,
    contract,
    design,
    design_then_clone,
    emotions,
    outputs,
    pipeline,
    queue,
    speak,
    system,
    voices,
)

ALL = tuple(CONTRACTS.values())
_BY_HAND = {
    "custom_voice": speak.build,
    "voice_design": design.build,
    "voice_clone": clone.build,
    "design_then_clone": design_then_clone.build,
}
"""Contracts whose page is laid out for them alone."""
_OVERVIEWS = {
    "voices": voices.build,
    "outputs": outputs.build,
    "emotions": emotions.build,
    "queue": queue.build,
    "system": system.build,
}
_KEEP = 600
"""Seconds that a file lies with the dashboard at most: the service has had it since it came."""


class _Pages(gr.Blocks):
    """Blocks of many pages. After every page Gradio describes all pages so far and makes a server
    of them, for most of the time that the dashboard takes to start: the server that is mounted
    makes its own."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        *args: object,
    ) -> None:
        if exc_type is None:
            self.fill_expected_parents()
            self.default_config.attach_load_events()
            self.exited = True
        set_render_context(None)
        Context.root_block = None


def build(dashboard: Dashboard, contracts: Iterable[type[Declared]] = ALL) -> gr.Blocks:
    """All pages, one application."""
    ordered = navigation.ordered(contracts)
    with _Pages(title="Qwen3-TTS", analytics_enabled=False, delete_cache=(60, _KEEP)) as blocks:
        _build(dashboard, blocks, ordered[0])
    for declared in ordered[1:]:
        with blocks.route(declared.title, path_of(declared.name)) as page:
            _build(dashboard, page, declared)
    for path, build_overview in _OVERVIEWS.items():
        with blocks.route(navigation.OVERVIEWS[path], path) as page:
            build_overview(dashboard, page)
    return blocks


def _build(dashboard: Dashboard, page: gr.Blocks, declared: type[Declared]) -> None:
    usual = pipeline.build if declared.kind == "pipeline" else contract.build
    _BY_HAND.get(declared.name, usual)(dashboard, page, declared)
