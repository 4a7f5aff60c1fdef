"""A script from its document to a re-taken line, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit, watched
from tests.ui.conftest import dashboard

pytestmark = IN_A_BROWSER
DIALOGUE = ROOT / "tests" / "data" / "dialogue.txt"
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def address(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    kept = str(tmp_path_factory.mktemp("kept"))
    own = {"API_URL": stack.url, "GRADIO_TEMP_DIR": kept}
    with dashboard(tmp_path_factory.mktemp("ui"), **own) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page as wide as a telephone, whose console must stay free of errors."""
    with watched(browser, 390) as page:
        yield page


def drop(page: Page, file: Path) -> None:
    page.get_by_label("A file").check()
    page.locator("#field-source input[type=file]").set_input_files(file)
    expect(page.locator("#said-source")).to_contain_text(file.name)


def test_a_script_is_planned_cast_spoken_and_one_line_taken_again(
    page: Page, address: str, stack: Stack
):
    client = stack.client()
    visit(page, address, "script")
    drop(page, DIALOGUE)
    page.locator("#make-plan").click()
    expect(page.locator("#cast li")).to_have_count(3)
    expect(page.locator("#plan li")).to_have_count(7)
    assert not client.jobs().items or client.jobs().items[0].task != "script"
    page.get_by_label("Voice of TOLLA").select_option("vivian")
    expect(page.locator("#plan li[data-line='3']")).to_contain_text("Vivian")
    assert not page.evaluate(TOO_WIDE)

    page.locator("#speak").click()
    page.wait_for_selector(".result[data-state=succeeded]")
    line = page.locator("#lines li[data-line='3']")
    expect(line).to_contain_text("Vivian")
    expect(page.locator(".downloads a", has_text="lines.zip")).to_have_count(1)
    job = page.locator("speech-player").get_attribute("job") or ""
    assert client.job(job).request["cast"]["TOLLA"]["voice"] == "vivian"

    before = client.output(job).files["audio.wav"].sha256
    line.get_by_role("button", name="Again").click()
    page.locator("#retake-text textarea").fill("You again, and again.")
    page.locator("#retake-speak").click()
    line.locator("[data-take='2'] [data-action=use]").click()
    expect(line.locator("[data-take='2']")).to_contain_text("heard")
    expect(page.locator("#lines-said")).to_contain_text("All its files follow")
    expect(line.locator(".excerpt")).to_have_text("You again, and again.")
    assert client.output(job).files["audio.wav"].sha256 != before
    expect(page.locator("speech-player .play")).to_be_visible()
    assert not page.evaluate(TOO_WIDE)

    page.reload()
    expect(line.locator("[data-take='2']")).to_contain_text("heard")
    expect(page.get_by_label("Voice of TOLLA")).to_have_value("vivian")


def test_the_pages_of_the_others_plan_their_examples(page: Page, address: str):
    for path in ("narration", "npc-pack", "subtitles"):
        visit(page, address, path)
        page.locator("#make-plan").click()
        expect(page.locator("#plan li").first).to_be_visible()
        assert not page.evaluate(TOO_WIDE), path


def test_a_document_that_says_nothing_is_told_in_one_sentence(page: Page, address: str):
    visit(page, address, "script")
    page.locator("#field-text textarea").fill("---")
    page.locator("#make-plan").click()
    expect(page.locator("#plan-said .notice.error")).to_be_visible()
    assert "Traceback" not in page.content()
