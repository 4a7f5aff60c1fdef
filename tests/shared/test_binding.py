"""The rules about who may reach what listens here."""

from pathlib import Path
from typing import Any

import pytest

from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.binding import check_bind, check_names, exposed, name_of
from shared.errors import ConfigurationError, ForbiddenHost
from shared.settings import load


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_keys(host: str):
    check_bind(load(host=host), "host")


@pytest.mark.parametrize("setting", ["host", "gradio_host"])
def test_beyond_loopback_keys_are_needed(setting: str):
    with pytest.raises(ConfigurationError, match=f"{setting.upper()} is 0.0.0.0") as raised:
        check_bind(load(**{setting: "0.0.0.0"}), setting)  # pyright: ignore[reportArgumentType]
    assert "API_KEYS" in (raised.value.next_step or "")


def test_keys_or_an_explicit_word_open_it():
    check_bind(load(host="0.0.0.0", api_keys=["key"]), "host")
    check_bind(load(host="0.0.0.0", insecure_bind=True), "host")


def test_a_key_on_the_ring_opens_it_and_a_damaged_ring_does_not(tmp_path: Path):
    settings = load(host="0.0.0.0", keys_file=str(tmp_path / "keys.json"))
    with pytest.raises(ConfigurationError, match="no API keys"):
        check_bind(settings, "host")
    key, _ = Key.draw("phone", ["speak"])
    KeyRing(settings.key_ring).add(key)
    check_bind(settings, "host")
    settings.key_ring.write_text("{")
    with pytest.raises(ConfigurationError, match="damaged"):
        check_bind(settings, "host")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "0.0.0.0", "api_keys": ["key"]}, True),
        ({"host": "0.0.0.0", "insecure_bind": True}, False),
    ],
    ids=str,
)
def test_what_others_reach_is_open_to_nobody_without_a_key(values: dict[str, Any], found: bool):
    settings = load(**values)
    assert exposed(settings, settings.host) is found


def test_pages_that_are_named_may_come():
    headers = {"host": "localhost", "origin": "https://app.example"}
    check_names(load(), "127.0.0.1", headers, ["https://app.example"])
    with pytest.raises(ForbiddenHost, match="Pages"):
        check_names(load(), "127.0.0.1", headers, ["http://app.example"])


def test_a_foreign_name_or_page_is_refused_on_loopback():
    settings = load()
    check_names(settings, "127.0.0.1", {"host": "localhost:8000"})
    with pytest.raises(ForbiddenHost):
        check_names(settings, "127.0.0.1", {"host": "evil.example"})
    with pytest.raises(ForbiddenHost):
        check_names(settings, "127.0.0.1", {"host": "localhost", "origin": "http://evil.example"})


def test_any_name_goes_beyond_loopback():
    check_names(load(), "0.0.0.0", {"host": "speech.example"})


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("//localhost:8000", "localhost"),
        ("http://[::1]:7860", "[::1]"),
        ("//[broken", ""),
        ("null", ""),
    ],
)
def test_the_name_in_an_address_is_found(address: str, name: str):
    assert name_of(address) == name


@pytest.mark.parametrize("name", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_may_always_ask_but_pages_on_it_only_if_they_are_named(name: str):
    settings = load(allowed_hosts=["speech.example"])
    check_names(settings, "0.0.0.0", {"host": name, "origin": "https://speech.example"})
    with pytest.raises(ForbiddenHost, match="Pages"):
        check_names(settings, "0.0.0.0", {"host": name, "origin": f"http://{name}"})
