"""The fold for developers in a real browser: filled in, opened, copied, changed."""

import json
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.settings import ROOT
from tests.ui.browsing import IN_A_BROWSER, visit, watched

pytestmark = IN_A_BROWSER

HARD = 'It\'s “here”: $(id) `id` "$HOME" 🎙️'


@pytest.fixture(params=[390, 1440])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(browser, request.param) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


def copied(page: Page) -> str:
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("speech-snippets [role=status]")).to_have_text("Copied.")
    return page.evaluate("navigator.clipboard.readText()")


def asked(script: str) -> dict[str, object]:
    """The request that a script of ours would send."""
    first = script.split("\njob=", maxsplit=1)[0]
    done = subprocess.run(
        ["sh", "-c", f'{first}\nprintf %s "$request"'], capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_what_is_typed_is_copied_as_a_command_and_follows_the_form(page: Page, address: str):
    visit(page, address)
    page.get_by_label("Text", exact=True).fill(HARD)
    page.get_by_role("button", name="For developers").click()
    page.locator("speech-snippets").wait_for()
    request = asked(copied(page))
    assert (request["text"], request["speaker"]) == (HARD, "ryan")
    assert "temperature" not in request

    page.get_by_label("Text", exact=True).fill("Two.")
    page.locator("#speak").focus()
    expect(page.locator("#snippet-curl")).to_contain_text('"text": "Two."')
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    assert copied(page).startswith("from pathlib import Path\n")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_a_file_that_is_put_in_is_sent_under_its_name(page: Page, address: str):
    visit(page, address, "codec-encode")
    page.get_by_role("button", name="For developers").click()
    shown = page.locator("#snippet-curl")
    expect(shown).to_contain_text('file=@"reference.flac"')
    page.locator("#field-audio input[type=file]").set_input_files(
        {
            "name": "it's rain.flac",
            "mimeType": "audio/flac",
            "buffer": (ROOT / "docs/examples/reference.flac").read_bytes(),
        }
    )
    page.locator("#said-audio .checked").wait_for()
    expect(shown).to_contain_text("rain.flac")
    page.locator("#speak").click()
    page.get_by_role("link", name="Decode these codes").click()
    expect(page.locator("#said-codes")).to_contain_text("The codes of that job")
    page.locator("#speak").click()
    page.wait_for_selector(".result[data-state=succeeded]")
