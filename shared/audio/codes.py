"""Sound as the codec writes it: frames of codes, and the files that hold them."""

import io
import json
import math
import zipfile
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from shared import zips
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import AudioTooLong, UnreadableCodes

CODEC = "qwen3-tts-tokenizer-12hz"
"""The codec of all 12 Hz checkpoints."""
STAND_IN = "preview"
"""What the preview engine has in its place: codes of the same shape, and of another meaning."""
FRAME_RATE = 12.5
"""Codec frames per second of the 12 Hz checkpoints."""
FRAME_SAMPLES = round(SAMPLE_RATE / FRAME_RATE)
"""Samples that one codec frame stands for: 1,920."""
CODEBOOKS = 16
"""Codes per frame."""
CODES = 2048
"""Codes that a codebook has."""
Codes = NDArray[np.uint16]
"""Sound as the codec writes it, [frames, CODEBOOKS]."""

_CODES = "codes"
_FORMAT = "qwen3-tts-codes/1"
_FACTS: dict[str, Any] = {
    "format": _FORMAT,
    "codec": CODEC,
    "frame_rate": FRAME_RATE,
    "sample_rate": SAMPLE_RATE,
    "codebooks": CODEBOOKS,
    "codebook_size": CODES,
}
"""What a file says beside its codes, and must say to be read; the codec may be the stand-in."""
_ZIP = b"PK\x03\x04"
_NPY = ".npy"
_MOST_ENTRIES = 16
"""More than a file has, so that one too many is refused by its name."""
_HEADER = 1_024
"""Bytes of the header of an array; numpy writes 128 or so."""
_SPARE = 64 * 1_024
"""Bytes that a file may hold beside its codes."""
_PER_CODE = 32
"""Bytes that a code may take: of 8 as int64, or a line of indented JSON."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The two that numpy writes."""
_ROWS = TypeAdapter(list[list[int]])


@dataclass(frozen=True, eq=False)
class Tokens:
    """The codes of a piece of sound, and what they are codes of."""

    codes: Codes
    codec: str = CODEC

    @property
    def seconds(self) -> float:
        return len(self.codes) / FRAME_RATE


def dump_npz(tokens: Tokens) -> bytes:
    """As numpy keeps arrays, uncompressed. Equal codes make equal bytes."""
    file = io.BytesIO()
    arrays = {_CODES: np.ascontiguousarray(tokens.codes, "<u2"), **_facts(tokens)}
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def dump_json(tokens: Tokens) -> bytes:
    """As JSON, a frame a line. Equal codes make equal bytes."""
    facts = "".join(f' "{name}": {json.dumps(value)},\n' for name, value in _facts(tokens).items())
    rows = ",\n".join(f"  {json.dumps(row)}" for row in tokens.codes.tolist())
    return f'{{\n{facts} "{_CODES}": [\n{rows}\n ]\n}}\n'.encode()


def loads(data: bytes, longest: float) -> Tokens:
    """The codes in what `dump_npz` or `dump_json` made, of at most `longest` seconds.

    Nothing is unpacked before its size is known. Raises UnreadableCodes and AudioTooLong.
    """
    most = _frames(longest)
    if len(data) > largest(longest):
        raise AudioTooLong(
            f"The file is larger than codes of {longest:g} seconds can be.", param=_CODES
        )
    array, codec = _read_npz(data, most) if data.startswith(_ZIP) else _read_json(data)
    _require_shape(array.shape, most)
    if array.min() < 0 or array.max() >= CODES:
        raise _unreadable(f"The codes are not all between 0 and {CODES - 1}.")
    return Tokens(np.ascontiguousarray(array, np.uint16), codec)


def largest(longest: float) -> int:
    """Bytes that a file of `longest` seconds may have."""
    return _SPARE + _frames(longest) * CODEBOOKS * _PER_CODE


def _frames(seconds: float) -> int:
    return math.floor(seconds * FRAME_RATE)


def _facts(tokens: Tokens) -> dict[str, Any]:
    return {**_FACTS, "codec": tokens.codec}


