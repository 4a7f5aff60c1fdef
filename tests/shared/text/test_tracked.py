"""A text that remembers where its characters stood."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from shared.text.tracked import Edit, Tracked


def places(text: Tracked) -> list[tuple[int, int]]:
    return [*zip(text.starts, text.ends, strict=True)]


def test_edits_keep_the_places_of_what_stays_and_give_those_of_what_went():
    text = Tracked.of("a[b]cd").edited([Edit(1, 4), Edit(5, 6, "xy")])
    assert text.text == "acxy"
    assert places(text) == [(0, 1), (4, 5), (5, 6), (5, 6)]


def test_changes_add_up():
    text = Tracked.of("one  two").replaced(re.compile(" +"), lambda _: " ").part(2, 5)
    assert (text.text, places(text)) == ("e t", [(2, 3), (3, 5), (5, 6)])
    assert text.at(5) == 2


def test_a_letter_and_its_accent_become_one_that_stands_for_both():
    text = Tracked.of("xe\u0301y한").composed()
    assert text.text == "xéy한"
    assert places(text)[:3] == [(0, 1), (1, 3), (3, 4)]


@given(st.text(st.sampled_from("aeé\u0301\u0323ㅎ\u1112\u1161\u11ab語\u09c7\u09be "), max_size=12))
def test_composing_is_that_of_unicode_with_places_in_order(source: str):
    text = Tracked.of(source).composed()
    assert text.text == unicodedata.normalize("NFC", source)
    assert places(text) == sorted(places(text))
    assert len(text.text) == len(text.starts) == len(text.ends)
