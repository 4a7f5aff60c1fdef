"""Voices heard and chosen in every place that asks for one, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.client import Client
from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit, watched
from tests.ui.picking import choose_voice

pytestmark = IN_A_BROWSER
REFERENCE = ROOT / "docs" / "examples" / "reference.flac"
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
DIALOGUE = "TOLLA: You again.\n\nWREN: Me again."


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """A client that leaves the preset speakers behind, as they came."""
    client = stack.client()
    yield client
    for voice in client.voices().items:
        if voice.kind != "preset" or voice.has_sample:
            client.delete_voice(voice.id)


@pytest.fixture(params=[390])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page, whose console must stay free of errors."""
    with watched(browser, request.param) as page:
        yield page


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_a_speaker_that_nobody_has_heard_is_heard_and_chosen_by_keyboard_alone(
    page: Page, address: str, client: Client
):
    visit(page, address)
    assert not client.voice("sohee").has_sample
    button = page.locator("#field-speaker .chosen")
    button.focus()
    page.keyboard.press("Enter")
    search = page.locator(".voice-panel input")
    expect(search).to_be_focused()
    page.keyboard.type("warm fem")
    rows = page.locator(".voice-choices [role=row]:visible")
    expect(rows).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    heard = rows.nth(1).locator("voice-sample")
    expect(heard).to_have_attribute("data-state", "playing")
    expect(heard).to_have_attribute("sample", "")
    assert client.voice("sohee").has_sample
    page.keyboard.press("ArrowRight")
    expect(heard).to_have_attribute("data-state", "idle")
    page.keyboard.press("ArrowRight")
    expect(heard).to_have_attribute("data-state", "playing")
    assert not page.evaluate(TOO_WIDE)
    page.keyboard.press("Enter")
    expect(page.locator(".voice-panel")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-label", "Speaker: Sohee, Preset · Korean")
    page.locator("#speak").click()
    page.wait_for_selector(".result[data-state=succeeded]")
    assert client.jobs().items[0].request["speaker"] == "sohee"


def test_a_panel_closes_without_a_choice(page: Page, address: str, client: Client):
    visit(page, address)
    button, panel = page.locator("#field-speaker .chosen"), page.locator(".voice-panel")
    button.press("v")
    expect(panel.get_by_role("combobox")).to_have_value("v")
    page.keyboard.type("zzz")
    expect(panel.locator(".said")).to_contain_text("No voice matches")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()
    button.press("Enter")
    expect(panel.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(panel).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})  # the panel of a telephone is a sheet
    button.click()
    expect(panel).to_be_visible()
    button.click()
    expect(panel).to_be_hidden()
    expect(button).to_contain_text("Ryan")


def test_a_voice_that_is_gone_is_told_in_the_panel(browser: Browser, address: str, client: Client):
    client.create_voice({"name": "Keeper"}, REFERENCE)
    # Not `watched`: of a file that is missing the console tells by itself.
    with browser.new_context() as context:
        page = context.new_page()
        visit(page, address, "voice-clone")
        page.locator("#field-voice .chosen").click()
        row = page.locator(".voice-choices [data-choice=keeper]")
        row.wait_for()
        client.delete_voice("keeper")
        row.locator(".play").click()
        expect(page.locator(".voice-panel [role=alert]")).to_contain_text("cannot be played")


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
def test_a_member_of_a_cast_gets_a_voice_and_the_focus_stays(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper"}, REFERENCE)
    visit(page, address, "script")
    page.locator("#field-text textarea").fill(DIALOGUE)
    page.locator("#make-plan").click()
    member = page.locator("#cast [data-member=TOLLA]")
    choose_voice(page, member, "keeper")
    expect(page.locator("#plan li[data-line='1']")).to_contain_text("Keeper")
    expect(member.locator(".chosen")).to_contain_text("Keeper")
    expect(member.locator(".chosen")).to_be_focused()
    member.locator(".play").click()
    expect(member.locator("voice-sample")).to_have_attribute("data-state", "playing")
    choose_voice(page, member, "")
    expect(member.locator(".chosen")).to_contain_text("Automatic")
    assert not page.evaluate(TOO_WIDE)


def test_two_voices_are_chosen_and_mixed(page: Page, address: str, client: Client):
    for name in ("Keeper", "Sailor"):
        client.create_voice({"name": name}, REFERENCE)
    visit(page, address, "voices")
    page.get_by_role("button", name="Add a voice").click()
    page.get_by_label("Mix").check()
    choose_voice(page, page.locator("#mix-first"), "keeper")
    choose_voice(page, page.locator("#mix-second"), "sailor")
    page.locator("#mix-name").get_by_role("textbox").fill("Both")
    page.locator("#mix").click()
    expect(page.locator("[data-voice=both]")).to_contain_text("Mixed")
    assert client.voice("both").kind == "mixed"
