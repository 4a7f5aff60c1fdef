"""A document from its drop to a re-taken line, in a real browser."""

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
SUBTITLES = ROOT / "tests" / "data" / "dubbing.srt"
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
DRAG = """([name, text, events]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name));
  const options = { bubbles: true, cancelable: true, dataTransfer: carried };
  const heading = document.querySelector("h1");
  for (const event of events) heading.dispatchEvent(new DragEvent(event, options));
}"""
PLACE = "document.activeElement.closest('tbody')?.dataset.line"


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


def drop(page: Page, name: str, text: str) -> None:
    """Drag a file onto the heading of the page, and let it go there."""
    page.evaluate(DRAG, [name, text, ["dragenter", "dragover"]])
    expect(page.locator("document-drop .drop-zone")).to_be_visible()
    page.evaluate(DRAG, [name, text, ["drop"]])
    expect(page.locator("document-drop .drop-zone")).to_be_hidden()


def dropped(page: Page, file: Path) -> None:
    drop(page, file.name, file.read_text())
    expect(page.locator("#said-source")).to_contain_text(file.name)


def test_a_script_is_dropped_planned_spoken_and_one_line_taken_again(
    page: Page, address: str, stack: Stack
):
    client = stack.client()
    visit(page, address, "script")
    page.locator("#make-plan").click()
    expect(page.locator("#plan li")).to_have_count(3)
    dropped(page, DIALOGUE)
    expect(page.locator("#plan li")).to_have_count(7)
    expect(page.locator("#cast li")).to_have_count(3)
    expect(page.locator(".plan-card")).to_contain_text("Takes to make")
    assert not client.jobs().items or client.jobs().items[0].task != "script"
    expect(page.get_by_role("radio", name="A file")).to_be_checked()
    assert not page.evaluate(TOO_WIDE)

    outdated = page.locator("#plan-about .outdated")
    expect(outdated).to_be_hidden()
    page.get_by_role("radio", name="Written here").check()
    outdated.get_by_role("button").click()
    expect(page.locator("#plan li")).to_have_count(3)
    expect(outdated).to_be_hidden()
    page.get_by_role("radio", name="A file").check()

    page.locator("#speak").click()
    page.wait_for_selector(".result[data-state=succeeded]")
    third = page.locator("#lines tbody[data-line='3']")
    expect(page.locator(".downloads a", has_text="lines.zip")).to_have_count(1)
    job = page.locator("speech-player").get_attribute("job") or ""
    before = client.output(job).files["audio.wav"].sha256
    third.get_by_role("button", name="Again").click()
    page.locator("#retake-text textarea").fill("You again, and again.")
    page.locator("#retake-speak").click()
    third.locator("[data-compare]").click()
    expect(third.locator("[data-take='1']")).to_have_attribute("data-sounding", "")
    expect(third.locator("[data-take='2']")).to_have_attribute("data-sounding", "")
    assert not page.evaluate(TOO_WIDE)
    third.locator("[data-take='2'] [data-action=use]").click()
    expect(third.locator("[data-take='2']")).to_contain_text("heard")
    expect(page.locator("#lines-said")).to_contain_text("All its files follow")
    expect(third.locator(".excerpt")).to_have_text("You again, and again.")
    assert client.output(job).files["audio.wav"].sha256 != before

    page.reload()
    expect(third.locator("[data-take='2']")).to_contain_text("heard")


def test_lines_are_found_heard_from_one_on_and_several_spoken_again(
    browser: Browser, address: str, stack: Stack
):
    client = stack.client()
    job = client.submit("script", {"text": DIALOGUE.read_text(), "language": "english"})
    client.wait(job.id)
    with watched(browser, 1440) as page:
        visit(page, address, f"script?job={job.id}")
        lines = page.locator("#lines tbody")
        expect(lines).to_have_count(7)
        assert not page.evaluate(TOO_WIDE)

        page.locator("#lines tbody[data-line='6'] [data-from]").click()
        page.wait_for_selector("speech-lines[data-playing='6']")
        page.wait_for_selector("speech-lines[data-playing='7']")
        page.wait_for_selector("speech-lines[data-state=idle]")
        assert page.evaluate("document.activeElement.dataset.from") is not None
        page.keyboard.press("k")
        assert page.evaluate(PLACE) == "5"
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_selector("speech-lines[data-playing='6']")
        page.keyboard.press("Enter")
        page.locator("#lines tbody[data-line='4'] .seek").click()

        page.locator("#lines-filter select").select_option("TOLLA")
        expect(lines).to_have_count(client.lines(job.id, speaker="TOLLA").found)
        page.locator("#lines-words textarea, #lines-words input").fill("debts")
        expect(lines).to_have_count(1)
        page.locator("#lines-words textarea, #lines-words input").fill("")
        page.locator("#lines-filter select").select_option("*")
        expect(lines).to_have_count(7)

        for number in (1, 2):
            page.locator(f"#lines tbody[data-line='{number}'] input[data-pick]").check()
        page.get_by_role("button", name="Speak 2 again").click()
        expect(page.locator("#lines-said")).to_contain_text("2 lines have other takes")
        page.get_by_role("button", name="Several takes 2").click()
        expect(lines).to_have_count(2)
        page.get_by_role("button", name="Failed 0").click()
        expect(page.locator("#lines .empty")).to_contain_text("No line failed")


def test_cues_that_hardly_fit_are_found(browser: Browser, address: str, stack: Stack):
    client = stack.client()
    job = client.submit("subtitles", {"text": SUBTITLES.read_text(), "language": "english"})
    client.wait(job.id)
    with watched(browser, 1440) as page:
        visit(page, address, f"subtitles?job={job.id}")
        found = client.lines(job.id, strained=True).items
        page.get_by_role("button", name=f"Overruns {len(found)}").click()
        expect(page.locator("#lines tbody")).to_have_count(len(found))
        expect(page.locator("#lines tbody .fit.strained")).to_have_count(len(found))


def test_the_pages_of_the_others_plan_their_examples(page: Page, address: str):
    for path in ("narration", "npc-pack", "subtitles"):
        visit(page, address, path)
        page.locator("#make-plan").click()
        expect(page.locator("#plan li").first).to_be_visible()
        assert not page.evaluate(TOO_WIDE), path


def test_a_document_that_cannot_be_read_is_told_in_one_sentence(page: Page, address: str):
    visit(page, address, "script")
    page.locator("#field-text textarea").fill("---")
    page.locator("#make-plan").click()
    expect(page.locator("#plan-said .notice.error")).to_be_visible()
    page.locator("#sample").click()
    page.locator("#make-plan").click()
    expect(page.locator("#plan li").first).to_be_visible()
    expect(page.locator("#plan-said .notice.error")).to_be_hidden()
    drop(page, "book.epub", "This is no book.")
    expect(page.locator("#from-file .notice.error, #plan-said .notice.error")).to_be_visible()
    assert "Traceback" not in page.content()
