"""What a worker measures, added up and sent."""

import json

from pydantic import TypeAdapter

from shared.readings import CacheStats

STATS = TypeAdapter(CacheStats)


def test_hit_rate_is_the_share_of_look_ups_that_found_something() -> None:
    assert CacheStats(1, 1, 1, hits=3, misses=1).hit_rate == 0.75


def test_hit_rate_is_unknown_before_the_first_look_up() -> None:
    assert CacheStats(0, 0, 1, hits=0, misses=0).hit_rate is None


def test_two_caches_add_up() -> None:
    assert CacheStats(1, 2, 3, 4, 5) + CacheStats(10, 20, 30, 40, 50) == CacheStats(
        11, 22, 33, 44, 55
    )


def test_stats_are_read_as_they_were_sent_with_their_hit_rate() -> None:
    stats = CacheStats(1, 2, 3, 1, 1)
    sent = STATS.dump_json(stats)
    assert json.loads(sent)["hit_rate"] == 0.5
    assert STATS.validate_json(sent) == stats
