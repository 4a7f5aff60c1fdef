"""Every contract has a page, and pages show what comes from elsewhere as text."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi.testclient import TestClient

from shared.client import AsyncClient
from shared.jobs import EngineInfo, JobView
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.states import JobState
from shared.stores.voice_record import Sample
from shared.voices.view import VoicePage, VoiceView
from tests.ui.conftest import built
from tests.ui.odd import Odd
from ui import job_rows, pages, recordings, result, sending, voice_cards
from ui.dashboard import Dashboard, path_of
from ui.field import fields
from ui.pages import queue

Inside = Callable[..., TestClient]
HOSTILE = "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}}"
ID = "01a2005f-f397-761a-8af3-2d823cf8e167"


@pytest.fixture
def dashboard() -> Dashboard:
    return Dashboard(AsyncClient())


@pytest.fixture(scope="module")
def blocks() -> gr.Blocks:
    """All pages of the service, and that of a contract declared tomorrow."""
    return built(lambda: pages.build(Dashboard(AsyncClient()), [*CONTRACTS.values(), Odd]))


def field_ids(blocks: gr.Blocks, path: str) -> set[str]:
    """The fields that have a widget on the page at `path`."""
    found = (
        getattr(block, "elem_id", None) for block in blocks.blocks.values() if block.page == path
    )
    return {name.removeprefix("field-") for name in found if name and name.startswith("field-")}


def change_of(config: dict[str, Any], elem_id: str) -> int:
    """The event that another value of a widget is."""
    widgets = {
        each["id"] for each in config["components"] if each["props"].get("elem_id") == elem_id
    }
    events = config["dependencies"]
    return next(
        e["id"] for e in events for w, kind in e["targets"] if w in widgets and kind == "change"
    )


@pytest.fixture
def put_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the folder that gradio makes for one, beside another of this machine."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "mine.wav").write_text("Mine.")
    file = tmp_path / "gradio" / "0a1b" / "rain.wav"
    file.parent.mkdir(parents=True)
    file.write_text("Rain.")
    return file


def job(state: JobState, **fields: Any) -> JobView:
    engine = EngineInfo(
        name="preview",
        version="espeak-ng 1.52.0",
        device="cpu",
        precision="int16",
        preview=True,
        checkpoint="preview",
        revision="",
    )
    known: dict[str, Any] = {
        "id": ID,
        "task": "custom_voice",
        "state": state,
        "created_at": datetime.now(UTC),
        "seed": 7,
        "engine": engine,
        "request": {"text": "One."},
    }
    return JobView(**{**known, **fields})


def voice(**fields: Any) -> VoiceView:
    """A voice of which little is known."""
    known: dict[str, Any] = dict.fromkeys(("description", "consent", "source", "transcript"), "")
    known |= {"id": "sailor", "name": "Sailor", "kind": "cloned", "language": "auto"}
    known |= dict.fromkeys(("tags", "clips", "prompts", "warnings"), ())
    known |= {"origin": None, "has_sample": False, "sample": None, "settings": {}, "links": {}}
    return VoiceView.model_validate({**known, "created": datetime.now(UTC), **fields})


def card(dashboard: Dashboard, shown: VoiceView) -> str:
    """The library, with that voice alone in it."""
    everyone = voice_cards.Query(words="", language="", kind="", order="name", tags=())
    page = VoicePage(items=[shown], total=1, damaged=[])
    return voice_cards.listing(dashboard, page, [shown], everyone, "")


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
def test_every_contract_has_a_page_with_all_its_fields(blocks: gr.Blocks, contract: type[Declared]):
    ids = {field.elem_id.removeprefix("field-") for field in fields(contract)}
    assert field_ids(blocks, path_of(contract.name)) == ids


def test_a_contract_declared_tomorrow_gets_its_page_by_itself(blocks: gr.Blocks):
    assert ("odd-one", "Odd", True) in blocks.pages
    assert field_ids(blocks, "odd-one") == set(Odd.model_fields)


@pytest.mark.parametrize(
    "path", ["/", "/voice-clone", "/voices", "/emotions", "/queue", "/outputs", "/system"]
)
def test_pages_are_served_without_the_service(inside: Inside, path: str):
    answer = inside(api_url="http://127.0.0.1:9").get(path)
    assert answer.status_code == 200
    assert "/own/player.js" in answer.text


def test_pages_fetch_nothing_from_elsewhere(inside: Inside):
    page = inside().get("/").text
    assert "fonts.googleapis" not in page
    assert "cdn" not in page.lower()


def test_events_of_the_pages_are_no_interface_of_their_own(inside: Inside):
    assert inside().get("/gradio_api/info").json()["named_endpoints"] == {}


def test_a_file_that_nobody_put_in_is_not_taken(inside: Inside, tmp_path: Path):
    mine = tmp_path / "mine.wav"
    mine.write_text("Mine.")
    client = inside(api_url="http://127.0.0.1:9")
    event = change_of(client.get("/config").json(), "field-reference")
    value = {"path": str(mine), "meta": {"_type": "gradio.FileData"}}
    asked = {"fn_index": event, "data": [value, None], "session_hash": "one"}
    answer = client.post("/gradio_api/run/predict", json=asked)
    assert (answer.status_code, answer.json()) == (500, {"error": None})
    assert mine.read_text() == "Mine."


def test_only_files_that_were_put_in_are_thrown_away(tmp_path: Path, put_in: Path):
    for file in (tmp_path / "mine.wav", put_in):
        sending.forget(str(file))
    assert (tmp_path / "mine.wav").exists()
    assert not put_in.parent.exists()


def test_a_queue_shows_hostile_text_as_text(dashboard: Dashboard):
    shown = queue.table(dashboard, [job(JobState.QUEUED, request={"text": HOSTILE})])
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_a_voice_that_only_the_preview_has_read_can_be_given_another_sample(dashboard: Dashboard):
    preview = voice(has_sample=True, sample=Sample(engine="espeak", preview=True))
    heard = voice(has_sample=True, sample=Sample(engine="stock", preview=False))
    assert "sample by the preview" in card(dashboard, preview)
    assert 'data-action="read"' in card(dashboard, preview)
    assert 'data-action="read"' not in card(dashboard, heard)


def test_a_job_that_has_ended_cannot_be_cancelled_from_the_queue(dashboard: Dashboard):
    assert 'data-action="cancel"' in queue.table(dashboard, [job(JobState.RUNNING)])
    assert 'data-action="cancel"' not in queue.table(dashboard, [job(JobState.SUCCEEDED)])


@pytest.mark.parametrize(
    ("task", "request_", "said"),
    [
        ("custom_voice", {"text": "The tide."}, "The tide."),
        ("custom_voice", {}, "Text is not kept"),
        ("voice_clone", {"reference": ID}, "Text is not kept"),
        ("narration", {"source": ID}, "From a file"),
        ("codec_encode", {"audio": ID}, "From a file"),
    ],
)
def test_a_row_says_what_there_is_to_say(task: str, request_: dict[str, Any], said: str):
    assert job_rows.excerpt(job(JobState.SUCCEEDED, task=task, request=request_)) == said


def test_a_result_says_what_spoke_and_how(dashboard: Dashboard):
    done = {"duration_seconds": 4.07, "timings": {"real_time_factor": 0.3}}
    told = result.told(
        dashboard, job(JobState.SUCCEEDED, result=done, warnings=["It guessed the language."])
    )
    for said in (
        result.PREVIEW,
        "4.1 s",
        "3.3× faster",
        "0.30",
        'data-copy="7"',
        "It guessed the language.",
    ):
        assert said in told
    for format in recordings.DOWNLOADS:
        assert f'href="/audio/{ID}.{format}"' in told


def test_a_result_says_which_voice_spoke_and_how_alike_it_is(dashboard: Dashboard):
    voice = {"id": "old_sailor", "name": "Old <sailor>", "kind": "designed", "digest": "d"}
    spoken = [{"start": 0, "end": 1, "text": HOSTILE, "similarity": 0.61}]
    done = {"voice": voice | {"mode": "in_context"}, "similarity": 0.61, "segments": spoken}
    told = result.told(dashboard, job(JobState.SUCCEEDED, result=done))
    assert "Old &lt;sailor&gt;, in context" in told
    assert told.count("0.61") >= 2
    assert "<img" not in told


def test_a_result_offers_the_voice_that_was_kept_and_all_further_files(dashboard: Dashboard):
    take = {"number": 2, "seed": 8, "file": "candidate-2.wav", "duration_seconds": 1.5}
    take |= {"text": "One.", "language": "english", "description": "A warm alto."}
    names = ("audio.wav", "candidate-2.wav", "codes.npz")
    done = {"candidates": [take], "files": {name: {} for name in names}, "locked_as": "alto"}
    told = result.told(dashboard, job(JobState.SUCCEEDED, result=done))
    assert "candidate-2.wav" not in told  # it has a card of its own
    assert f'href="/file/{ID}/codes.npz"' in told
    assert 'href="/voice-clone?voice=alto"' in told


def test_a_failure_is_one_sentence_and_what_to_do(dashboard: Dashboard):
    error = {"message": "The engine broke.", "hint": "Try another seed.", "code": "engine_failed"}
    told = result.told(dashboard, job(JobState.FAILED, error=error))
    assert "The engine broke." in told
    assert "Try another seed." in told
    assert 'role="alert"' in told


def test_addresses_stand_under_the_path_of_a_reverse_proxy():
    dashboard = Dashboard(AsyncClient(), "/speech")
    assert dashboard.audio(ID) == f"/speech/audio/{ID}.wav"
    assert dashboard.page("custom_voice", ID) == f"/speech/?job={ID}"
