"""The head of a safetensors file, read without the library: is it what it says, and no more?"""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_LENGTH = 8
"""Bytes of the number in front of the header."""
_LONGEST_HEADER = 100_000
_ABOUT = "__metadata__"

_Type = Literal[
    "BOOL", "U8", "I8", "U16", "I16", "F16", "BF16", "U32", "I32", "F32", "U64", "I64", "F64"
]
_Number = Annotated[int, Field(ge=0, lt=2**40)]


class _Tensor(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dtype: _Type
    shape: Annotated[list[_Number], Field(max_length=8)]
    data_offsets: tuple[_Number, _Number]

    @property
    def size(self) -> int:
        return _bits(self.dtype) // 8 * math.prod(self.shape)


_HEADER = TypeAdapter(dict[str, Any])
_METADATA = TypeAdapter(dict[str, str])
_TENSORS = TypeAdapter(dict[str, _Tensor])


def metadata(data: bytes) -> dict[str, str]:
    """What a safetensors file says of itself; its tensors fill it without gaps.

    Raises ValueError for what is no such file.
    """
    size = int.from_bytes(data[:_LENGTH], "little")
    if len(data) < _LENGTH or not 2 <= size <= min(_LONGEST_HEADER, len(data) - _LENGTH):
        raise ValueError("it has no header")
    try:
        header = _HEADER.validate_json(data[_LENGTH : _LENGTH + size])
        said = _METADATA.validate_python(header.pop(_ABOUT, {}))
        tensors = _TENSORS.validate_python(header)
    except ValidationError as error:
        raise ValueError("its header cannot be understood") from error
    end = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: tensor.data_offsets):
        if tensor.data_offsets != (end, end + tensor.size):
            raise ValueError("its tensors do not lie where its header says")
        end += tensor.size
    if end != len(data) - _LENGTH - size:
        raise ValueError("it is longer or shorter than its header says")
    return said


def _bits(dtype: str) -> int:
    """The name of a type ends with its width: F16, BF16."""
    return 8 if dtype == "BOOL" else int(dtype.lstrip("BFIU"))
