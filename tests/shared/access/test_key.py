"""Keys as they are drawn and kept."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from shared.access.key import PREFIX, Key, digest
from shared.errors import Conflict

NOW = datetime.now(UTC)


def test_a_key_is_256_random_bits_behind_a_prefix_and_only_its_hash_is_kept():
    key, secret = Key.draw("phone", ["speak"])
    assert secret.startswith(PREFIX)
    assert len(secret) - len(PREFIX) == 43  # 256 bits, six a letter
    assert key.sha256 == digest(secret)
    assert secret not in key.model_dump_json()


def test_no_two_are_alike():
    drawn = [Key.draw("phone", ["speak"]) for _ in range(20)]
    assert len({secret for _, secret in drawn}) == len({key.id for key, _ in drawn}) == 20


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "good"),
        ({"expires": NOW + timedelta(hours=1)}, "good"),
        ({"expires": NOW}, "expired"),
        ({"disabled": True, "expires": NOW}, "revoked"),
    ],
    ids=["new", "in time", "late", "revoked"],
)
def test_a_key_says_whether_it_is_good(change: dict[str, object], state: str):
    key, _ = Key.draw("phone", ["speak"], **change)
    assert key.state(NOW) == state


def test_another_secret_leaves_the_rest_of_it():
    key, secret = Key.draw("phone", ["speak", "admin"], rate=60)
    fresh, other = key.redrawn()
    assert fresh.sha256 == digest(other) != digest(secret)
    assert fresh == key.model_copy(update={"sha256": fresh.sha256})


def test_what_is_revoked_gets_no_other_secret():
    key, _ = Key.draw("phone", ["speak"], disabled=True)
    with pytest.raises(Conflict, match="revoked"):
        key.redrawn()


@pytest.mark.parametrize(
    ("name", "limits"),
    [("", {}), (" x", {}), ("a\nb", {}), ("a/b", {}), ("x" * 65, {}), ("x", {"rate": 0})],
)
def test_what_can_be_no_key_is_refused(name: str, limits: dict[str, object]):
    with pytest.raises(ValidationError):
        Key.draw(name, ["speak"], **limits)


def test_a_key_is_good_for_something():
    with pytest.raises(ValidationError):
        Key.draw("phone", [])
