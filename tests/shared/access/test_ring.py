"""The file of the keys."""

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.errors import ConfigurationError, Conflict, UnknownKey


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "folder" / "keys.json")


def added(ring: KeyRing, name: str) -> Key:
    key, _ = Key.draw(name, ["speak"])
    ring.add(key)
    return key


def test_a_ring_that_nobody_has_made_is_empty(ring: KeyRing):
    assert ring.all() == []
    assert ring.signature() is None


def test_keys_come_back_as_they_were(ring: KeyRing):
    keys = [added(ring, name) for name in ("phone", "Büro 2")]
    assert KeyRing(ring.path).all() == keys
    assert ring.find("phone") == ring.find(keys[0].id) == keys[0]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
def test_its_owner_alone_can_read_it_whatever_the_umask(ring: KeyRing):
    before = os.umask(0)
    try:
        added(ring, "phone")
    finally:
        os.umask(before)
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_every_change_is_seen_by_the_signature(ring: KeyRing):
    key = added(ring, "phone")
    before = ring.signature()
    ring.change(key.id, lambda key: key)
    assert ring.signature() != before


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
def test_a_file_that_can_be_read_again_is_seen_too(ring: KeyRing):
    """Somebody else made a key, and gave the file back to the service afterwards."""
    added(ring, "phone")
    before = ring.signature()
    ring.path.chmod(0o640)
    assert ring.signature() != before


def test_changes_at_the_same_time_are_all_kept(ring: KeyRing):
    names = [f"key {number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: added(KeyRing(ring.path), name), names))
    assert sorted(key.name for key in ring.all()) == sorted(names)
    assert {path.name for path in ring.path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}


def test_a_name_is_one_keys_until_it_is_revoked(ring: KeyRing):
    first = added(ring, "phone")
    with pytest.raises(Conflict, match="phone"):
        added(ring, "phone")
    ring.change("phone", lambda key: key.model_copy(update={"disabled": True}))
    second = added(ring, "phone")
    assert ring.find("phone") == second
    assert ring.find(first.id).disabled


def test_a_key_that_is_not_there_is_said(ring: KeyRing):
    with pytest.raises(UnknownKey, match="nobody"):
        ring.find("nobody")
    with pytest.raises(UnknownKey):
        ring.change("nobody", lambda key: key)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2, "keys": []}', '{"keys": [{"id": "x"}]}', "\xff"]
)
def test_what_is_no_ring_names_its_file_and_nothing_in_it(ring: KeyRing, content: str):
    ring.path.parent.mkdir()
    ring.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="damaged") as raised:
        ring.all()
    assert str(ring.path) in raised.value.message
    with pytest.raises(ConfigurationError):
        added(ring, "phone")
    assert ring.path.read_bytes() == content.encode("latin-1")
