"""Pages in a real browser, whose console must stay free of errors."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

CHROMIUM = shutil.which("chromium")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
"""Marks of every module that needs one."""
HANG_MS = 30_000
"""No measure of speed: only what hangs takes so long."""
expect.set_options(timeout=HANG_MS)


@contextmanager
def watched(browser: Browser, width: int) -> Generator[Page]:
    """A page of that width; it must have had nothing to complain of by the end of the block."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        context.set_default_timeout(HANG_MS)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_bad(said.type) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert not complaints, complaints


def is_bad(kind: str) -> bool:
    return kind == "error"


def visit(page: Page, address: str, path: str = "") -> None:
    page.goto(f"{address}/{path}")
    # What is typed or pressed before Gradio has put its widgets together is lost.
    page.wait_for_selector("#banner .notice")
