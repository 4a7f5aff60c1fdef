"""A job from its text to its end, and the frame around all pages, in a real browser that plays."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.client import Client
from shared.states import JobState
from tests.stack import Stack
from tests.ui.browsing import HANG_MS, IN_A_BROWSER, visit

pytestmark = IN_A_BROWSER

LONG = "The lamp turned. Ten seconds; ten seconds; ten. " * 6
HEARD = "() => Number(document.querySelector('speech-player')?.dataset.level) > 0.01"
SILENT = "() => Number(document.querySelector('speech-player').dataset.level) < 0.001"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def address(slow_address: str) -> str:
    return slow_address


@pytest.fixture
def client(slow_client: Client) -> Client:
    return slow_client


def speak(page: Page, address: str, text: str) -> None:
    visit(page, address)
    page.get_by_label("Text", exact=True).fill(text)
    page.locator("#speak").click()


def job_of(page: Page) -> str:
    return page.locator("speech-player").get_attribute("job") or ""


def wait_for_sound(page: Page) -> None:
    page.wait_for_selector("speech-player[data-state=playing]")
    page.wait_for_function(HEARD)


def wait_for_result(page: Page, state: JobState) -> None:
    page.wait_for_selector(f".result[data-state={state.value}]")


def test_what_is_made_rests_at_the_space_bar_and_stop_really_cancels_it(
    page: Page, address: str, client: Client
):
    speak(page, address, LONG)
    wait_for_sound(page)
    page.locator("speech-player .play").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("speech-player[data-paused]")
    page.wait_for_function(SILENT)
    page.keyboard.press("Space")
    page.wait_for_function(HEARD)
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


def test_what_was_spoken_is_downloaded_and_what_is_spoken_next_takes_its_place(
    page: Page, address: str, client: Client
):
    speak(page, address, "The lamp turned.")
    wait_for_result(page, JobState.SUCCEEDED)
    before = job_of(page)
    links = page.locator(".downloads a")
    expect(links).to_have_count(4)
    for place in range(4):
        with page.expect_download() as download:
            links.nth(place).click()
        assert Path(download.value.path()).stat().st_size > 1000
    page.get_by_label("Text", exact=True).fill(LONG)
    page.get_by_label("Text", exact=True).press("Shift+Enter")
    expect(page.locator("speech-player")).not_to_have_attribute("job", before)
    wait_for_sound(page)


def test_a_pipeline_rests_and_goes_on(page: Page, address: str, client: Client):
    visit(page, address, "script")
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


def test_what_cannot_be_spoken_is_said_in_one_sentence(page: Page, address: str):
    speak(page, address, "!!!")
    expect(page.locator("#said .notice.error")).to_be_visible()
    assert "Traceback" not in page.content()
    assert page.locator("speech-player").count() == 0


def test_hostile_text_stays_text(page: Page, address: str, client: Client):
    text = "Hello <img src=x onerror=\"document.title='taken'\"> ${document.title='taken'}"
    client.submit("custom_voice", {"text": text})
    for path, sign in (("queue", "#jobs"), ("", "#recent")):
        page.goto(f"{address}/{path}")
        expect(page.locator(sign)).to_contain_text("<img src=x")
        assert page.title() != "taken"


def test_the_colours_of_the_whole_page_are_turned_and_stay_so(page: Page, address: str):
    visit(page, address, "queue")
    light = page.evaluate(GROUND)
    page.get_by_role("button", name="Light or dark").click()
    page.wait_for_function(f"light => {GROUND} !== light", arg=light)
    dark = page.evaluate(GROUND)
    page.reload()
    page.wait_for_function(f"dark => {GROUND} === dark", arg=dark)


def test_when_the_service_goes_away_pages_say_so_and_recover(page: Page, address: str, slow: Stack):
    visit(page, address)
    expect(page.locator("#banner .notice.preview")).to_contain_text("not Qwen3-TTS")
    slow.kill_api(0)
    try:
        expect(page.locator("#banner .notice.error")).to_contain_text(
            "does not answer", timeout=HANG_MS
        )
    finally:
        slow.start_api(0)
    expect(page.locator("#banner .notice.preview")).to_be_visible(timeout=HANG_MS)
