"""A bounded cache: what it keeps, what goes first, and what it counts."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.readings import CacheStats
from worker.engine.caching import Cache


def cache(max_bytes: int = 100, max_entries: int = 10) -> Cache[str, bytes]:
    return Cache(len, max_bytes=max_bytes, max_entries=max_entries)


def never() -> bytes:
    raise AssertionError


def test_a_value_is_made_once():
    held = cache()
    assert held.get("a", lambda: b"one") == b"one"
    assert held.get("a", never) == b"one"
    assert held.stats == CacheStats(entries=1, nbytes=3, max_nbytes=100, hits=1, misses=1)


def test_the_least_recently_used_makes_room():
    held = cache(max_entries=2)
    held.put("a", b"1")
    held.put("b", b"2")
    held.get("a", never)
    held.put("c", b"3")
    assert [held.find(key) for key in "abc"] == [b"1", None, b"3"]


def test_finding_is_a_use():
    held = cache(max_entries=2)
    held.put("a", b"1")
    held.put("b", b"2")
    assert held.find("a") == b"1"
    assert held.find("z") is None
    assert (held.stats.hits, held.stats.misses) == (1, 1)
    held.put("c", b"3")
    assert held.find("b") is None


def test_bytes_are_bounded():
    held = cache(max_bytes=10)
    for key in "abc":
        held.put(key, bytes(4))
    assert held.find("a") is None
    assert (held.stats.entries, held.stats.nbytes) == (2, 8)


def test_a_value_larger_than_the_cache_is_handed_over_but_not_kept():
    held = cache(max_bytes=10)
    held.put("small", bytes(4))
    assert held.get("large", lambda: bytes(11)) == bytes(11)
    assert held.find("large") is None
    assert held.find("small") == bytes(4)


def test_a_new_value_takes_the_place_of_the_old():
    held = cache()
    held.put("a", bytes(8))
    held.put("a", bytes(3))
    assert held.find("a") == bytes(3)
    assert (held.stats.entries, held.stats.nbytes) == (1, 3)


def test_a_bound_of_zero_turns_it_off():
    for held in (cache(max_bytes=0), cache(max_entries=0)):
        assert held.get("a", lambda: b"") == b""
        assert held.stats == CacheStats(entries=0, nbytes=0, max_nbytes=0, hits=0, misses=1)
        assert held.find("a") is None


def test_clearing_forgets_entries_but_not_counts():
    held = cache()
    held.get("a", lambda: b"one")
    held.get("a", never)
    held.clear()
    assert held.stats == CacheStats(entries=0, nbytes=0, max_nbytes=100, hits=1, misses=1)
    assert held.find("a") is None


def test_what_cannot_be_made_is_not_kept():
    held = cache()
    with pytest.raises(AssertionError):
        held.get("a", never)
    assert held.stats.entries == 0
    assert held.get("a", lambda: b"now") == b"now"


def test_a_cache_can_be_asked_while_a_value_is_made():
    held = cache()
    held.get("outer", lambda: held.get("inner", lambda: b"in") + b"out")
    assert held.find("outer") == b"inout"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 8))))
def test_no_bound_is_ever_passed(puts: list[tuple[str, int]]):
    held = cache(max_bytes=12, max_entries=3)
    for key, size in puts:
        held.put(key, bytes(size))
        kept = [value for name in "abcdef" if (value := held.find(name)) is not None]
        assert held.stats.entries == len(kept) <= 3
        assert held.stats.nbytes == sum(map(len, kept)) <= 12


def test_threads_share_it():
    held = cache(max_bytes=30, max_entries=5)
    together(lambda n: [held.get(f"{turn * n % 9}", lambda: bytes(5)) for turn in range(500)])
    stats = held.stats
    assert stats.hits + stats.misses == 8 * 500
    assert stats.entries == 5
    assert stats.nbytes == 25


def together(work: Callable[[int], Any]) -> None:
    threads = [threading.Thread(target=work, args=(number + 1,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
