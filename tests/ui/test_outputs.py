"""The outputs browser as a person uses it, in a real browser, over a library of forty-five."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect

from shared.client import Client
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit, watched
from tests.ui.conftest import dashboard
from tools.bench.library import fill
from ui.finding import Wanted
from ui.pages import outputs

pytestmark = IN_A_BROWSER
COUNT = 45
HEARD = "() => Number(document.querySelector('speech-player')?.dataset.level) > 0.01"
SOUNDING = """() => {
  const { a, b } = document.querySelector("speech-compare").sounds;
  return !a.paused && !b.paused && a.muted !== b.muted;
}"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("library")) as stack:
        yield stack


@pytest.fixture(scope="module")
def address(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(tmp_path_factory.mktemp("ui"), API_URL=running.url) as url:
        yield url


@pytest.fixture(scope="module")
def filled(running: Stack) -> list[str]:
    """The library, the latest first."""
    return fill(running.outputs_dir, COUNT)


@pytest.fixture
def client(running: Stack, filled: list[str]) -> Iterator[Client]:
    """A client that brings everything back and takes the names off again."""
    client = running.client()
    yield client
    if thrown := client.trash(limit=500).items:
        client.restore_all([item.id for item in thrown])


@pytest.fixture(params=[390, 1440])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page, whose console must stay free of errors."""
    with watched(browser, request.param) as page:
        yield page


one_width = pytest.mark.parametrize("page", [1440], indirect=True)


def row(page: Page, run: str) -> Locator:
    return page.locator(f"[data-output='{run}']")


def search(page: Page, words: str) -> None:
    page.locator("#words").get_by_role("textbox").fill(words)


def choose(page: Page, field: str, option: str | re.Pattern[str]) -> None:
    page.locator(f"#{field}").get_by_role("listbox").click()
    page.get_by_role("option", name=option).click()


def pick(page: Page, *runs: str) -> None:
    for run in runs:
        row(page, run).get_by_role("checkbox").click()
    expect(page.locator(".selection strong")).to_have_text(f"{len(runs)} selected")


def test_the_library_is_searched_filtered_and_the_same_after_a_reload(
    page: Page, address: str, client: Client
):
    visit(page, address, "outputs")
    expect(page.locator("#summary p")).to_contain_text(f"{COUNT} outputs")
    search(page, "narration letter")
    expect(page.locator("#summary p")).to_contain_text("9 outputs")
    search(page, "")
    expect(page.locator("#summary p")).to_contain_text(f"{COUNT} outputs")
    choose(page, "find-task", re.compile("^Clone"))
    expect(page.locator("#summary p")).to_contain_text("9 outputs")
    choose(page, "find-when", "Last 7 days")
    choose(page, "find-sort", "Longest first")
    page.locator("#chips").get_by_role("button", name="#sea").click()
    chip = page.locator("#chips [aria-pressed=true]")
    expect(chip).to_contain_text("#sea")
    wanted = page.locator("#summary p").inner_text()
    expect(page).to_have_url(re.compile("task=voice_clone.*when=7.*tags=sea"))
    page.reload()
    expect(page.locator("#summary p")).to_have_text(wanted)
    expect(chip).to_contain_text("#sea")
    chip.click()
    expect(page.locator("#summary p")).to_contain_text("9 outputs")
    search(page, "nobody said this")
    expect(page.locator("#outputs")).to_contain_text("Nothing matches.")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@one_width
def test_two_quick_presses_count_both_and_what_matches_no_more_leaves_the_list(
    page: Page, address: str, client: Client, filled: list[str]
):
    run = filled[3]
    client.mark(run, starred=True)
    visit(page, address, "outputs")
    page.locator("#chips .chip").first.wait_for()
    page.evaluate(
        """() => {
          for (const tag of ["trailer", "draft"])
            document.querySelector(`#chips [data-id=${tag}]`).click();
        }"""
    )
    expect(page.locator("#chips [aria-pressed=true]")).to_have_count(2)
    expect(page).to_have_url(re.compile("tags=(trailer%2Cdraft|draft%2Ctrailer)"))
    page.get_by_role("checkbox", name="Starred").check()
    it = row(page, run)
    expect(it).to_be_visible()
    expect(page.locator(".output")).to_have_count(1)
    it.locator("[data-action=unstar]").click()
    expect(page.locator("#outputs")).to_contain_text("Nothing matches.")
    assert not client.output(run).starred
    page.locator("#said").get_by_role("button", name="Undo").click()
    expect(it.locator("[data-action=unstar]")).to_be_visible()
    assert client.output(run).starred
    client.mark(run, starred=False)


@one_width
def test_more_is_shown_below_what_is_there_and_days_narrow_it(
    page: Page, address: str, client: Client
):
    visit(page, address, "outputs")
    expect(page.locator(".output")).to_have_count(40)
    page.locator("#more").click()
    expect(page.locator(".output")).to_have_count(COUNT)
    expect(page.locator("#more")).to_be_hidden()
    choose(page, "find-when", "From … to …")
    page.get_by_label("From", exact=True).fill("2001-01-01")
    expect(page).to_have_url(re.compile("since=2001-01-01"))
    page.get_by_label("To", exact=True).fill("2001-01-02")
    expect(page.locator("#outputs")).to_contain_text("Nothing matches.")
    expect(page).to_have_url(re.compile("since=2001-01-01&until=2001-01-02"))


def test_an_output_is_heard_starred_tagged_and_named(
    page: Page, address: str, client: Client, filled: list[str]
):
    run = filled[2]
    client.mark(run, starred=False, tags=[], title="")
    visit(page, address, "outputs")
    it = row(page, run)
    it.locator(".play").click()
    page.wait_for_function(HEARD)
    it.locator("[data-action=star]").click()
    expect(it.locator("[data-action=unstar]")).to_be_visible()
    it.locator(".adds summary").click()
    it.get_by_role("textbox", name="Tag").fill("ghost ship")
    page.keyboard.press("Enter")
    expect(it.locator(".chip")).to_contain_text("#ghost ship")
    it.locator("summary", has_text="More").click()
    it.get_by_role("textbox", name="Name").fill("The <b>third</b> step")
    page.keyboard.press("Enter")
    expect(it.locator(".name")).to_have_text("The <b>third</b> step")
    found = client.output(run)
    assert (found.starred, list(found.tags)) == (True, ["ghost ship"])
    page.locator("#chips").get_by_role("button", name="#ghost ship").click()
    expect(page.locator(".output")).to_have_count(1)
    it.locator(".chip button").click()
    expect(it.locator(".chip")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_two_are_compared_and_turned_between_while_they_sound(
    page: Page, address: str, client: Client, filled: list[str]
):
    first, second = filled[7], filled[15]
    for run in (first, second):
        client.mark(run, starred=False)
    visit(page, address, "outputs")
    for run in (first, second):
        row(page, run).locator("[data-action=compare]").click()
        expect(page.locator("#compare")).to_contain_text(client.output(run).text[:30])
    both = page.locator("speech-compare")
    expect(both.locator(".differs", has_text="Seed")).to_have_count(2)
    both.locator(".play").click()
    page.wait_for_function(SOUNDING)
    page.keyboard.press("b")
    expect(both).to_have_attribute("data-heard", "b")
    assert page.evaluate(SOUNDING)
    both.get_by_role("button", name="A", exact=True).click()
    expect(both).to_have_attribute("data-heard", "a")
    both.locator(".blind").click()
    expect(both.locator(".sides")).to_be_hidden()
    both.get_by_role("button", name="Y", exact=True).click()
    heard = {"a": first, "b": second}[both.get_attribute("data-heard") or ""]
    both.get_by_role("button", name="Star Y").click()
    expect(row(page, heard).locator("[data-action=unstar]")).to_be_visible()
    assert client.output(heard).starred
    both.get_by_role("button", name="Reveal").click()
    expect(both.locator(".said")).to_contain_text(re.compile("X was [AB]"))
    expect(both.locator(".sides")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    both.get_by_role("button", name="Close").click()
    expect(both).to_have_count(0)


@one_width
def test_sounds_and_archives_are_downloaded(
    page: Page, address: str, client: Client, filled: list[str]
):
    visit(page, address, "outputs")
    it = row(page, filled[1])
    it.locator("summary", has_text="Download").click()
    with page.expect_download() as sound:
        it.get_by_role("link", name="wav", exact=True).click()
    assert len(soundfile.read(Path(sound.value.path()))[0]) > 0
    with page.expect_download() as archive:
        it.get_by_role("link", name="zip", exact=True).click()
    assert f"{filled[1]}/audio.wav" in members(archive.value.path())
    pick(page, filled[0], filled[2])
    with page.expect_download() as several:
        page.get_by_role("link", name="Download zip").click()
    held = members(several.value.path())
    assert {name.partition("/")[0] for name in held} == {filled[0], filled[2]}
    sample, _ = soundfile.read(io.BytesIO(held[f"{filled[2]}/audio.wav"]))
    assert len(sample) > 0


def members(path: str | Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@one_width
def test_what_is_deleted_comes_back_to_its_place(
    page: Page, address: str, client: Client, filled: list[str]
):
    visit(page, address, "outputs")
    it = row(page, filled[4])
    it.locator("summary", has_text="More").click()
    it.locator("[data-action=delete]").click()
    expect(it).to_have_count(0)
    undo = page.locator("#said").get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".output").nth(4)).to_have_attribute("data-output", filled[4])
    pick(page, *filled[5:8])
    page.locator(".selection").get_by_role("button", name="Delete").click()
    expect(page.locator("#summary p")).to_contain_text(f"{COUNT - 3} outputs")
    undo.click()
    expect(page.locator("#summary p")).to_contain_text(f"{COUNT} outputs")
    expect(page.locator(".output").nth(6)).to_have_attribute("data-output", filled[6])


@one_width
def test_several_are_tagged_and_one_that_vanished_breaks_nothing(
    page: Page, address: str, client: Client, filled: list[str]
):
    visit(page, address, "outputs")
    pick(page, filled[9], filled[10])
    page.locator(".selection").get_by_role("button", name="Select all shown").click()
    expect(page.locator(".selection strong")).to_have_text("40 selected")
    page.locator(".selection").get_by_role("button", name="Select none").click()
    pick(page, filled[9], filled[10])
    page.locator(".selection .adds summary").click()
    page.locator(".selection").get_by_role("textbox", name="Tag").fill("both")
    page.keyboard.press("Enter")
    expect(page.locator("#chips").get_by_role("button", name="#both")).to_contain_text("2")
    client.discard(filled[9])
    page.locator(".selection").get_by_role("button", name="Star", exact=False).first.click()
    expect(page.locator("#said")).to_contain_text("deleted elsewhere")
    expect(row(page, filled[9])).to_have_count(0)
    expect(row(page, filled[10]).locator("[data-action=unstar]")).to_be_visible()
    client.mark(filled[10], starred=False)


def test_old_outputs_are_cleaned_up_and_brought_back(
    page: Page, address: str, client: Client, filled: list[str]
):
    starred = client.outputs(starred=True).total
    visit(page, address, "outputs")
    page.get_by_role("button", name="Disk and trash").click()
    expect(page.locator("#usage")).to_contain_text("No output goes by itself.")
    page.locator("#clean-days input").fill("0")
    page.locator("#clean-ask").click()
    told = page.locator("#cleaned")
    expect(told).to_contain_text(f"{COUNT - starred} outputs would go")
    told.locator("[data-action=clean]").click()
    expect(page.locator("#summary p")).to_contain_text(f"{starred} output")
    assert client.outputs().total == starred
    expect(page.locator("#trash")).to_contain_text("In the trash")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    told.locator("[data-action=undo]").click()
    expect(page.locator("#summary p")).to_contain_text(f"{COUNT} outputs")
    assert client.outputs().total == COUNT


@one_width
def test_the_trash_gives_back_and_is_emptied_at_the_second_press(
    page: Page, address: str, client: Client, running: Stack
):
    back, gone = fill(running.outputs_dir, 2)
    for run in (back, gone):
        client.discard(run)
    visit(page, address, "outputs")
    page.get_by_role("button", name="Disk and trash").click()
    page.locator(f"[data-thrown='{back}'] button").click()
    expect(row(page, back)).to_be_visible()
    page.locator("#trash [data-action=empty]").click()
    page.locator("#trash [data-action=really]").click()
    expect(page.locator("#trash")).to_contain_text("The trash is empty.")
    assert client.trash().total == 0
    client.discard(back)
    client.empty_trash()


def test_an_empty_list_says_why_and_how_it_is_filled():
    assert "Speak something" in outputs._nothing(Wanted())
    assert "Nothing matches." in outputs._nothing(Wanted(starred=True))
