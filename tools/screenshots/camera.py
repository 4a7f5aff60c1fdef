"""Takes a picture of a page in one colour and at one width, and makes it small."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tools.screenshots import scenes
from tools.screenshots.scenes import Scene

Colour = Literal["light", "dark"]
COLOURS: tuple[Colour, ...] = ("light", "dark")
WIDE, NARROW = 1440, 390
WIDTHS = (WIDE, NARROW)
_HEIGHT = 900
_TALLEST = 6000
_OFTEN, _RARE = 160, 96
"""Colours of a picture: a page has few, and a palette makes its picture a third as large."""


@dataclass(frozen=True)
class Shot:
    """One picture."""

    scene: str
    colour: Colour
    width: int

    @property
    def name(self) -> str:
        """Of its file; that of a light, wide page is the name of the scene."""
        colour = "-dark" if self.colour == "dark" else ""
        width = "-phone" if self.width == NARROW else ""
        return f"{self.scene}{width}{colour}.png"


class Camera:
    """Keeps pictures of the pages at one address in a folder."""

    def __init__(
        self, browser: Browser, address: str, folder: Path, tallest: int = _TALLEST
    ) -> None:
        """`tallest`: pixels of a picture; of what is longer the top is shown."""
        self._browser = browser
        self._address = address
        self._folder = folder
        self._tallest = tallest

    def __call__(self, scene: Scene, shot: Shot) -> Path:
        """Take one; where it lies."""
        size = ViewportSize(width=shot.width, height=_HEIGHT)
        with self._browser.new_context(viewport=size, color_scheme=shot.colour) as context:
            page = context.new_page()
            page.set_default_timeout(scenes.HANG_MS)
            scenes.open_at(page, self._address, scene)
            self._grow(page, shot.width)
            return self._keep(page, shot)

    def _grow(self, page: Page, width: int) -> None:
        """Show the whole page at once; what is fixed to the window grows with it."""
        height = page.evaluate("document.documentElement.scrollHeight")
        size = ViewportSize(width=width, height=min(max(height, _HEIGHT), self._tallest))
        page.set_viewport_size(size)
        page.evaluate("scrollTo(0, 0)")
        scenes.settle(page)

    def _keep(self, page: Page, shot: Shot) -> Path:
        taken = page.screenshot(animations="disabled")
        path = self._folder / shot.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(taken)) as image:
            small = _with_palette(image.convert("RGB"))
            small.save(path, optimize=True)
        return path


def _with_palette(image: Image.Image) -> Image.Image:
    """The commonest colours as they are, so that grounds stay equal; for the rest, such as a small
    sign in a colour of its own, those that cover the most."""
    found: Any = image.getcolors(image.width * image.height)
    often: list[tuple[int, int, int]] = [colour for _, colour in sorted(found, reverse=True)]
    covering = image.quantize(_RARE, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    values = [value for colour in often[:_OFTEN] for value in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*values, *(covering.getpalette() or [])[: 3 * _RARE]])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
