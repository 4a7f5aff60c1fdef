import json
import struct
from typing import Any

import pytest

from shared.voices.tensors import metadata


def file(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(start: int, end: int, dtype: str = "F32", **changes: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - start) // 4], "data_offsets": [start, end], **changes}


def test_a_file_says_what_it_says_of_itself():
    header = {"__metadata__": {"checkpoint": "0.6B-Base"}, "b": tensor(8, 12), "a": tensor(0, 8)}
    assert metadata(file(header, bytes(12))) == {"checkpoint": "0.6B-Base"}


@pytest.mark.parametrize(
    ("dtype", "size"), [("BOOL", 1), ("U8", 1), ("BF16", 2), ("F16", 2), ("I64", 8), ("F64", 8)]
)
def test_every_type_has_its_width(dtype: str, size: int):
    header = {"a": tensor(0, 3 * size, dtype, shape=[3])}
    assert metadata(file(header, bytes(3 * size))) == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\3\4 a zip file",
        struct.pack("<Q", 2**63) + b"{}",
        file(b"[]"),
        file(b"{" * 50_000),
        file(b"\xff\xfe"),
        file({"a": 1}),
        file({"__metadata__": {"a": 1}}),
        file({"a": tensor(0, 8)}, bytes(4)),
        file({"a": tensor(0, 8)}, bytes(12)),
        file({"a": tensor(4, 8)}, bytes(8)),
        file({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12)),
        file({"a": tensor(0, 8, shape=[3])}, bytes(8)),
        file({"a": tensor(0, 8, "C64")}, bytes(8)),
        file({"a": tensor(0, 8, shape=[-2])}, bytes(8)),
        file({"a": tensor(0, 8, extra=1)}, bytes(8)),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes):
    with pytest.raises(ValueError, match=r"^it"):
        metadata(data)
