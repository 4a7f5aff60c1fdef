"""The guide to moods: found, heard in a voice, and used."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.client import AsyncClient, Client
from shared.emotions import EMOTIONS
from shared.requests import CONTRACTS
from shared.views import ModelView
from tests.stack import Stack
from tests.ui.browsing import IN_A_BROWSER, visit, watched
from tests.ui.test_pages import voice
from ui.dashboard import Dashboard
from ui.pages import emotions

pytestmark = IN_A_BROWSER

HEARD = "() => Number(document.querySelector('speech-player')?.dataset.level) > 0.01"
DASHBOARD = Dashboard(AsyncClient())


def model(size: str, state: str) -> ModelView:
    known = {"id": f"{size}-CustomVoice", "kind": "custom_voice", "revision": "", "bytes": 0}
    lists = dict.fromkeys(("missing", "damaged", "loaded_by"), ())
    return ModelView.model_validate(known | lists | {"size": size, "state": state, "action": None})


def test_a_mood_is_found_by_its_words_in_any_language():
    found = emotions.matching(EMOTIONS.values(), "LÄCHELN")
    assert [each.id for each in found] == ["happy"]
    assert "No mood matches" in emotions.cards(DASHBOARD, emotions.matching([], "x"))


def test_an_example_is_asked_of_the_checkpoint_that_follows_moods_where_it_is_here():
    here, absent = [model("1.7B", "present")], [model("1.7B", "absent"), model("0.6B", "present")]
    preset = voice(id="serena", name="Serena", kind="preset")
    for models, size in ((here, "1.7B"), (absent, None)):
        task, request = emotions.example(preset, EMOTIONS["sad"], emotions._size(models))
        assert CONTRACTS[task].parse(request).model_dump()["size"] == size
    assert "is not here" in emotions.follows(DASHBOARD, absent)


def test_a_voice_of_the_library_speaks_the_example_as_a_clone():
    task, request = emotions.example(voice(), EMOTIONS["sad"], "1.7B")
    assert (task, request["voice"], request["emotion"]) == ("voice_clone", "sailor", "sad")
    CONTRACTS[task].parse(request)


@pytest.fixture(params=[390, 1440])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(browser, request.param) as page:
        yield page


def test_a_mood_is_heard_in_a_voice_and_used(page: Page, address: str, stack: Stack):
    visit(page, address, "emotions")
    page.get_by_label("Search", exact=True).fill("whisper")
    cards = page.locator("[data-emotion]")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Hear it: Whispering").click()
    page.wait_for_function(HEARD)
    with stack.client() as client:
        job = newest(client)
        assert (job["emotion"], job["speaker"]) == ("whispering", "serena")
    page.locator("#told [data-state=succeeded]").wait_for(state="attached")
    page.get_by_role("button", name="For developers").click()
    expect(page.locator("#snippet-curl")).to_contain_text('"emotion": "whispering"')
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("link", name="Use it: Whispering").click()
    expect(page.get_by_label("Emotion", exact=True)).to_have_value("Whispering")


def newest(client: Client) -> dict[str, object]:
    return client.jobs(limit=1).items[0].request
