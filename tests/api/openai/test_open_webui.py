"""Open WebUI's requests, one after the other, as its `routers/audio.py` sends them."""

import json
from typing import Any

import httpx
import pytest

from tests.api.openai.conftest import KEY
from tests.shared.audio.hearing import hear

ADMIN = {"model": "gpt-4o-mini-tts", "voice": "nova"}
PARAMS: dict[str, Any] = {"speed": 1.2, "language": "English", "made_up": True}
"""`TTS_OPENAI_PARAMS`, which the administrator wrote down."""


@pytest.fixture
def web_ui(kept_stack) -> httpx.Client:
    """It sends its key with speech alone."""
    return kept_stack.http(timeout=60.0)


def test_voices_and_models_are_asked_for_without_a_key(web_ui):
    voices = web_ui.get("/v1/audio/voices").json()["voices"]
    named = {voice["id"]: voice["name"] for voice in voices}
    assert named["nova"] == "Nova"
    models = web_ui.get("/v1/audio/models").json()
    assert ADMIN["model"] in [model["id"] for model in models["models"]]
    assert web_ui.get("/v1/jobs").status_code == 401


def test_each_sentence_is_sent_by_itself_and_read_whole(web_ui, kept):
    for sentence in ("The lamp turned.", "Ten seconds; ten seconds."):
        answer = web_ui.post(
            "/v1/audio/speech",
            json={**ADMIN, "input": sentence, **PARAMS},
            headers={
                "Authorization": f"Bearer {KEY}",
                "X-OpenWebUI-User-Name": "Anna",
                "X-OpenWebUI-User-Id": "1",
            },
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert "made_up" in " ".join(json.loads(answer.headers["X-TTS-Warnings"]))
        assert len(hear(answer.content).samples)


def test_what_it_shows_of_a_fault_is_the_message(web_ui, kept):
    answer = web_ui.post(
        "/v1/audio/speech",
        json={**ADMIN, "input": "Hello.", "voice": "nobody"},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert answer.json()["error"]["message"] == "There is no voice 'nobody'."
