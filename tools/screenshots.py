"""Pictures of a running dashboard, for the docs: `python -m tools.screenshots --dashboard URL`."""

from pathlib import Path
from typing import Literal

import click
from playwright.sync_api import Browser, Page, sync_playwright

from shared.settings import ROOT
from tools.chromium import FLAGS

Colour = Literal["light", "dark"]
IMAGES = ROOT / "docs" / "images"
WIDTHS = (1440, 390)
_TEXT = (
    "Keeper's log. The lamp turned. Ten seconds; ten seconds; ten. "
    "Nobody came up the stairs that night, and nobody went down."
)
_OVERVIEWS = ("queue", "outputs", "system")
_PIPELINES = ("narration", "script", "npc-pack", "subtitles")


@click.command()
@click.option("--dashboard", default="http://127.0.0.1:7860", help="Where the dashboard is.")
@click.option("--chromium", default="/usr/bin/chromium", help="The browser to take them with.")
@click.option(
    "--all",
    "everywhere",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for pictures of every page, light and dark, wide and narrow.",
)
def main(dashboard: str, chromium: str, everywhere: Path | None) -> None:
    """Write docs/images/speak.png, and with --all a picture of everything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        take = Camera(browser, dashboard)
        take.speak(IMAGES / "speak.png", "light", WIDTHS[0])
        if everywhere:
            take.all(everywhere)


class Camera:
    """Takes pictures of the pages at one address."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address.rstrip("/")

    def all(self, folder: Path) -> None:
        """Every page in both colours and at every width."""
        colours: tuple[Colour, ...] = ("light", "dark")
        for colour in colours:
            for width in WIDTHS:
                self.speak(folder / f"speak-{colour}-{width}.png", colour, width)
                for name in _OVERVIEWS:
                    self.overview(folder / f"{name}-{colour}-{width}.png", name, colour, width)
                for name in _PIPELINES:
                    self.pipeline(folder / f"{name}-{colour}-{width}.png", name, colour, width)

    def speak(self, path: Path, colour: Colour, width: int) -> None:
        """Speak, while it is heard and after the job is done."""
        page = self._open("", colour, width)
        page.get_by_label("Text", exact=True).fill(_TEXT)
        page.locator("#speak").click()
        page.wait_for_selector("speech-player[data-state=playing]")
        page.wait_for_selector(".result[data-state=succeeded]")
        self._keep(page, path)

    def pipeline(self, path: Path, name: str, colour: Colour, width: int) -> None:
        """The example of a pipeline: its plan, and its lines after they were spoken."""
        page = self._open(name, colour, width)
        page.locator("#make-plan").click()
        page.wait_for_selector("#plan li")
        page.locator("#speak").click()
        page.wait_for_selector(".result[data-state=succeeded]")
        page.wait_for_selector("#lines li")
        self._keep(page, path)

    def overview(self, path: Path, name: str, colour: Colour, width: int) -> None:
        """One of the pages that list things."""
        page = self._open(name, colour, width)
        page.wait_for_selector("table.list, .empty")
        self._keep(page, path)

    def _open(self, name: str, colour: Colour, width: int) -> Page:
        page = self._browser.new_page(viewport={"width": width, "height": 760}, color_scheme=colour)
        page.goto(f"{self._address}/{name}")
        page.wait_for_selector("#banner .notice", state="attached")
        return page

    def _keep(self, page: Page, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=True)
        page.close()
        click.echo(f"{path} ({path.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
