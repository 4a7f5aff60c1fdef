import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stores.yaml_record import dumps, loads

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(-1e300, 1e300) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), _PLAIN, max_size=4))
def test_what_is_written_is_read_as_it_was(fields: dict[str, Any]):
    assert loads(dumps(fields)) == fields


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("no", "no"),
        (".inf", ".inf"),
        ("", None),
        ("-3", -3),
        ("1.5", 1.5),
        ("true", True),
    ],
)
def test_what_a_person_writes_is_what_it_looks_like(text: str, value: object):
    assert loads(f"a: {text}".encode()) == {"a": value}


HOSTILE = [
    "!!bool foo",
    "!!int ''",
    "!!float x",
    "!!timestamp x",
    "!!binary x",
    "!!python/object:os.system {}",
    "! x",
    "a: &a [x]\nb: *a",
    "[" * 2_000,
    "1" * 5_000,
    "1.0e+999",
    '"\\ud800"',
    "? [a]\n: b",
    "{",
    "\0",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:10])
def test_what_is_more_than_a_record_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is YAML's affair
        loads(text.encode())


@given(
    st.text(alphabet="!:-?[]{}&*<=>|'\"%@#,\n\t ~01.:eaxbint_", max_size=40)
    | st.binary(max_size=40)
)
def test_whatever_it_says_json_could_say_too(text: str | bytes):
    try:
        found = loads(text.encode() if isinstance(text, str) else text)
    except ValueError:
        return
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
