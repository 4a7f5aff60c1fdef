"""The pages: one for every contract, and those that look at the whole service."""

from collections.abc import Iterable

import gradio as gr

from shared.requests import CONTRACTS
from shared.requests.declared import Declared
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
_FIRST = {
    "custom_voice": speak.build,
    "voice_design": design.build,
    "voice_clone": clone.build,
    "design_then_clone": design_then_clone.build,
    "codec_encode": contract.build,
}
"""Contracts whose page is laid out by hand, or comes before others; all others follow."""
_OVERVIEWS = {
    "Voices": voices.build,
    "Emotions": emotions.build,
    "Queue": queue.build,
    "Outputs": outputs.build,
    "System": system.build,
}
_KEEP = 600
"""Seconds that a file lies with the dashboard at most: the service has had it since it came."""


def build(dashboard: Dashboard, contracts: Iterable[type[Declared]] = ALL) -> gr.Blocks:
    """All pages, one application."""
    ordered = sorted(contracts, key=_place)
    with gr.Blocks(title="Qwen3-TTS", analytics_enabled=False, delete_cache=(60, _KEEP)) as blocks:
        _build(dashboard, blocks, ordered[0])
    for declared in ordered[1:]:
        with blocks.route(declared.title, path_of(declared.name)) as page:
            _build(dashboard, page, declared)
    for title, build_overview in _OVERVIEWS.items():
        with blocks.route(title, title.lower()) as page:
            build_overview(dashboard, page)
    return blocks


def _build(dashboard: Dashboard, page: gr.Blocks, declared: type[Declared]) -> None:
    usual = pipeline.build if declared.kind == "pipeline" else contract.build
    _FIRST.get(declared.name, usual)(dashboard, page, declared)


def _place(declared: type[Declared]) -> int:
    """The first in their order; the others as they were declared."""
    names = list(_FIRST)
    return names.index(declared.name) if declared.name in names else len(names)
