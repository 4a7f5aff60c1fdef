"""What was typed is kept, in a real browser; links show what they name."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit

pytestmark = IN_A_BROWSER

MINE = "What I have typed."
KEPT = "#draft [data-state=kept]"
DRAFTS = "Object.keys(localStorage).filter((name) => name.startsWith('speech-draft'))"
RECORDING = ROOT / "docs" / "examples" / "reference.flac"


def text_of(page: Page) -> Locator:
    return page.locator("#field-text textarea")


def seed_of(page: Page) -> Locator:
    return page.locator("#field-seed input")


def type_in(page: Page) -> None:
    text_of(page).fill(MINE)
    seed_of(page).fill("42")
    page.wait_for_selector(KEPT)
    page.wait_for_function("() => Object.values(localStorage).some((it) => it.includes('42'))")


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_a_draft_outlives_a_reload_and_a_visit_until_it_is_begun_afresh(page: Page, address: str):
    visit(page, address)
    example = text_of(page).input_value()
    type_in(page)
    page.reload()
    expect(text_of(page)).to_have_value(MINE)
    expect(seed_of(page)).to_have_value("42")
    page.wait_for_selector("#banner .notice")
    visit(page, address, "queue")
    visit(page, address)
    expect(text_of(page)).to_have_value(MINE)
    page.locator("#afresh").click()
    expect(text_of(page)).to_have_value(example)
    expect(seed_of(page)).to_have_value("")
    assert not page.evaluate(DRAFTS)
    visit(page, address)
    expect(text_of(page)).to_have_value(example)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_link_shows_what_it_names_and_a_reload_what_was_typed_then(
    page: Page, address: str, stack: Stack
):
    client = stack.client()
    job = client.wait(client.submit("custom_voice", {"text": "Of the job.", "seed": 7}).id)
    visit(page, address)
    type_in(page)
    visit(page, address, f"?job={job.id}")
    expect(text_of(page)).to_have_value("Of the job.")
    expect(seed_of(page)).to_have_value("7")
    text_of(page).fill("Of the job, and mine.")
    page.wait_for_function("() => history.state?.typed")
    page.reload()
    expect(text_of(page)).to_have_value("Of the job, and mine.")
    expect(page.locator("speech-player")).to_have_attribute("job", job.id)


def test_what_was_submitted_is_found_again_on_a_plain_visit(page: Page, address: str):
    visit(page, address)
    text_of(page).fill("Found again.")
    page.locator("#speak").click()
    page.wait_for_selector("speech-player")
    visit(page, address, "queue")
    visit(page, address)
    expect(text_of(page)).to_have_value("Found again.")
    expect(page.locator("#recent li").first).to_contain_text("Found again.")


def test_a_file_and_a_side_are_kept_by_what_the_service_has(page: Page, address: str):
    visit(page, address, "voice-clone")
    page.locator("#side").get_by_label("A recording").click()
    page.locator("#field-reference input[type=file]").set_input_files(RECORDING)
    expect(page.locator("#said-reference .checked")).to_be_visible()
    page.wait_for_function(
        "() => Object.values(localStorage).some((it) => /[0-9a-f]{64}/.test(it))"
    )
    page.reload()
    expect(page.locator("#said-reference")).to_contain_text("The file from before")
    expect(page.locator("#side").get_by_label("A recording")).to_be_checked()
    page.locator("#speak").click()
    expect(page.locator(".result")).to_have_attribute("data-state", "succeeded")


def test_what_is_too_long_to_be_kept_is_said_to_be(page: Page, address: str):
    visit(page, address, "narration")
    text_of(page).fill("A long night. " * 80_000)
    expect(page.locator("#draft")).to_contain_text(re.compile("too long to be kept"))
    page.locator("#field-text textarea").press("End")
    page.keyboard.type("Still quick.")
    expect(text_of(page)).to_have_value(re.compile(r"Still quick\."))
