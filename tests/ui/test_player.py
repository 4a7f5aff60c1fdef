"""The player, as a person hears, sees and handles it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from shared.client import Client
from shared.jobs import JobView
from shared.states import JobState
from tests.stack import Stack
from tests.ui.browsing import HANG_MS, IN_A_BROWSER, visit, watched

pytestmark = IN_A_BROWSER

LONG = "The lamp turned. Ten seconds; ten seconds; ten. " * 6
HEARD = "() => Number(document.querySelector('speech-player')?.dataset.level) > 0.01"
SILENT = "() => Number(document.querySelector('speech-player').dataset.level) < 0.001"
PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Map();
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255) {
      const colour = data.slice(at, at + 3).join();
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
  return [...colours.values()].filter(count => count > 20);
}"""
"""How many pixels there are of each colour of the waveform."""
FLAT = 3
"""Pixels that a bar of the flat line is high, at most."""


@pytest.fixture(scope="module")
def address(slow_address: str) -> str:
    return slow_address


@pytest.fixture
def client(slow_client: Client) -> Client:
    return slow_client


@pytest.fixture(scope="module")
def spoken(slow: Stack) -> JobView:
    """A finished job that the tests only hear."""
    client = slow.client()
    return client.wait(client.submit("custom_voice", {"text": LONG[:48]}).id)


@pytest.fixture(params=[390, 1440])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page, whose console must stay free of errors."""
    with watched(browser, request.param) as page:
        yield page


@pytest.fixture
def troubled(browser: Browser) -> Iterator[Page]:
    """A page that may complain of what it cannot fetch."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.set_default_timeout(HANG_MS)
        yield context.new_page()


def speak(page: Page, address: str, text: str) -> Locator:
    visit(page, address)
    page.get_by_label("Text", exact=True).fill(text)
    page.locator("#speak").click()
    return page.locator("speech-player")


def open_finished(page: Page, address: str, job: JobView) -> Locator:
    visit(page, address, f"?job={job.id}")
    page.wait_for_selector("speech-player[data-outline=file]")
    return page.locator("speech-player")


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Position")


def at(page: Page) -> float:
    return float(slider(page).input_value())


def is_drawn(player: Locator) -> bool:
    """More is seen than a flat line."""
    width = player.locator("canvas").evaluate("canvas => canvas.width")
    return sum(player.locator("canvas").evaluate(PIXELS)) > FLAT * width


def test_what_is_made_is_heard_and_seen_and_can_be_heard_again_meanwhile(
    page: Page, address: str, client: Client
):
    player = speak(page, address, LONG)
    page.wait_for_function(HEARD)
    expect(player).to_have_attribute("data-state", "playing")
    expect(player).to_contain_text("First sound after")
    page.wait_for_function("() => document.querySelector('speech-player').position > 1.5")
    expect(player).to_have_attribute("data-outline", "live")
    assert is_drawn(player)
    slider(page).focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('speech-player').position < 1")
    page.wait_for_function(HEARD)
    job = client.job(player.get_attribute("job") or "")
    assert job.state is JobState.RUNNING
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_recording_is_seen_again_and_handled_by_keyboard(
    page: Page, address: str, spoken: JobView
):
    player = open_finished(page, address, spoken)
    assert is_drawn(player)
    length = (spoken.result or {})["duration_seconds"]
    page.locator("h1").click()
    page.keyboard.press("Space")
    page.wait_for_function(HEARD)
    page.keyboard.press("Space")
    expect(player).to_have_attribute("data-paused", "")
    slider(page).focus()
    page.keyboard.press("End")
    assert at(page) == pytest.approx(length, abs=0.1)
    page.keyboard.press("ArrowLeft")
    assert at(page) == pytest.approx(length - 1, abs=0.2)
    told = f"0:0{int(length - 1)} of 0:0{int(length)}"
    expect(slider(page)).to_have_attribute("aria-valuetext", told)
    assert len(player.locator("canvas").evaluate(PIXELS)) >= 2
    page.keyboard.press("Home")
    assert at(page) == 0
    player.get_by_label("Speed").select_option("1.5")
    page.keyboard.press("Space")
    page.get_by_label("Text", exact=True).click()
    page.keyboard.press("Space")
    page.wait_for_function(HEARD)
    assert player.locator("audio").evaluate("audio => audio.playbackRate") == 1.5


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_a_press_on_the_waveform_is_heard_from_there(page: Page, address: str, spoken: JobView):
    player = open_finished(page, address, spoken)
    box = slider(page).bounding_box() or {}
    slider(page).hover(position={"x": box["width"] / 2, "y": 20})
    expect(player.locator(".tip")).to_be_visible()
    slider(page).click(position={"x": box["width"] / 2, "y": 20})
    length = (spoken.result or {})["duration_seconds"]
    assert player.locator("audio").evaluate("audio => audio.currentTime") == pytest.approx(
        length / 2, abs=0.1
    )


