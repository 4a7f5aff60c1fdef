"""Voices as a person makes, keeps, finds and uses them, in a real browser."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.audio import clip, reference
from shared.client import Client
from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.browsing import CHROMIUM, IN_A_BROWSER, visit, watched
from tests.ui.conftest import dashboard
from tools.chromium import FLAGS

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
    expect(page.locator("#takes speech-sample")).to_have_count(2)
    card = page.locator("#takes [data-candidate='2']")
    expect(card).to_contain_text("seed")
    card.locator(".play").click()
    expect(card.locator("speech-sample")).to_have_attribute("data-state", "playing")
    card.get_by_text("Keep this one").click()
    name = card.get_by_role("textbox")
    expect(name).to_be_focused()
    name.fill("Old sailor")
    name.press("Enter")
    expect(page.locator("#kept")).to_contain_text("Old sailor is in the library")
    expect(card).to_contain_text("Kept as Old sailor")
    page.reload()
    expect(card).to_contain_text("Kept as Old sailor")
    expect(page.locator("#takes [data-candidate='1']")).to_contain_text("Keep this one")
    card.get_by_role("link", name="Speak with it").click()
    expect(page.locator("#field-voice .chosen")).to_contain_text("Old sailor")
    origin = client.voice("old_sailor").origin
    assert origin
    assert origin.candidate == 2
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    expect(page.locator("#told")).to_contain_text("Old sailor, in context")


def test_a_recording_is_checked_when_it_is_put_in_and_found_again_with_its_job(
    page: Page, address: str, client: Client, kept: Path, tmp_path: Path
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
    checks = page.locator("#said-reference .checks")
    expect(checks).to_contain_text("Length 6.5 s")
    for name in ("Level", "Clipping none", "Channels mono"):
        expect(checks.locator("li[data-good=true]", has_text=name)).to_be_visible()
    expect(page.locator("#field-reference").get_by_label("Clear").locator("svg")).to_be_visible()
    page.locator("#transcribe").click()
    expect(page.locator("#transcribed [role=alert]")).to_contain_text("No transcriber is set up")
    page.locator("#speak").click()
    page.wait_for_selector(DONE)
    page.reload()
    expect(page.locator("#said-reference")).to_contain_text("The file from before")
    visit(page, address, f"voice-clone?job={client.jobs().items[0].id}")
    expect(page.locator("#said-reference")).to_contain_text("The file of that job")
    expect(page.get_by_label("A recording")).to_be_checked()


def test_voices_are_searched_edited_and_deleted_at_the_second_press(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper", "tags": ["warm"]}, REFERENCE)
    visit(page, address, "voices")
    page.wait_for_selector("[data-voice=keeper]")
    page.get_by_label("Search").fill("keep")
    expect(page.locator("[data-voice]")).to_have_count(1)
    card = page.locator("[data-voice=keeper]")
    edit = card.get_by_role("button", name="Edit")
    edit.click()
    drawer = page.get_by_role("dialog", name="Edit Keeper")
    expect(drawer.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(edit).to_be_focused()
    edit.click()
    tags = drawer.get_by_label("Tags")
    expect(tags).to_have_value("warm")
    tags.fill("cold, near")
    page.locator("#save").click()
    expect(card).to_contain_text("near")
    expect(drawer).to_be_hidden()
    assert client.voice("keeper").tags == ["cold", "near"]
    card.locator("[data-action=delete]").click()
    card.locator("[data-action=really]").click()
    expect(page.locator("#said")).to_contain_text("Keeper was deleted")
    expect(card).to_have_count(0)


def test_a_mood_is_recorded_for_one_voice_and_taken_away_at_the_second_press(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper"}, REFERENCE)
    client.create_voice({"name": "Sailor"}, REFERENCE)
    visit(page, address, "voices")
    sound = page.locator("#mood-sound")
    playing = sound.get_by_label("Play", exact=True)
    page.locator("[data-voice=sailor]").get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Add a recording of a mood").click()
    sound.locator("input[type=file]").set_input_files(REFERENCE)
    playing.wait_for()
    page.locator("#close").click()
    page.locator("[data-voice=keeper]").get_by_role("button", name="Edit").click()
    page.get_by_role("dialog", name="Edit Keeper").wait_for()
    expect(playing).to_have_count(0)  # what was put in for the one is not of the other
    sound.locator("input[type=file]").set_input_files(REFERENCE)
    playing.wait_for()
    page.locator("#mood").get_by_role("listbox").click()
    page.get_by_role("option", name="Happy").click()
    page.locator("#add-mood").click()
    row = page.locator("[data-mood=happy]")
    expect(row.locator("speech-sample")).to_be_visible()
    assert [clip.emotion for clip in client.voice("keeper").clips] == ["", "happy"]
    row.locator("[data-action=remove]").click()
    row.locator("[data-action=really]").click()
    expect(row).to_have_count(0)
    assert len(client.voice("keeper").clips) == 1


def test_all_that_have_no_sample_read_one_after_the_other(page: Page, address: str, client: Client):
    visit(page, address, "voices")
    expect(page.locator("#voices .empty")).to_contain_text("No voice is yours yet")
    page.locator("#sample-all").click()
    expect(page.locator("#audition")).to_contain_text("of 9 voices have read")
    expect(page.locator("#voices .badge.preview")).to_have_count(9)
    expect(page.locator("#sample-all")).to_be_hidden()
    expect(page.locator("#stop-samples")).to_be_hidden()
    for speaker in client.voices().items:
        assert speaker.has_sample
        client.delete_voice(speaker.id)


def test_a_speaker_is_heard_from_its_card_and_has_a_sample_then(
    page: Page, address: str, client: Client
):
    visit(page, address, "voices")
    heard = page.locator("[data-voice=vivian] voice-sample")
    heard.locator(".play").click()
    expect(heard).to_have_attribute("data-state", "playing")
    expect(heard).to_have_attribute("sample", "")
    assert client.voice("vivian").has_sample
    client.delete_voice("vivian")


def test_tags_narrow_the_library_down_and_a_voice_goes_out_and_comes_in(
    page: Page, address: str, client: Client, tmp_path: Path
):
    client.create_voice({"name": "Keeper", "tags": ["warm", "npc"]}, REFERENCE)
    client.create_voice({"name": "Sailor", "tags": ["npc"]}, REFERENCE)
    visit(page, address, "voices")
    page.locator("[data-voice=keeper] [data-id=npc]").click()
    expect(page.locator("[data-voice]")).to_have_count(2)
    page.locator("#tags [data-id=warm]").click()
    expect(page.locator("[data-voice]")).to_have_count(1)
    for tag in ("npc", "warm"):
        expect(page.locator(f"#tags [data-id={tag}]")).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.locator("[data-voice=keeper]").get_by_role("link", name="Export").click()
    zipped = tmp_path / "keeper.zip"
    download.value.save_as(zipped)
    client.delete_voice("keeper")
    page.get_by_role("button", name="Add a voice").click()
    page.get_by_label("Import").check()
    page.locator("#import-file input[type=file]").set_input_files(zipped)
    expect(page.locator("#added")).to_contain_text("Keeper is in the library")
    expect(page.locator("[data-voice=keeper]")).to_be_visible()
    assert client.voice("keeper").tags == ["warm", "npc"]


@pytest.fixture
def speaking_in(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page whose microphone hears the reference."""
    heard = tmp_path / "heard.wav"
    samples = clip.decode(BytesIO(REFERENCE.read_bytes()), reference.LONGEST).samples
    heard.write_bytes(clip.dumps(samples))
    flags = [
        *FLAGS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
    ]
    listening = browser.browser_type.launch(executable_path=CHROMIUM, args=flags)
    with listening, watched(listening, 1440) as page:
        yield page


def test_a_voice_is_recorded_with_the_microphone_and_kept(
    speaking_in: Page, address: str, client: Client
):
    page = speaking_in
    page.context.grant_permissions(["microphone"])
    visit(page, address, "voices")
    page.get_by_role("button", name="Add a voice").click()
    page.locator("#field-reference").get_by_label("Record audio").click()
    page.locator("#field-reference").get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#field-reference .duration")).to_have_text(re.compile("0:0[45]"))
    page.locator("#field-reference").get_by_role("button", name="Stop").first.click()
    expect(page.locator("#said-reference .checks")).to_contain_text("Length")
    page.locator("#new-name").get_by_role("textbox").fill("Myself")
    page.locator("#add").click()
    expect(page.locator("[data-voice=myself]")).to_contain_text("Cloned")
    assert client.voice("myself").clips[0].seconds > reference.SHORTEST


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


def test_a_voice_of_many_words_is_no_wider_than_a_telephone(
    page: Page, address: str, client: Client
):
    client.create_voice({"name": "Keeper" * 12, "description": "x" * 400}, REFERENCE)
    visit(page, address, "voices")
    page.wait_for_selector("[data-voice^=keeper]")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
