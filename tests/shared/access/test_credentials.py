"""Which keys open the service."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.access import credentials
from shared.access.credentials import Credentials, Grant
from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.access.scopes import EVERY
from shared.errors import ConfigurationError, Unauthorized
from shared.settings import Settings, load

Made = Callable[..., tuple[Settings, KeyRing]]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Settings with a ring of their own, at which every question looks."""
    monkeypatch.setattr(credentials, "_LOOK_EVERY", 0.0)

    def make(**values: Any) -> tuple[Settings, KeyRing]:
        settings = load(run_dir=tmp_path, **values)
        return settings, KeyRing(settings.key_ring)

    return make


def drawn(ring: KeyRing, **limits: object) -> tuple[Key, str]:
    key, secret = Key.draw("phone", ["speak", "voices"], **limits)
    ring.add(key)
    return key, secret


def test_a_key_of_the_settings_opens_everything(made: Made):
    known = Credentials(made(api_keys=["first", "second"])[0])
    assert known.any
    grant = known.find("second")
    assert grant.scopes == EVERY
    assert grant.rate is grant.jobs is None
    assert grant.client.startswith("key-")
    assert grant.client != known.find("first").client


def test_a_key_of_the_ring_opens_what_it_is_for(made: Made):
    settings, ring = made()
    key, secret = drawn(ring, rate=60, jobs=3)
    known = Credentials(settings)
    client = f"key-{key.id}"
    assert known.find(secret) == Grant(client, frozenset({"speak", "voices"}), 60, 3)
    assert known.jobs(client) == 3
    assert known.of(client) == known.find(secret)


@pytest.mark.parametrize("secret", ["", "firs", "first ", "qtts_", "\xff"])
def test_anything_else_opens_nothing(made: Made, secret: str):
    settings, ring = made(api_keys=["first"])
    drawn(ring)
    with pytest.raises(Unauthorized, match="missing or wrong"):
        Credentials(settings).find(secret)


def test_a_change_of_the_ring_is_seen_while_it_is_read(made: Made):
    settings, ring = made()
    known = Credentials(settings)
    assert not known.any
    key, secret = drawn(ring)
    assert known.any
    known.find(secret)
    ring.change(key.id, lambda key: key.model_copy(update={"disabled": True}))
    with pytest.raises(Unauthorized, match="'phone' is revoked"):
        known.find(secret)


def test_rotating_replaces_the_secret_and_not_the_client(made: Made):
    settings, ring = made()
    key, old = drawn(ring)
    known = Credentials(settings)
    fresh, new = key.redrawn()
    before = known.find(old).client
    ring.change(key.id, lambda _: fresh)
    assert known.find(new).client == before
    with pytest.raises(Unauthorized):
        known.find(old)


def test_taking_the_ring_away_opens_nothing(made: Made):
    settings, ring = made()
    _, secret = drawn(ring)
    known = Credentials(settings)
    assert known.any
    ring.path.unlink()
    assert known.any
    with pytest.raises(Unauthorized):
        known.find(secret)


def test_who_was_let_in_before_is_good_for_nothing_once_the_key_is_gone(made: Made):
    """What they opened may be open still; nobody may do more by it than at first."""
    settings, ring = made(api_keys=["first"])
    key, secret = drawn(ring, jobs=3)
    known = Credentials(settings)
    ours = known.find("first")
    assert known.of(ours.client) == ours
    assert known.of(known.find(secret).client).jobs == 3
    ring.path.unlink()
    for client in (f"key-{key.id}", "key-", "address-127.0.0.1"):
        with pytest.raises(Unauthorized):
            known.of(client)


def test_who_came_without_a_key_needs_one_from_the_first_one_on(made: Made):
    settings, ring = made()
    known = Credentials(settings)
    nobody = "address-127.0.0.1"
    assert known.of(nobody) == Grant(nobody, EVERY)
    assert known.jobs(nobody) is None
    drawn(ring)
    with pytest.raises(Unauthorized):
        known.of(nobody)


def test_the_key_of_a_run_opens_everything_and_makes_nobody_else_need_one(made: Made):
    settings, ring = made(run_key="of-this-run")
    known = Credentials(settings)
    assert not known.any
    drawn(ring)
    assert known.any
    grant = known.find("of-this-run")
    assert grant.scopes == EVERY
    assert known.of(grant.client) == grant


def test_a_ring_that_is_damaged_later_leaves_the_keys_as_they_were(
    made: Made, caplog: pytest.LogCaptureFixture
):
    settings, ring = made()
    _, secret = drawn(ring)
    known = Credentials(settings)
    ring.path.write_text("{")
    known.find(secret)
    known.find(secret)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_ring_that_cannot_be_looked_at_is_said_once(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    settings, ring = made()
    _, secret = drawn(ring)
    known = Credentials(settings)

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    for _ in range(3):
        known.find(secret)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_ring_that_is_damaged_from_the_start_is_a_setting_that_cannot_be_met(made: Made):
    settings, ring = made()
    ring.path.write_text("{")
    with pytest.raises(ConfigurationError, match="damaged"):
        Credentials(settings)