def _read_json(data: bytes) -> tuple[NDArray[Any], str]:
    try:
        found: Any = from_json(data)
    except ValueError as error:
        raise _unreadable("The file is neither NPZ nor JSON.") from error
    if not isinstance(found, dict):
        raise _unreadable("The file is not a JSON object.")
    facts = dict(cast(dict[str, Any], found))
    _require_names(facts.keys())
    rows = facts.pop(_CODES)
    codec = _codec(facts)
    try:
        # Ragged rows raise ValueError, and numbers beyond 64 bits are refused by their type.
        return _integers(np.array(_ROWS.validate_python(rows, strict=True))), codec
    except (ValidationError, ValueError) as error:
        raise _unreadable(f"{_CODES} is not a list of frames of {CODEBOOKS} codes.") from error


def _read_npz(data: bytes, most: int) -> tuple[NDArray[Any], str]:
    try:
        with zips.opened(io.BytesIO(data), _MOST_ENTRIES) as archive:
            entries = archive.infolist()
            _require_names([entry.filename.removesuffix(_NPY) for entry in entries])
            arrays = {
                entry.filename.removesuffix(_NPY): _read_entry(archive, entry, most)
                for entry in entries
            }
    except zips.FAULTS as error:
        raise _unreadable("The NPZ file is damaged, or numpy did not write it.") from error
    codes = arrays.pop(_CODES)
    return _integers(codes), _codec({name: array.item() for name, array in arrays.items()})


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> NDArray[Any]:
    """An array of a known size. Its header, which is short, says how much there is to unpack."""
    if entry.compress_type not in _COMPRESSIONS:
        raise ValueError("another compression")
    with archive.open(entry) as file:
        start = file.read(_HEADER)
        header = io.BytesIO(start)
        # numpy writes the first version unless a header is longer than 64 KiB.
        if np.lib.format.read_magic(header) != (1, 0):
            raise ValueError("another version")
        shape, _, dtype = np.lib.format.read_array_header_1_0(header, max_header_size=_HEADER)
        if entry.filename == _CODES + _NPY:
            _require_shape(shape, most)
        elif shape != ():
            raise ValueError("not a scalar")
        size = header.tell() + dtype.itemsize * math.prod(shape)
        if dtype.hasobject or dtype.itemsize > _HEADER or size != entry.file_size:
            raise ValueError("another size")
        # To the end and no further: only there is the checksum looked at.
        whole = io.BytesIO(start + file.read())
    return np.lib.format.read_array(whole, allow_pickle=False)


def _require_names(names: Any) -> None:
    wanted = [_CODES, *_FACTS]
    if sorted(names) != sorted(wanted):
        raise _unreadable(f"The file must hold {', '.join(wanted)}, and nothing else.")


def _codec(facts: dict[str, Any]) -> str:
    """What they are codes of, when all else is as it must be."""
    codec = STAND_IN if facts["codec"] == STAND_IN else CODEC
    for name, wanted in {**_FACTS, "codec": codec}.items():
        if facts[name] != wanted:
            raise _unreadable(f"{name} is not {wanted}, the only one that is read.")
    return codec


def _require_shape(shape: tuple[int, ...], most: int) -> None:
    if len(shape) != 2 or shape[0] < 1 or shape[1] != CODEBOOKS:
        raise _unreadable(
            f"{_CODES} must be at least one frame of {CODEBOOKS} codes; its shape is {shape}."
        )
    if shape[0] > most:
        raise AudioTooLong(
            f"The codes are of {shape[0] / FRAME_RATE:.1f} seconds; at most "
            f"{most / FRAME_RATE:g} are taken.",
            param=_CODES,
        )


def _integers(array: NDArray[Any]) -> NDArray[Any]:
    if array.size and array.dtype.kind not in "iu":
        raise _unreadable(f"{_CODES} must be whole numbers.")
    return array


def _unreadable(message: str) -> UnreadableCodes:
    return UnreadableCodes(message, param=_CODES)
