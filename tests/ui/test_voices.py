"""Voices as a person makes, keeps, finds and uses them, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.client import Client
from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit, watched
from tests.ui.conftest import dashboard

pytestmark = IN_A_BROWSER
REFERENCE = ROOT / "docs" / "examples" / "reference.flac"
DONE = ".result[data-state=succeeded]"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the dashboard keeps what people put in."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def address(stack: Stack, kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = {"API_URL": stack.url, "GRADIO_TEMP_DIR": str(kept)}
    with dashboard(tmp_path_factory.mktemp("ui"), **own) as url:
        yield url


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """A client that leaves only the preset speakers behind."""
    client = stack.client()
    yield client
    for voice in client.voices().items:
        if voice.kind != "preset":
            client.delete_voice(voice.id)
    for preset in client.presets().items:
        client.delete_preset(preset.name)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page as wide as a telephone, whose console must stay free of errors."""
    with watched(browser, 390) as page:
        yield page


def put_in(page: Page, field: str, file: Path) -> None:
    page.locator(f"#field-{field} input[type=file]").set_input_files(file)


def test_a_designed_voice_is_kept_and_speaks_on_the_page_of_clones(
    page: Page, address: str, client: Client
):
    visit(page, address, "voice-design")
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    expect(page.locator(".candidates speech-sample")).to_have_count(2)
    page.get_by_label("Candidate 2", exact=True).check()
    page.locator("#name").get_by_role("textbox").fill("Old sailor")
    page.locator("#keep").click()
    page.locator("#kept a").click()
    page.wait_for_selector("#voice-card speech-sample")
    origin = client.voice("old_sailor").origin
    assert origin
    assert origin.candidate == 2
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    expect(page.locator("#told")).to_contain_text("Old sailor, in context")


def test_a_file_that_is_no_sound_is_refused_in_the_words_of_the_service_and_not_kept(
    page: Page, address: str, kept: Path, tmp_path: Path
):
    bad = tmp_path / "voice.wav"
    bad.write_text("This is no sound.")
    visit(page, address, "voice-clone")
    page.get_by_label("A recording").check()
    put_in(page, "reference", bad)
    expect(page.locator("#said-reference [role=alert]")).to_contain_text("no sound that can be")
    assert "Traceback" not in page.content()
    assert not list(kept.rglob("voice.wav"))
    put_in(page, "reference", REFERENCE)
    expect(page.locator("#said-reference .checked")).to_be_visible()


def test_a_recording_is_checked_when_it_is_put_in_and_kept_with_its_job(
    page: Page, address: str, client: Client
):
    visit(page, address, "voice-clone")
    page.get_by_label("A recording").check()
    put_in(page, "reference", REFERENCE)
    expect(page.locator("#said-reference .checked")).to_contain_text("6.5 s · 24 kHz · mono")
    page.locator("#transcribe").click()
    expect(page.locator("#transcribed [role=alert]")).to_contain_text("No transcriber is set up")
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    page.reload()
    expect(page.locator("#said-reference .checked")).to_contain_text("The file of that job")


def test_voices_are_searched_edited_and_deleted_at_the_second_press(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper", "tags": ["warm"]}, REFERENCE)
    visit(page, address, "voices")
    page.wait_for_selector("[data-voice=keeper]")
    page.get_by_label("Search").fill("keep")
    expect(page.locator("[data-voice]")).to_have_count(1)
    card = page.locator("[data-voice=keeper]")
    card.get_by_role("button", name="Edit").click()
    tags = page.locator("#editing").get_by_label("Tags")
    expect(tags).to_have_value("warm")
    tags.fill("cold, near")
    page.locator("#save").click()
    expect(card).to_contain_text("near")
    assert client.voice("keeper").tags == ["cold", "near"]
    card.locator("[data-action=delete]").click()
    card.locator("[data-action=really]").click()
    expect(page.locator("#said")).to_contain_text("Keeper was deleted")
    expect(card).to_have_count(0)


def test_a_mood_is_recorded_and_taken_away_at_the_second_press(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper"}, REFERENCE)
    visit(page, address, "voices")
    page.locator("[data-voice=keeper]").get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Add a recording of a mood").click()
    page.locator("#mood-sound input[type=file]").set_input_files(REFERENCE)
    page.locator("#mood").get_by_role("listbox").click()
    page.get_by_role("option", name="Happy").click()
    page.locator("#mood-sound").get_by_label("Play", exact=True).wait_for()
    page.locator("#add-mood").click()
    row = page.locator("[data-mood=happy]")
    expect(row.locator("speech-sample")).to_be_visible()
    assert [clip.emotion for clip in client.voice("keeper").clips] == ["", "happy"]
    row.locator("[data-action=remove]").click()
    row.locator("[data-action=really]").click()
    expect(row).to_have_count(0)
    assert len(client.voice("keeper").clips) == 1


def test_a_speaker_reads_a_sentence_which_is_its_sample(page: Page, address: str, client: Client):
    visit(page, address, "voices")
    card = page.locator("[data-voice=vivian]")
    card.locator("[data-action=read]").click()
    expect(card.locator("speech-sample")).to_be_visible()
    expect(card).to_contain_text("sample by the preview")
    client.delete_voice("vivian")


def test_settings_are_saved_as_a_preset_that_fills_the_form_and_is_deleted(
    page: Page, address: str, client: Client
):
    visit(page, address, "?emotion=happy&voice=serena")
    page.get_by_role("button", name="Presets").click()
    page.locator("#preset-name").get_by_role("textbox").fill("Bedtime")
    page.locator("#save-preset").click()
    page.wait_for_selector("#preset-said .notice")
    kept = client.preset("Bedtime").request
    assert (kept["speaker"], kept["emotion"]) == ("serena", "happy")
    visit(page, address, "?preset=Bedtime&emotion=furniture")
    expect(page.get_by_label("Emotion")).to_have_value("Happy")
    page.get_by_role("button", name="Presets").click()
    page.locator("#delete-preset").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#preset-said")).to_contain_text("Bedtime was deleted")
    assert not client.presets().items


def test_sound_becomes_codes_that_can_be_downloaded(page: Page, address: str, client: Client):
    visit(page, address, "codec-encode")
    put_in(page, "audio", REFERENCE)
    page.wait_for_selector("#said-audio .checked")
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    with page.expect_download() as download:
        page.get_by_role("link", name="codes.npz").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")


def test_no_page_of_voices_is_wider_than_a_telephone(page: Page, address: str, client: Client):
    client.create_voice({"name": "Keeper" * 12, "description": "x" * 400}, REFERENCE)
    for path in ("voice-design", "voice-clone", "design-then-clone", "codec-encode", "emotions"):
        visit(page, address, path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    visit(page, address, "voices")
    page.wait_for_selector("[data-voice^=keeper]")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
