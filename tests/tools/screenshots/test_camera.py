"""Pictures of pages: which there are, what they are called, and that they are small."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from shared.requests import CONTRACTS
from shared.settings import ROOT
from tests.ui.browsing import CHROMIUM, IN_A_BROWSER
from tools.bench import ui
from tools.chromium import FLAGS
from tools.screenshots import scenes
from tools.screenshots.camera import NARROW, WIDE, Camera, Shot
from tools.screenshots.scenes import Scene

SCENES = scenes.every(dict.fromkeys(CONTRACTS, "job"))


def test_every_page_of_the_menu_has_a_scene():
    shown = {scene.path.partition("?")[0] for scene in SCENES if scene.full}

    assert shown == {path for path, _ in ui.pages()}


def test_every_full_scene_has_its_picture_in_the_docs():
    missing = [it.name for it in SCENES if it.full and not _of_docs(it.name).exists()]

    assert not missing


def test_all_pictures_of_the_docs_together_are_small():
    assert sum(path.stat().st_size for path in _of_docs("any").parent.iterdir()) < 2_500_000


@pytest.mark.parametrize(
    ("shot", "name"),
    [
        (Shot("speak", "light", WIDE), "speak.png"),
        (Shot("speak", "dark", NARROW), "speak-phone-dark.png"),
    ],
)
def test_a_picture_is_called_after_its_scene_width_and_colour(shot: Shot, name: str):
    assert shot.name == name


@pytest.mark.browser
@IN_A_BROWSER[-1]
def test_a_picture_shows_a_long_page_up_to_its_tallest(tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_text("<div id=banner><p class=notice>Hello</p></div><p style='height: 3000px'>")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        take = Camera(browser, tmp_path.as_uri(), tmp_path / "pictures", tallest=1200)
        picture = take(Scene("long", "page.html", _nothing), Shot("long", "light", NARROW))

    with Image.open(picture) as image:
        assert image.size == (NARROW, 1200)
        assert image.mode == "P"


def _nothing(_page: Page) -> None:
    """As it opens."""


def _of_docs(name: str) -> Path:
    return ROOT / "docs" / "images" / f"{name}.png"