@pytest.mark.parametrize("page", [390], indirect=True)
def test_after_the_last_word_it_is_heard_once_more_from_the_file(
    page: Page, address: str, client: Client
):
    player = speak(page, address, "The lamp turned.")
    page.wait_for_function(HEARD)
    page.wait_for_selector("speech-player[data-state=ended]")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(HEARD)
    assert player.evaluate("player => player.source") == "file"


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_only_one_thing_sounds_at_a_time(page: Page, address: str, spoken: JobView):
    player = open_finished(page, address, spoken)
    player.evaluate("""player => {
      const sample = document.createElement("speech-sample");
      sample.setAttribute("src", player.file);
      sample.innerHTML = '<button class="play"></button>';
      player.after(sample);
    }""")
    sample = page.locator("#player speech-sample")
    player.locator(".play").click()
    page.wait_for_function(HEARD)
    sample.locator("button").click()
    expect(sample).to_have_attribute("data-state", "playing")
    expect(player).to_have_attribute("data-paused", "")
    player.locator(".play").click()
    page.wait_for_function(HEARD)
    expect(sample).to_have_attribute("data-state", "idle")
    sample.locator("button").click()
    expect(sample).to_have_attribute("data-state", "playing")
    sample.evaluate("sample => sample.removeAttribute('data-state')")  # as Gradio does
    expect(sample).to_have_attribute("data-state", "playing")
    sample.evaluate("sample => sample.setAttribute('src', sample.getAttribute('src') + '?v=2')")
    expect(sample).to_have_attribute("data-state", "idle")


@pytest.mark.parametrize("page", [1440], indirect=True)
def test_how_loud_it_is_is_remembered(page: Page, address: str, spoken: JobView):
    player = open_finished(page, address, spoken)
    player.locator(".play").click()
    page.wait_for_function(HEARD)
    player.get_by_role("button", name="Mute").click()
    page.wait_for_function(SILENT)
    page.reload()
    player.get_by_role("button", name="Sound on").click()
    player.locator(".play").click()
    page.wait_for_function(HEARD)
    page.evaluate("localStorage.setItem('speech-volume', 'no volume')")
    page.reload()
    player.locator(".play").click()
    page.wait_for_function(HEARD)


def test_without_a_network_it_says_so_and_then_goes_on_where_it_was(
    troubled: Page, address: str, client: Client
):
    player = speak(troubled, address, LONG)
    troubled.wait_for_function("() => document.querySelector('speech-player')?.position > 1")
    troubled.context.set_offline(True)
    player.evaluate("player => player.live.request.abort()")  # Chromium lets flow what flows
    expect(player).to_contain_text("does not answer; trying again")
    expect(troubled.get_by_text("Connection to the server was lost")).to_be_visible()
    with troubled.expect_event("load"):  # Gradio loads the page again
        troubled.context.set_offline(False)
    troubled.wait_for_function(HEARD)
    assert player.evaluate("player => player.position") > 1
    expect(player).not_to_contain_text("trying again")


def test_a_recording_that_is_gone_is_said_to_be_and_shows_no_waveform(
    troubled: Page, address: str, client: Client, spoken: JobView
):
    other = client.wait(client.submit("custom_voice", {"text": "Gone."}).id)
    client.discard(other.id)
    player = open_finished(troubled, address, spoken)
    player.evaluate("(player, job) => player.setAttribute('job', job)", other.id)
    expect(player).to_contain_text("may have been deleted")
    expect(player).to_have_attribute("data-state", "error")
    expect(player).to_have_attribute("data-outline", "none")
    assert not is_drawn(player)
