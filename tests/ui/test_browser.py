"""The dashboard as a person uses it, in a real browser that really plays."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.client import Client
from shared.states import JobState
from tests.stack import Stack
from tests.ui.browsing import HANG_MS, IN_A_BROWSER, watched
from tests.ui.conftest import dashboard

pytestmark = IN_A_BROWSER

WIDTHS = [390, 1440]
LONG = "The lamp turned. Ten seconds; ten seconds; ten. " * 6
HEARD = "() => Number(document.querySelector('speech-player')?.dataset.level) > 0.01"
SILENT = "() => Number(document.querySelector('speech-player').dataset.level) < 0.001"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that speaks at the pace of a person, so that there is time to interrupt it."""
    with Stack(tmp_path_factory.mktemp("slow"), PREVIEW_PACE="1") as running:
        yield running


@pytest.fixture(scope="module")
def address(slow: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(tmp_path_factory.mktemp("ui"), API_URL=slow.url) as url:
        yield url


@pytest.fixture
def client(slow: Stack) -> Iterator[Client]:
    client = slow.client()
    yield client
    for job in client.jobs().items:
        if not job.state.terminal:
            client.cancel(job.id)


@pytest.fixture(params=WIDTHS)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page, whose console must stay free of errors."""
    with watched(browser, request.param) as page:
        yield page


def speak(page: Page, address: str, text: str) -> None:
    page.goto(address)
    # What is typed before Gradio has put its widgets together is lost.
    page.wait_for_selector("#banner .notice")
    page.get_by_label("Text", exact=True).fill(text)
    page.locator("#speak").click()


def job_of(page: Page) -> str:
    return page.locator("speech-player").get_attribute("job") or ""


def wait_for_sound(page: Page) -> None:
    page.wait_for_selector("speech-player[data-state=playing]")
    page.wait_for_function(HEARD)


def wait_for_result(page: Page, state: JobState) -> None:
    page.wait_for_selector(f".result[data-state={state.value}]")


def test_speech_is_heard_while_it_is_made(page: Page, address: str, client: Client):
    speak(page, address, LONG)
    wait_for_sound(page)
    assert client.job(job_of(page)).state == JobState.RUNNING
    page.wait_for_selector("speech-player[data-first-sound-ms]")
    assert int(page.locator("speech-player").get_attribute("data-first-sound-ms") or 0) > 0


def test_stop_silences_at_once_and_really_cancels(page: Page, address: str, client: Client):
    speak(page, address, LONG)
    wait_for_sound(page)
    page.locator("#stop").click()
    page.wait_for_function(SILENT)
    wait_for_result(page, JobState.CANCELLED)
    assert client.job(job_of(page)).state == JobState.CANCELLED
    expect(page.locator("speech-player")).to_have_attribute("data-state", "ended")


def test_a_page_reloaded_in_mid_job_finds_its_job_and_text_again(
    page: Page, address: str, client: Client
):
    speak(page, address, LONG)
    wait_for_sound(page)
    job = job_of(page)
    page.reload()
    page.wait_for_selector("speech-player")
    assert job_of(page) == job
    assert client.job(job).state == JobState.RUNNING
    expect(page.get_by_label("Text", exact=True)).to_have_value(LONG)
    page.locator("speech-player .play").click()
    wait_for_sound(page)


@pytest.mark.parametrize("page", [390], indirect=True)
def test_what_is_spoken_next_takes_the_place_of_what_was_spoken_before(
    page: Page, address: str, client: Client
):
    speak(page, address, "One.")
    wait_for_result(page, JobState.SUCCEEDED)
    before = job_of(page)
    page.get_by_label("Text", exact=True).fill(LONG)
    page.locator("#speak").click()
    expect(page.locator("speech-player")).not_to_have_attribute("job", before)
    wait_for_sound(page)


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_a_pipeline_rests_and_goes_on(page: Page, address: str, client: Client):
    page.goto(f"{address}/script")
    page.wait_for_selector("#banner .notice")
    page.locator("#field-text textarea").fill("\n".join(f"ANNA: {LONG[:48]}{n}." for n in range(9)))
    page.locator("#speak").click()
    wait_for_sound(page)
    expect(page.locator(".result")).to_contain_text(re.compile(r"line \d+ of 10"))
    page.locator("#step").click()
    wait_for_result(page, JobState.PAUSED)
    job = job_of(page)
    page.reload()
    wait_for_result(page, JobState.PAUSED)
    page.locator("#step").click()
    wait_for_result(page, JobState.RUNNING)
    page.locator("#stop").click()
    wait_for_result(page, JobState.CANCELLED)
    page.locator("#step").click()
    wait_for_result(page, JobState.RUNNING)
    assert job_of(page) != job


def test_the_space_bar_pauses_and_goes_on(page: Page, address: str, client: Client):
    speak(page, address, LONG)
    wait_for_sound(page)
    page.locator("speech-player .play").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("speech-player[data-paused]")
    page.keyboard.press("Space")
    page.wait_for_selector("speech-player:not([data-paused])")
    page.wait_for_function(HEARD)


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_every_format_can_be_downloaded(page: Page, address: str, client: Client):
    speak(page, address, "The lamp turned.")
    wait_for_result(page, JobState.SUCCEEDED)
    links = page.locator(".downloads a")
    assert links.count() == 4
    for place in range(links.count()):
        with page.expect_download() as download:
            links.nth(place).click()
        assert Path(download.value.path()).stat().st_size > 1000


def test_what_cannot_be_spoken_is_said_in_one_sentence(page: Page, address: str):
    speak(page, address, "!!!")
    expect(page.locator("#said .notice.error")).to_be_visible()
    assert "Traceback" not in page.content()
    assert page.locator("speech-player").count() == 0


def test_every_page_says_that_the_preview_speaks(page: Page, address: str):
    for path in ("", "queue", "outputs", "system"):
        page.goto(f"{address}/{path}")
        expect(page.locator("#banner .notice.preview")).to_contain_text("not Qwen3-TTS")


def test_no_page_is_wider_than_the_screen(page: Page, address: str, client: Client):
    client.wait(client.submit("custom_voice", {"text": "One."}).id)
    for path, sign in (("", "#speak"), ("queue", "table"), ("outputs", ".shelf"), ("system", "h2")):
        page.goto(f"{address}/{path}")
        page.wait_for_selector(sign)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


def test_a_job_is_cancelled_from_the_queue(page: Page, address: str, client: Client):
    job = client.submit("custom_voice", {"text": LONG})
    page.goto(f"{address}/queue")
    page.locator(f"button[data-action=cancel][data-id='{job.id}']").click()
    expect(page.locator(f"button[data-id='{job.id}']")).to_have_count(0)
    assert client.wait(job.id).state == JobState.CANCELLED


@pytest.mark.parametrize("page", [390], indirect=True)
def test_hostile_text_stays_text(page: Page, address: str, client: Client):
    text = "Hello <img src=x onerror=\"document.title='taken'\"> ${document.title='taken'}"
    client.wait(client.submit("custom_voice", {"text": text}).id)
    for path, sign in (("queue", "table"), ("outputs", "#outputs")):
        page.goto(f"{address}/{path}")
        expect(page.locator(sign)).to_contain_text("<img src=x")
        assert page.title() != "taken"


def test_the_system_page_names_the_worker_and_its_engine(page: Page, address: str):
    page.goto(f"{address}/system")
    expect(page.locator("#workers")).to_contain_text("gpu-0")
    expect(page.locator("#workers")).to_contain_text("preview (espeak-ng")


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_when_the_service_goes_away_pages_say_so_and_recover(page: Page, address: str, slow: Stack):
    page.goto(address)
    expect(page.locator("#banner .notice.preview")).to_be_visible()
    slow.kill_api(0)
    try:
        expect(page.locator("#banner .notice.error")).to_contain_text(
            "does not answer", timeout=HANG_MS
        )
    finally:
        slow.start_api(0)
    expect(page.locator("#banner .notice.preview")).to_be_visible(timeout=HANG_MS)
