"""Every word of the dashboard can be translated: seen in a language whose words stand in ⟦ ⟧."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from babel.messages import Catalog, pofile
from fastapi.testclient import TestClient

from shared.errors import ConfigurationError
from shared.settings import load
from tests.stack import Stack
from tests.ui.conftest import built
from tools import translations
from ui import app, translation
from ui.translation import plural, tr

STATIC = Path(app.__file__).parent / "static"
OURS = ("label", "placeholder", "info")
"""Properties of widgets that people read."""
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL)
_SPOKEN_TAG = re.compile(r' (?:aria-label|title|placeholder|data-label|alt)="([^"]*)"')
_TRANSLATED = re.compile(r"⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[A-Za-z]{3,}")
_LITERAL = re.compile(r'"([^"\\\n]*)"|`([^`\\]*)`')
_SAID = re.compile(r"[A-Z][a-z]+(?:[ ,'][A-Za-z ,']+)?[.…!]?")
NAMES = re.compile(
    r"Qwen3-TTS|ENGINE=preview asks for it\.|curl|Python|qtts|MIT|https?:\S+|\b\w+\.(?:npz|json)\b"
)
"""What is called the same in every language, or said by the service itself."""
SAID_BY_SERVICE = ("voices", "models", "status", "outputs", "jobs", "emotions")
"""Routes whose texts pages show as they come."""
KEYS = {"Enter", "Escape", "Home", "End", "Delete", "Backspace", "Tab", "Space", "Shift", "Files"}
"""Not words, but what browsers call keys and what is dragged."""


def pseudo(found: Catalog) -> Catalog:
    """A language in which every text is itself, marked."""
    language = Catalog(locale="eo")
    for message in found:
        if message.id:
            texts = [message.id] if isinstance(message.id, str) else [*message.id]
            marked = [f"⟦{text}⟧" for text in texts]
            language.add(message.id, marked[0] if isinstance(message.id, str) else tuple(marked))
    return language


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service where nothing was said yet: pages show what others have said as it is."""
    with Stack(tmp_path_factory.mktemp("silent")) as running:
        yield running


@pytest.fixture(scope="module")
def marked(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], TestClient]]:
    """The dashboard in that language."""
    folder = tmp_path_factory.mktemp("locales")
    with (folder / "eo.po").open("wb") as file:
        pofile.write_po(file, pseudo(translations.template()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "LOCALES", folder)
        made = built(lambda: app.create(load(gradio_language="eo", api_url=stack.url)))
        with TestClient(made, base_url="http://127.0.0.1") as client:
            yield lambda: client
    translation.speak(translation.SOURCE)


@pytest.fixture
def english() -> Iterator[None]:
    """This process in the language that the words are written in, whatever it spoke before."""
    before = translation._spoken[0]
    translation.speak(translation.SOURCE)
    yield
    translation._spoken[0] = before


@pytest.fixture(scope="module")
def config(marked: Callable[[], TestClient]) -> dict[str, Any]:
    return marked().get("/config").json()


def left_english(shown: str) -> set[str]:
    """Words of a text or of HTML that nobody could translate."""
    texts = [_TAG.sub("\n", shown), *_SPOKEN_TAG.findall(shown)]
    left = "\n".join(texts).replace("\n", " ") if "⟦" in shown else "\n".join(texts)
    while (less := _TRANSLATED.sub(" ", left)) != left:
        left = less
    return set(_WORD.findall(NAMES.sub(" ", left)))


def words_of(component: dict[str, Any]) -> set[str]:
    props = component["props"]
    if "aside" in (props.get("elem_classes") or ()) or props.get("visible") is False:
        return set()
    texts = [props.get(name) for name in OURS]
    texts += [title for title, value in props.get("choices") or () if title != str(value)]
    if component["type"] == "button" or props.get("html_template") == "${value}":
        texts.append(props.get("value"))
    return {word for text in texts if isinstance(text, str) for word in left_english(text)}


def test_no_widget_shows_a_word_that_cannot_be_translated(config: dict[str, Any]):
    pages = {place: path for path, page in config["page"].items() for place in page["components"]}
    found = {
        f"/{pages.get(each['id'], '')} {_named(each)}": words
        for each in config["components"]
        if (words := words_of(each))
    }
    assert found == {}


def _named(component: dict[str, Any]) -> str:
    props = component["props"]
    return f"{component['type']} {props.get('elem_id') or props.get('label')}"


@pytest.fixture(scope="module")
def said(stack: Stack) -> set[str]:
    """Words of the service itself, which pages show as they come."""
    routes = [f"{stack.url}/v1/{name}" for name in SAID_BY_SERVICE]
    answers = [httpx.get(route, trust_env=False).text for route in routes]
    return set(_WORD.findall("".join(answers)))


@pytest.mark.redis
def test_nothing_that_a_page_opens_with_shows_one(
    config: dict[str, Any], marked: Callable[[], TestClient], said: set[str]
):
    held = {each["id"]: each for each in config["components"]}
    found: dict[str, set[str]] = {}
    for event in config["dependencies"]:
        if not (
            event["backend_fn"] and {kind for _, kind in event["targets"]} & {"load", "expand"}
        ):
            continue
        data = [held[place]["props"].get("value") for place in event["inputs"]]
        session = f"s{event['id']}"
        asked = {"fn_index": event["id"], "data": data, "session_hash": session}
        answer = marked().post("/gradio_api/run/predict", json=asked)
        assert answer.status_code == 200, (event, answer.text)
        for place, value in zip(event["outputs"], answer.json()["data"], strict=True):
            shown = value.get("value") if isinstance(value, dict) else value
            if held[place]["type"] in ("html", "button") and isinstance(shown, str):
                name = held[place]["props"].get("elem_id") or event["api_name"]
                found.setdefault(name, set()).update(left_english(shown) - said)
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_are_told_their_words(script: Path):
    code = re.sub(r"^\s*//.*$", "", script.read_text(), flags=re.MULTILINE)
    literals = {first or second for first, second in _LITERAL.findall(code)}
    assert {text for text in literals if _SAID.fullmatch(text)} - KEYS == set()


def test_a_text_without_a_translation_stays_english(english: None):
    assert tr("{count} of {total}", count=1, total=2) == "1 of 2"
    assert plural("{count} job", "{count} jobs", 1_000) == "1,000 jobs"


def test_a_language_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ConfigurationError) as caught:
        translation.speak("tlh")
    assert "en" in (caught.value.next_step or "")
