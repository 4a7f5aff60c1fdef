"""Every page with something on it: axe-core finds no grave fault, and everything fits."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from shared.requests import CONTRACTS
from tests.stack import Stack
from tests.ui import looking
from tests.ui.browsing import HANG_MS, IN_A_BROWSER, is_bad, visit
from tools.screenshots import content, scenes
from tools.screenshots.scenes import Scene

pytestmark = IN_A_BROWSER

WIDE, NARROW = 1440, 390
WIDTHS = (WIDE, 768, NARROW)
STILL = "* { transition: none !important; animation: none !important; }"
"""Colours and sizes are what they will be, at once."""
SCENES = [scene.name for scene in scenes.every(dict.fromkeys(CONTRACTS, "")) if scene.full]


@dataclass
class Open:
    """A page for all tests, which has loaded the scripts once."""

    page: Page
    complaints: list[str] = field(default_factory=list[str])
    """Errors in its console."""

    def hear(self, said: ConsoleMessage) -> None:
        if is_bad(said.type):
            self.complaints.append(f"{said.text} {said.location.get('url')}")

    def check(self, found: dict[str, list[str]]) -> None:
        """There must be no fault, neither where they were looked for nor in the console."""
        told = {**found, "console": self.complaints}
        faults = [f"{where}: {fault}" for where, them in told.items() for fault in them]
        assert not faults, "\n".join(faults)

    def colour(self, *, dark: bool) -> None:
        self.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)


@pytest.fixture(scope="module")
def every(stack: Stack) -> dict[str, Scene]:
    """All scenes, with something to see in each."""
    return {scene.name: scene for scene in scenes.every(content.fill(stack.client()))}


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Open]:
    with browser.new_context(reduced_motion="reduce") as context:
        context.set_default_timeout(HANG_MS)
        opened = Open(context.new_page())
        opened.page.on("console", opened.hear)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        yield opened


@pytest.fixture
def opened(shared: Open) -> Open:
    shared.complaints.clear()
    shared.page.set_viewport_size({"width": WIDE, "height": 900})
    return shared


@pytest.mark.parametrize("name", SCENES)
def test_a_page_fits_and_is_accessible_in_both_colours(
    opened: Open, address: str, every: dict[str, Scene], name: str
):
    page = opened.page
    scenes.open_at(page, address, every[name])
    page.add_style_tag(content=STILL)
    found = {"light": looking.accessibility(page)}
    opened.colour(dark=True)
    found["dark"] = looking.accessibility(page, ["color-contrast"])
    opened.colour(dark=False)
    found |= {f"{width} wide": looking.layout(page, width) for width in WIDTHS}
    found["on a telephone"] = looking.accessibility(page)
    opened.check(found)


def test_an_open_picker_of_voices_is_accessible_in_both_colours(
    opened: Open, address: str, every: dict[str, Scene]
):
    page = opened.page
    scenes.open_at(page, address, every["voice-clone"])
    page.get_by_label("From the library").check()
    page.locator("#field-voice .chosen").click()
    page.locator(".voice-panel [data-choice]").first.wait_for()
    page.add_style_tag(content=STILL)
    found = {"light": looking.accessibility(page)}
    opened.colour(dark=True)
    found["dark"] = looking.accessibility(page, ["color-contrast"])
    opened.check(found)


def test_the_open_menu_of_a_telephone_fits_and_is_accessible(opened: Open, address: str):
    page = opened.page
    page.set_viewport_size({"width": NARROW, "height": 900})
    visit(page, address)
    page.locator("#rail .menu").click()
    page.locator("#rail .groups").wait_for()
    page.add_style_tag(content=STILL)
    opened.check({"": looking.layout(page, NARROW), "menu": looking.accessibility(page)})
