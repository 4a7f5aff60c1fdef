"""What is to be seen of every page: as it opens, and with something done on it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from shared.requests import CONTRACTS
from ui import navigation
from ui.dashboard import path_of

HANG_MS = 60_000
_DONE = ".result[data-state=succeeded]"
_VOICE = "keeper"
_LISTED = "table.list, .list, .empty, .notice.error"
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Scene:
    """One state of a page."""

    name: str
    """Of its pictures."""
    path: str
    """Address below the dashboard's own, with what it asks for."""
    act: Act
    """Bring an open page there, and wait until it is."""
    busy: bool = False
    """Only while the queue has something to do."""
    full: bool = True
    """It shows what the page is for; the docs have a picture of it."""


def every(jobs: Mapping[str, str]) -> list[Scene]:
    """All scenes of all pages; `jobs` has a finished one of every contract, by its name."""
    return [*_of_contracts(jobs), *_of_overviews()]


def open_at(page: Page, address: str, scene: Scene) -> None:
    """Open a page and bring it where the scene is."""
    page.goto(f"{address}/{scene.path}")
    # What is pressed before Gradio has put its widgets together is lost.
    page.wait_for_selector("#banner .notice", state="attached")
    scene.act(page)


def settle(page: Page) -> None:
    """Wait until nothing moves, is looked up or is faded in any more."""
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(300)


def _of_contracts(jobs: Mapping[str, str]) -> Iterator[Scene]:
    for contract in CONTRACTS.values():
        path = path_of(contract.name)
        name = path or "speak"
        yield Scene(f"{name}-form", path, settle, full=False)
        done = _planned if contract.kind == "pipeline" else _finished
        yield Scene(name, f"{path}?job={jobs[contract.name]}", done)


def _of_overviews() -> Iterator[Scene]:
    """Those that list what there is; a page that is new is looked at as it opens."""
    acts: Mapping[str, Act] = {
        "voices": _voices,
        "outputs": _listed("#outputs"),
        "emotions": _listed("#emotions"),
    }
    for path in navigation.OVERVIEWS:
        if path == "queue":
            yield Scene(path, path, _listed("#jobs"), busy=True)
        else:
            yield Scene(path, path, acts.get(path, _quiet))
    yield Scene("voices-editing", "voices", _editing)


# --- what a person does ----------------------------------------------------------------------


def _quiet(page: Page) -> None:
    """For a page that fills itself."""
    page.wait_for_timeout(1500)
    settle(page)


def _listed(place: str) -> Act:
    def act(page: Page) -> None:
        page.wait_for_selector(f"{place} :is(button, a)")
        settle(page)

    return act


def _finished(page: Page) -> None:
    page.wait_for_selector(_DONE)
    settle(page)


def _planned(page: Page) -> None:
    page.wait_for_selector(_DONE)
    page.wait_for_selector("#plan :is(li, tr)", state="attached")
    page.wait_for_selector("#lines tbody[data-line]")
    settle(page)


def _voices(page: Page) -> None:
    page.wait_for_selector(f"[data-voice={_VOICE}]")
    settle(page)


def _editing(page: Page) -> None:
    _voices(page)
    page.locator(f"[data-voice={_VOICE}] [data-action=edit]").click()
    page.locator("#save").wait_for()
    settle(page)
