"""The pages: one for every contract, and those that look at the whole service."""

from collections.abc import Iterable

import gradio as gr

from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from ui.dashboard import Dashboard, path_of
from ui.pages import contract, outputs, queue, speak, system

ALL = tuple(CONTRACTS.values())
_BY_HAND = {"custom_voice": speak.build}
"""Contracts whose page is laid out by hand; all others get a generated one."""
_OVERVIEWS = {"Queue": queue.build, "Outputs": outputs.build, "System": system.build}


def build(dashboard: Dashboard, contracts: Iterable[type[Declared]] = ALL) -> gr.Blocks:
    """All pages, one application."""
    ordered = sorted(contracts, key=lambda declared: path_of(declared.name) != "")
    with gr.Blocks(title="Qwen3-TTS", analytics_enabled=False) as blocks:
        _build(dashboard, blocks, ordered[0])
    for declared in ordered[1:]:
        with blocks.route(declared.title, path_of(declared.name)) as page:
            _build(dashboard, page, declared)
    for title, build_overview in _OVERVIEWS.items():
        with blocks.route(title, title.lower()) as page:
            build_overview(dashboard, page)
    return blocks


def _build(dashboard: Dashboard, page: gr.Blocks, declared: type[Declared]) -> None:
    _BY_HAND.get(declared.name, contract.build)(dashboard, page, declared)
