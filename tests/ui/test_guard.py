"""Who may use the dashboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.access.scopes import SCOPES
from shared.binding import check_bind
from shared.errors import ConfigurationError
from shared.settings import load

Inside = Callable[..., TestClient]
OPEN: dict[str, Any] = {"gradio_host": "0.0.0.0", "api_keys": ["one", "two"]}


def test_on_loopback_nobody_is_asked(inside: Inside):
    assert inside().get("/").status_code == 200


def test_a_page_under_another_name_cannot_reach_it_on_loopback(inside: Inside):
    answer = inside("http://evil.example").get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_host")


def test_a_page_of_another_site_cannot_use_it(inside: Inside):
    answer = inside().get("/health-of-others", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/queue", "/own/player.js", "/gradio_api/info", "/config"])
def test_beyond_loopback_everything_asks_for_a_key(inside: Inside, path: str):
    answer = inside("http://speech.example", **OPEN).get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_any_key_of_the_service_lets_in(inside: Inside):
    ui = inside("http://speech.example", **OPEN)
    assert ui.get("/", auth=("anyone", "two")).status_code == 200
    assert ui.get("/", auth=("anyone", "three")).status_code == 401


@pytest.mark.parametrize(
    "sent", ["Basic", "Basic !!!", "Basic \xe9\xe9", "Bearer one", "Basic b25l"]
)
def test_what_is_no_password_does_not_let_in(inside: Inside, sent: str):
    ui = inside("http://speech.example", **OPEN)
    headers = [(b"Authorization", sent.encode("latin-1"))]
    assert ui.get("/", headers=headers).status_code == 401


def test_a_name_that_a_reverse_proxy_passes_on_asks_too(inside: Inside):
    ui = inside("http://speech.example", api_keys=["one"], allowed_hosts=["speech.example"])
    assert ui.get("/").status_code == 401
    assert ui.get("/", auth=("anyone", "one")).status_code == 200


def test_with_a_password_a_page_of_another_site_still_cannot_use_it(inside: Inside):
    ui = inside("http://speech.example", **OPEN)
    headers = {"Origin": "http://evil.example"}
    assert ui.get("/", auth=("anyone", "one"), headers=headers).status_code == 403


def test_whether_it_lives_can_be_asked_without_a_key(inside: Inside):
    assert inside("http://speech.example", **OPEN).get("/health").json() == {"status": "ok"}


def test_whether_it_lives_can_be_asked_under_the_path_of_a_reverse_proxy(inside: Inside):
    ui = inside("http://speech.example", **OPEN, gradio_root_path="/speech")
    assert ui.get("/speech/health").json() == {"status": "ok"}
    assert ui.get("/speech/queue").status_code == 401


def test_it_does_not_listen_beyond_loopback_unprotected():
    with pytest.raises(ConfigurationError, match=r"GRADIO_HOST is 0\.0\.0\.0"):
        check_bind(load(gradio_host="0.0.0.0"), "gradio_host")


def test_a_key_of_the_ring_lets_in_whoever_may_do_everything(inside: Inside, tmp_path: Path):
    ring = KeyRing(tmp_path / "keys.json")
    house, whole = Key.draw("house", list(SCOPES))
    phone, part = Key.draw("phone", ["speak", "voices"])
    ring.add(house)
    ring.add(phone)
    ui = inside("http://speech.example", gradio_host="0.0.0.0", keys_file=str(ring.path))
    assert ui.get("/").status_code == 401
    assert ui.get("/", auth=("anyone", part)).status_code == 401
    assert ui.get("/", auth=("anyone", whole)).status_code == 200
