"""Submitting, and the queue, as a person uses them in a real browser."""

import re
import signal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from shared.client import Client
from shared.states import JobState
from tests.stack import Stack
from tests.ui.browsing import HANG_MS, IN_A_BROWSER, visit

pytestmark = IN_A_BROWSER

LONG = "The lamp turned. Ten seconds; ten seconds; ten. " * 12
SCRIPT = "\n".join(f"ANNA: The lamp turned for the {number}. time." for number in range(12))
PLAYED = "() => document.querySelector('speech-sample[data-state=playing]')"


@pytest.fixture(scope="module")
def address(slow_address: str) -> str:
    return slow_address


@pytest.fixture
def client(slow_client: Client) -> Client:
    return slow_client


def text_of(page: Page) -> Locator:
    return page.locator("#field-text textarea")


def press(page: Page, action: str, job: str) -> None:
    page.locator(f"#jobs button[data-action={action}][data-id='{job}']").click()


def row(page: Page, job: str) -> Locator:
    return page.locator("#jobs tr").filter(has=page.locator(f"[href$='job={job}']"))


def is_narrow(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_two_jobs_are_submitted_while_typing_goes_on(page: Page, address: str, client: Client):
    before = {job.id for job in client.jobs().items}
    visit(page, address)
    text_of(page).fill(LONG)
    page.locator("#speak").dblclick()  # is one press
    page.wait_for_selector("#recent [data-action=cancel]")
    text_of(page).fill("A second one.")
    text_of(page).press("Control+Enter")
    expect(page.locator("#recent li").first).to_contain_text("A second one.")
    expect(text_of(page)).to_have_value("A second one.")
    text_of(page).fill("Not sent yet.")
    new = [job for job in client.jobs().items if job.id not in before]
    assert [job.request["text"] for job in new] == ["A second one.", LONG]
    expect(page.locator("#recent li").nth(1)).to_contain_text(re.compile(r"Speaking, \d+%"))
    page.locator("#recent li").nth(1).get_by_role("button", name="Open").click()
    expect(page.locator("speech-player")).to_have_attribute("job", new[1].id)
    expect(text_of(page)).to_have_value("Not sent yet.")
    assert is_narrow(page)


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_the_queue_shows_whose_turn_it_is_and_cancels(page: Page, address: str, client: Client):
    runs, *waiting = (client.submit("custom_voice", {"text": LONG}).id for _ in range(3))
    visit(page, address, "queue")
    expect(page.locator("#backlog")).to_contain_text(re.compile("1 speaking, 2 waiting, about"))
    expect(row(page, runs)).to_contain_text(re.compile(r"Speaking, \d+%, about .* left"))
    expect(row(page, waiting[0])).to_contain_text("Waiting, 1 ahead")
    expect(row(page, waiting[1])).to_contain_text("Waiting, 2 ahead")
    assert is_narrow(page)
    press(page, "cancel", runs)
    expect(row(page, runs)).to_contain_text("stopped")
    assert client.wait(runs).state == JobState.CANCELLED
    assert not client.job(waiting[1]).state.terminal
    press(page, "cancel", waiting[1])
    expect(row(page, waiting[1])).to_contain_text("stopped")
    assert client.job(waiting[1]).state == JobState.CANCELLED


def test_all_that_waits_is_cancelled_at_the_second_press(page: Page, address: str, client: Client):
    runs, *waiting = (client.submit("custom_voice", {"text": LONG}).id for _ in range(4))
    visit(page, address, "queue")
    expect(page.locator("#backlog")).to_contain_text("3 waiting")
    page.get_by_role("button", name="Cancel all waiting").click()
    page.get_by_role("button", name="Cancel all 3 for good").click()
    expect(page.locator("#said")).to_contain_text("3 jobs were cancelled.")
    assert {client.job(job).state for job in waiting} == {JobState.CANCELLED}
    assert client.job(runs).state == JobState.RUNNING


def test_a_pipeline_rests_and_goes_on_even_after_it_was_stopped(
    page: Page, address: str, client: Client
):
    job = client.submit("script", {"text": SCRIPT}).id
    visit(page, address, "queue")
    expect(row(page, job)).to_contain_text(re.compile(r"line [2-9] of 12"))
    press(page, "pause", job)
    expect(row(page, job)).to_contain_text("paused")
    expect(page.locator("#backlog")).to_contain_text("1 paused")
    press(page, "resume", job)
    expect(row(page, job)).to_contain_text("speaking")
    press(page, "cancel", job)
    expect(row(page, job)).to_contain_text("stopped")
    press(page, "resume", job)
    expect(page.locator("#said")).to_contain_text("as another job")
    other = client.jobs(active=True).items[0]
    assert (other.request["continues"], other.seed) == (job, client.job(job).seed)


def test_a_stopped_task_is_tried_again_from_its_page(page: Page, address: str, client: Client):
    first = client.submit("custom_voice", {"text": "A word."})
    client.cancel(first.id)
    client.wait(first.id)
    visit(page, address, f"?job={first.id}")
    page.locator("#told [data-action=retry]").click()
    expect(page.locator(".result")).to_have_attribute("data-state", "succeeded")
    second = page.locator("speech-player").get_attribute("job") or ""
    assert second != first.id
    assert client.job(second).seed == first.seed
    visit(page, address, "queue")
    row(page, second).get_by_role("button", name="Play").click()
    page.wait_for_function(PLAYED)


def test_the_focus_stays_with_its_job_when_the_rows_move(page: Page, address: str, client: Client):
    jobs = [client.submit("custom_voice", {"text": LONG}).id for _ in range(3)]
    visit(page, address, "queue")
    own = page.locator(f"button[data-action=cancel][data-id='{jobs[2]}']")
    own.focus()
    client.cancel(jobs[0])
    expect(row(page, jobs[0])).to_contain_text("stopped")
    expect(own).to_be_focused()


def test_what_has_failed_is_shown_apart(page: Page, address: str):
    visit(page, address, "queue")
    page.locator("#show").get_by_label("Failed").click()
    expect(page.locator("#jobs")).to_contain_text("Nothing has failed.")


def test_a_job_that_is_gone_is_said_to_be(page: Page, address: str):
    visit(page, address, "?job=01a2005f-f397-761a-8af3-2d823cf8e167")
    expect(page.locator("#said")).to_contain_text("This job is gone.")
    assert page.locator("speech-player").count() == 0


def test_without_a_worker_a_job_says_what_it_waits_for_and_begins_by_itself(
    page: Page, address: str, client: Client, slow: Stack
):
    slow.kill_worker(signal.SIGTERM)
    try:
        visit(page, address)
        text_of(page).fill("A word.")
        page.locator("#speak").click()
        expect(page.locator("#told")).to_contain_text("Waits for a worker.")
        job = client.jobs(active=True).items[0].id
        page.goto(f"{address}/queue")
        expect(row(page, job)).to_contain_text("Waits for a worker.")
        page.goto(f"{address}/?job={job}")
    finally:
        slow.start_worker()
    expect(page.locator(".result")).to_have_attribute("data-state", "succeeded")


def test_a_page_opened_while_the_service_is_away_finds_its_job_by_itself(
    browser: Browser, address: str, client: Client, slow: Stack
):
    job = client.wait(client.submit("custom_voice", {"text": "A word."}).id).id
    page = browser.new_page()  # whose console tells of what does not answer
    slow.kill_api(0)
    try:
        page.goto(f"{address}/?job={job}")
        expect(page.locator("#said")).to_contain_text("It is tried again.")
    finally:
        slow.start_api(0)
    expect(page.locator("speech-player")).to_have_attribute("job", job, timeout=HANG_MS)
    expect(page.locator("#said")).to_be_empty()
    page.close()
