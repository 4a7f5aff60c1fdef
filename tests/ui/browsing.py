"""Pages in a real browser, whose console must stay free of errors."""

import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

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


FORGET = """() => {
  if (!location.protocol.startsWith("http")) return;
  Storage.prototype.setItem = () => {}; // A page that is left writes down what was typed on it.
  localStorage.clear();
}"""
_idle: WeakKeyDictionary[Browser, dict[int, list[BrowserContext]]] = WeakKeyDictionary()
"""Contexts of each width that nobody uses."""


@contextmanager
def watched(browser: Browser, width: int) -> Generator[Page]:
    """A page of that width, which knows of no other; it must have had nothing to complain of by
    the end of the block."""
    complaints: list[str] = []
    with _context(browser, width) as context:
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_bad(said.type) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert not complaints, complaints


@contextmanager
def _context(browser: Browser, width: int) -> Generator[BrowserContext]:
    """A context of one's own. Those before may have left our scripts in its cache, and nothing
    else: to fetch them and compile them is a fifth of what a page costs."""
    idle = _idle.setdefault(browser, {}).setdefault(width, [])
    context = idle.pop() if idle else browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(HANG_MS)
    with ExitStack() as spoiled:
        spoiled.callback(context.close)
        yield context
        for page in context.pages:
            page.evaluate(FORGET)
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        spoiled.pop_all()
    idle.append(context)


def is_bad(kind: str) -> bool:
    return kind == "error"


def visit(page: Page, address: str, path: str = "") -> None:
    page.goto(f"{address}/{path}")
    # What is typed or pressed before Gradio has put its widgets together is lost.
    page.wait_for_selector("#banner .notice")
