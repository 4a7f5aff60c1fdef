"""The System page in a real browser: what changes, what can be pressed, and both widths."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from shared.checkpoints import catalogue
from shared.states import JobState
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, watched
from tests.ui.conftest import dashboard
from worker.engine.random_checkpoint import write

pytestmark = IN_A_BROWSER

SPEECH = {"text": "The lamp turned. Ten seconds; ten seconds; ten.", "language": "en", "seed": 7}
LONG = SPEECH | {"text": SPEECH["text"] * 60}
SPOKEN, OTHER = "lamp", "tide"
BROKEN = catalogue.CATALOGUE[0]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With the preview engine, and a checkpoint that is damaged."""
    folder = tmp_path_factory.mktemp("system")
    broken = folder / "models" / BROKEN.folder
    broken.mkdir(parents=True)
    (broken / "config.json").write_text("{")
    with Stack(folder, PREVIEW_PACE="1") as running:
        yield running


@pytest.fixture(scope="module")
def address(service: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(tmp_path_factory.mktemp("ui"), API_URL=service.url) as url:
        yield url


def of(page: Page, checkpoint: str, action: str) -> Locator:
    return page.locator(f"button[data-action={action}][data-id='{checkpoint}']")


def opened(page: Page, address: str) -> None:
    page.goto(f"{address}/system")
    page.wait_for_selector("#charts figure")


def test_charts_follow_the_jobs_and_a_button_keeps_its_focus(
    browser: Browser, address: str, service: Stack
):
    client = service.client()
    with watched(browser, 1440) as page:
        opened(page, address)
        expect(page.locator("#health .notice.well")).to_contain_text("Ready: preview on cpu")
        warned = page.locator("#health .notice.error")
        expect(warned).to_contain_text(f"qtts models pull {BROKEN.id}")
        for why in ("Nothing was spoken in the last hour.", "No GPU on this worker."):
            expect(page.locator("#charts")).to_contain_text(why)

        button = of(page, BROKEN.id, "pull")
        expect(button).to_have_text("Download again")
        button.focus()
        job = client.submit("custom_voice", LONG)
        expect(page.locator(f"#workers a[href='/?job={job.id}']")).to_be_visible()
        client.cancel(job.id)
        assert client.wait(client.submit("custom_voice", SPEECH).id).state is JobState.SUCCEEDED
        sound = page.get_by_role("img", name="Time to first sound over the last hour: half of")
        expect(sound).to_be_visible()
        jobs = page.get_by_role("img", name="Jobs ended over the last hour: 1 succeeded, 1 canc")
        expect(jobs).to_be_visible()
        expect(button).to_be_focused()

        page.get_by_role("radio", name="15 min").check()
        memory = page.get_by_role("img", name="Memory over the last 15 minutes: now")
        expect(memory).to_be_visible()
        memory.scroll_into_view_if_needed()
        box = memory.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
        expect(page.locator(".chart .told")).to_contain_text("·")


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, address: str):
    with watched(browser, 390) as page:
        opened(page, address)
        page.wait_for_selector("#system table")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        inside = "all => all.every(it => it.getBoundingClientRect().right <= innerWidth)"
        assert page.locator("#charts figure").evaluate_all(inside)
        expect(of(page, BROKEN.id, "pull")).to_be_visible()


def test_a_checkpoint_is_loaded_and_unloaded_at_a_press(browser: Browser, tmp_path: Path):
    write(tmp_path / "models" / SPOKEN, "tiny", "custom_voice")
    write(tmp_path / "models" / OTHER, "tiny", "base")
    with (
        Stack(tmp_path, ENGINE="qwen3", DEVICE="cpu", MAX_LOADED_MODELS="2") as service,
        dashboard(tmp_path, API_URL=service.url) as address,
        watched(browser, 1440) as page,
    ):
        opened(page, address)
        well = page.locator("#health .notice.well")
        expect(well).to_contain_text("Ready: qwen3 on cpu")
        for checkpoint in (OTHER, SPOKEN):
            of(page, checkpoint, "load").click()
            expect(page.locator("#said")).to_contain_text(f"gpu-0 will load {checkpoint}.")
            expect(of(page, checkpoint, "unload")).to_be_visible()
            expect(of(page, checkpoint, "load")).to_have_count(0)
        for checkpoint in (OTHER, SPOKEN):
            expect(well).to_contain_text(checkpoint)
        of(page, OTHER, "unload").click()
        expect(of(page, OTHER, "load")).to_be_visible()
        expect(well).not_to_contain_text(OTHER)
        assert [*service.client().status().workers[0].loaded] == [SPOKEN]


def test_without_a_worker_the_page_says_what_to_do(browser: Browser, address: str, service: Stack):
    with watched(browser, 1440) as page:
        opened(page, address)
        service.kill_worker(15)
        wrong = page.locator("#health .notice.error").first
        expect(wrong).to_contain_text("No worker is alive.")
        expect(wrong).to_contain_text("make run")
        expect(page.locator("#workers")).not_to_contain_text("gpu-0")
        expect(page.locator("#charts")).to_contain_text("It is gone.")
