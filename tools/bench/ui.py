"""`python -m tools.bench.ui`: how long the dashboard's pages take in a browser, to be used."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
from playwright.sync_api import Browser, Page, sync_playwright

from shared.client import Client
from shared.requests import CONTRACTS
from shared.settings import ROOT
from tools import sections
from tools.bench import library, machine, service
from tools.chromium import FLAGS
from ui import navigation
from ui.dashboard import path_of

PAGE = ROOT / "docs" / "benchmarks.md"
SECTION = "dashboard"
AIM_MS = 1000
REFERENCE = ROOT / "docs" / "examples" / "reference.flac"
_HANG_MS = 60_000
_TEXT = "The lamp turned. Ten seconds; ten seconds; ten. Nobody came up the stairs that night."
_CONTENT: Mapping[str, str] = {
    "voices": "#voices [data-voice]",
    "outputs": "#outputs [data-action]",
    "queue": "#jobs .empty, #jobs [data-id]",
    "system": "#workers dl, #workers .card",
}
"""What a page is there for, where it is not a form."""
_USABLE = """([content, types]) => {
  const shows = document.querySelector("#banner .notice") && document.querySelector(content);
  if (!shows?.checkVisibility()) return null;
  if (!types) return performance.now();
  // A form is usable when it counts what is typed.
  const box = document.querySelector("#field-text textarea");
  const count = document.querySelector("#count");
  if (count.textContent === "3") return performance.now();
  box.value = box.value === "abc" ? "abd" : "abc";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  return null;
}"""
"""Milliseconds since the navigation began, once the page can be used."""
_PRESS = """() => {
  window.pressed = performance.now();
  document.querySelector("#speak").click();
}"""
_HEARD = """() => {
  const player = document.querySelector("speech-player");
  if (!(Number(player?.dataset.level) > 0) || !player.dataset.firstSoundMs) return null;
  return [Number(player.dataset.firstSoundMs), performance.now() - window.pressed];
}"""
_OPENED = """() => {
  if (window.opening === undefined) {
    window.opening = performance.now();
    document.querySelector("voice-picker .chosen").click();
  }
  const shown = document.querySelector(".voice-panel [data-choice]")?.checkVisibility();
  return shown ? performance.now() - window.opening : null;
}"""


@dataclass(frozen=True)
class Visited:
    """Milliseconds until a page could be used, one value a visit."""

    title: str
    cold: list[float]
    """In a browser that has loaded nothing of the dashboard before."""
    warm: list[float]
    """Once more in the same one."""


@click.command()
@click.option("--runs", default=5, show_default=True, help="Visits; the table shows their median.")
@click.option("--outputs", default=2000, show_default=True, help="Outputs that there are.")
@click.option("--voices", default=200, show_default=True, help="Voices that were added.")
@click.option("--chromium", default="/usr/bin/chromium", help="The browser to measure in.")
@click.option("--write/--no-write", default=True, help="Write the table into docs/benchmarks.md.")
def main(runs: int, outputs: int, voices: int, chromium: str, write: bool) -> None:
    """Measure how long pages take to be usable, and speech to be heard, on this machine."""
    options = f"--runs {runs} --outputs {outputs} --voices {voices}"
    with _filled(outputs, voices) as address, _browser(chromium) as browser:
        told = table([*_visits(browser, address, runs)], _deeds(browser, address, runs))
    text = f"{machine.describe()}; `python -m tools.bench.ui {options}`.\n\n{told}"
    click.echo(text)
    if write:
        sections.replace(PAGE, SECTION, text)


def visit(browser: Browser, address: str, path: str, runs: int) -> Visited:
    """Open a page in new browsers, twice in each."""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(runs):
        with _new_page(browser) as page:
            cold.append(_usable(page, address, path))
            warm.append(_usable(page, address, path))
    return Visited(path, cold, warm)


def first_sound(page: Page, address: str) -> tuple[float, float]:
    """Milliseconds from the press on Speak: to the first sound, as the player says, and until the
    audio graph has a level."""
    _usable(page, address, "")
    page.locator("#field-text textarea").fill(_TEXT)
    page.evaluate(_PRESS)
    told, heard = _wait(page, _HEARD)
    return told, heard


def opened_picker(page: Page, address: str) -> float:
    """Milliseconds from the press on a picker of all voices until its panel shows them."""
    _usable(page, address, "voice-clone")
    return _wait(page, _OPENED)


def table(visited: Sequence[Visited], deeds: Mapping[str, Sequence[float]]) -> str:
    """Two tables in Markdown: pages, then what is done on them."""
    pages = [
        "| milliseconds until it can be used | cold cache | slowest | warm cache | slowest | aim |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for page in visited:
        cells = [f"{of(times):,.0f}" for times in (page.cold, page.warm) for of in (median, max)]
        pages.append(f"| {page.title} | {' | '.join(cells)} | < {AIM_MS:,} |")
    done = ["| milliseconds | median | slowest | aim |", "| --- | ---: | ---: | --- |"]
    for what, times in deeds.items():
        done.append(f"| {what} | {median(times):,.0f} | {max(times):,.0f} | < {AIM_MS:,} |")
    return "\n".join([*pages, "", *done])


# --- what is measured ------------------------------------------------------------------------


def _visits(browser: Browser, address: str, runs: int) -> Iterator[Visited]:
    with _new_page(browser) as page:
        # Nobody else has asked the dashboard for anything yet.
        _usable(page, address, "")
    for path, title in pages():
        found = visit(browser, address, path, runs)
        yield Visited(title, found.cold, found.warm)


def _deeds(browser: Browser, address: str, runs: int) -> dict[str, list[float]]:
    sounds: list[tuple[float, float]] = []
    opened: list[float] = []
    for _ in range(runs):
        with _new_page(browser) as page:
            sounds.append(first_sound(page, address))
        with _new_page(browser) as page:
            opened.append(opened_picker(page, address))
    told, heard = zip(*sounds, strict=True)
    return {
        "Speak to the first sound, as the player says": [*told],
        "Speak to a level in the audio graph": [*heard],
        "a picker of voices, to its panel": opened,
    }


def pages() -> Iterator[tuple[str, str]]:
    """Paths and titles, in the order of the menu; every way of a line that stands for several."""
    titles = {path_of(contract.name): contract.title for contract in CONTRACTS.values()}
    titles |= navigation.OVERVIEWS
    for group in navigation.groups(CONTRACTS.values()):
        for entry in group.entries:
            yield from ((path, titles[path]) for path in entry.covers)


def _usable(page: Page, address: str, path: str) -> float:
    contract = CONTRACTS.get(path.replace("-", "_") or "custom_voice")
    content = "#speak" if contract else _CONTENT.get(path, "main header h1")
    types = bool(contract and "text" in contract.model_fields)
    page.goto(f"{address}/{path}", wait_until="commit")
    return _wait(page, _USABLE, [content, types])


def _wait(page: Page, script: str, argument: object = None) -> Any:
    """What a script says as soon as it says anything; it is asked before every frame."""
    return page.wait_for_function(script, arg=argument, polling="raf").json_value()


# --- what it is measured on ------------------------------------------------------------------


@contextmanager
def _filled(outputs: int, voices: int) -> Generator[str]:
    """The dashboard of a service that has been used for long; its address."""
    with service.running() as running:
        library.fill(running.outputs_dir, outputs)
        with Client(running.url) as client:
            _add_voices(client, voices, running.outputs_dir.parent / "voice.zip")
            client.outputs(limit=1)
        with service.dashboard(running) as address:
            yield address


def _add_voices(client: Client, count: int, file: Path) -> None:
    """As many voices; all but the first are taken in from a file, which is quick."""
    facts = {
        "name": "Voice 1",
        "tags": ["warm"],
        "description": "Reads the book.",
        "consent": "own",
    }
    client.export_voice(client.create_voice(facts, REFERENCE).id, file)
    for number in range(2, count + 1):
        client.import_voice(file, f"Voice {number}")


@contextmanager
def _browser(chromium: str) -> Generator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


@contextmanager
def _new_page(browser: Browser) -> Generator[Page]:
    """A page of a browser that knows nothing of the dashboard."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.set_default_timeout(_HANG_MS)
        yield context.new_page()


if __name__ == "__main__":
    main()
