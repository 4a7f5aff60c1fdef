"""`python -m tools.screenshots`: the pictures of the docs, or of every page in every way."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright

from shared.client import Client
from shared.settings import ROOT
from tools.bench import service
from tools.chromium import FLAGS
from tools.screenshots import camera, content, scenes
from tools.screenshots.camera import Camera, Shot
from tools.screenshots.scenes import Scene

IMAGES = ROOT / "docs" / "images"
_ALSO = (Shot("outputs", "dark", camera.WIDE), Shot("speak", "light", camera.NARROW))
"""In the docs besides one picture of every page."""


@click.command()
@click.option("--chromium", default="/usr/bin/chromium", help="The browser to take them with.")
@click.option("--only", default="", help="Pages whose name begins so.")
@click.option(
    "--all",
    "everywhere",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for pictures of every page, light and dark, wide and narrow.",
)
def main(chromium: str, only: str, everywhere: Path | None) -> None:
    """Write docs/images, or with --all a picture of everything into a folder."""
    with service.running() as running, Client(running.url) as client:
        jobs = content.fill(client)
        known = [it for it in scenes.every(jobs) if it.name.startswith(only)]
        shots = _everything(known) if everywhere else _of_docs(known)
        with service.dashboard(running) as address, _browser(chromium) as browser:
            take = Camera(browser, address, everywhere) if everywhere else _camera(browser, address)
            _take(take, (it for it in known if not it.busy), shots)
            with service.worker(running, PREVIEW_PACE="1"):
                content.wait_in_line(client)
                _take(take, (it for it in known if it.busy), shots)


def _camera(browser: Browser, address: str) -> Camera:
    """That of the docs, whose pictures stand beside text."""
    return Camera(browser, address, IMAGES, tallest=1200)


def _everything(known: Iterable[Scene]) -> list[Shot]:
    return [
        Shot(scene.name, colour, width)
        for scene in known
        for colour in camera.COLOURS
        for width in camera.WIDTHS
    ]


def _of_docs(known: Iterable[Scene]) -> list[Shot]:
    """One of every page, and a few to show dark colours and a telephone."""
    return [*(Shot(it.name, "light", camera.WIDE) for it in known if it.full), *_ALSO]


def _take(take: Camera, known: Iterable[Scene], shots: Iterable[Shot]) -> None:
    wanted = list(shots)
    for scene in known:
        for shot in wanted:
            if shot.scene == scene.name:
                path = take(scene, shot)
                click.echo(f"{path} ({path.stat().st_size // 1000} kB)")


@contextmanager
def _browser(chromium: str) -> Generator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


if __name__ == "__main__":
    main()
