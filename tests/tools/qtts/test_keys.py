"""`qtts keys`, on a ring of the test's own."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shared.access.key import digest
from shared.access.ring import KeyRing
from tools.qtts import qtts

Type = Callable[..., Result]


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    path = tmp_path / "keys.json"
    monkeypatch.setenv("KEYS_FILE", str(path))
    return KeyRing(path)


def type_in(*arguments: str) -> Result:
    return CliRunner().invoke(qtts, ["keys", *arguments])


def test_a_key_is_printed_alone_and_its_hash_kept(ring: KeyRing):
    flags = ["--scopes", "voices,speak", "--rate", "60/min", "--jobs", "10", "--expires", "90d"]
    done = type_in("create", "--name", "phone", *flags)
    assert done.exit_code == 0, done.output
    secret = done.stdout.strip()
    (key,) = ring.all()
    assert key.sha256 == digest(secret)
    assert secret not in ring.path.read_text()
    assert (key.name, key.scopes, key.rate, key.jobs) == ("phone", ["speak", "voices"], 60, 10)
    assert key.expires
    assert (key.expires - key.created).days == 90


def test_it_is_shown_and_listed_without_the_key(ring: KeyRing):
    made = type_in("create", "--name", "phone").stdout.strip()
    for done in (type_in("list"), type_in("show", "phone")):
        assert re.search(rf"{ring.all()[0].id} +phone +speak +good", done.stdout)
    (shown,) = json.loads(type_in("list", "--json-output").stdout)
    assert shown == json.loads(type_in("show", shown["id"], "--json-output").stdout)
    assert shown["state"] == "good"
    assert not {made, digest(made)} & set(map(str, shown.values()))


def test_a_script_gets_the_key_with_what_is_known_of_it(ring: KeyRing):
    made = json.loads(type_in("create", "--name", "phone", "--json-output").stdout)
    assert made["id"] == ring.all()[0].id
    assert digest(made["key"]) == ring.all()[0].sha256


def test_the_first_key_says_what_changes_with_it(ring: KeyRing):
    assert "every request needs a key" in type_in("create", "--name", "a").stderr
    assert "every request" not in type_in("create", "--name", "b").stderr


def test_rotating_prints_another_and_revoking_ends_it(ring: KeyRing):
    first = type_in("create", "--name", "phone").stdout.strip()
    second = type_in("rotate", "phone").stdout.strip()
    assert ring.all()[0].sha256 == digest(second) != digest(first)
    assert "is revoked" in type_in("revoke", "phone").stderr
    assert ring.all()[0].disabled
    refused = type_in("rotate", "phone")
    assert (refused.exit_code, refused.stdout) == (1, "")


@pytest.mark.parametrize(
    "flags",
    [
        ["--scopes", "everything"],
        ["--scopes", ""],
        ["--rate", "0"],
        ["--rate", "60/s"],
        ["--jobs", "0"],
        ["--expires", "2020-01-01"],
        ["--expires", "soon"],
        ["--name", "a/b"],
        [],
    ],
    ids=" ".join,
)
def test_what_can_be_no_key_is_refused_and_nothing_kept(ring: KeyRing, flags: list[str]):
    named = ["--name", "phone"] if flags and "--name" not in flags else []
    done = type_in("create", *named, *flags)
    assert done.exit_code == 2
    assert ring.all() == []


def test_a_key_that_is_not_there_is_one_error(ring: KeyRing):
    done = type_in("revoke", "nobody")
    assert (done.exit_code, ring.all()) == (1, [])
    assert "unknown_key" in done.stderr
