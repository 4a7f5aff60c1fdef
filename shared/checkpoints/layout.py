"""The layout of a Qwen3-TTS folder, and what can be told of it without hashing or torch."""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from shared.checkpoints.catalogue import Kind, Size

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
SPEECH_TOKENIZER = "speech_tokenizer"

_SETTLED = (
    CONFIG,
    "generation_config.json",
    "tokenizer_config.json",
    f"{SPEECH_TOKENIZER}/{CONFIG}",
    f"{SPEECH_TOKENIZER}/preprocessor_config.json",
)
_FAST_TOKENIZER = "tokenizer.json"
_SLOW_TOKENIZER = ("vocab.json", "merges.txt")
_SIZES: dict[str, Size] = {"0b6": "0.6B", "1b7": "1.7B"}
_KINDS: dict[str, Kind] = {kind: kind for kind in ("custom_voice", "voice_design", "base")}
FILE_PATTERN = (
    r"^([A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*\.(json|txt|safetensors|model)$"
)
"""A path inside a checkpoint: at most one folder deep, never absolute, never upwards."""
_MAX_HEADER = 100_000_000
"""Bytes; the limit of the safetensors library itself."""


@dataclass(frozen=True)
class Identity:
    """What a checkpoint says it is."""

    kind: Kind
    size: Size


def identify(folder: Path) -> Identity | None:
    """What `folder` says it is, or None if that is no Qwen3-TTS checkpoint we know."""
    config = _json_object(folder / CONFIG) or {}
    kind = _KINDS.get(str(config.get("tts_model_type")))
    size = _SIZES.get(str(config.get("tts_model_size")))
    return Identity(kind, size) if kind and size else None


def required(folder: Path) -> list[str]:
    """The files without which the checkpoint in `folder` cannot be loaded."""
    tokenizer = (_FAST_TOKENIZER,) if (folder / _FAST_TOKENIZER).is_file() else _SLOW_TOKENIZER
    return [*_SETTLED, *tokenizer, *weights(folder), f"{SPEECH_TOKENIZER}/{WEIGHTS}"]


def intact(path: Path) -> bool:
    """Whether the file can be read and is whole as far as its structure tells."""
    if path.suffix == ".json":
        return _json_object(path) is not None
    try:
        return _safetensors_whole(path) if path.suffix == ".safetensors" else _filled(path)
    except OSError:
        return False


def elements(path: Path) -> dict[str, int]:
    """How many numbers each tensor of a safetensors file holds, by its header alone."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header: dict[str, Any] = json.loads(file.read(length))
    return {name: math.prod(held["shape"]) for name, held in header.items() if name[:2] != "__"}


def weights(folder: Path) -> list[str]:
    """The weight files: one, or the shards that an index names."""
    index = _json_object(folder / f"{WEIGHTS}.index.json") or {}
    shards = index.get("weight_map")
    if not isinstance(shards, dict):
        return [WEIGHTS]
    names = {str(name) for name in cast(dict[str, Any], shards).values()}
    return sorted(name for name in names if PurePosixPath(name).name == name) or [WEIGHTS]


def _json_object(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def _filled(path: Path) -> bool:
    return path.stat().st_size > 0


def _safetensors_whole(path: Path) -> bool:
    """Whether the header can be read and the file ends where the last tensor does.

    Format: u64 little-endian header length, JSON header, tensors
    (https://huggingface.co/docs/safetensors/index#format).
    """
    nbytes = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(8)
        if len(prefix) < 8:
            return False
        length: int = struct.unpack("<Q", prefix)[0]
        if length > min(_MAX_HEADER, nbytes - 8):
            return False
        end = _last_offset(file.read(length))
    return end is not None and 8 + length + end == nbytes


def _last_offset(header: bytes) -> int | None:
    try:
        tensors = json.loads(header)
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name[:2] != "__"]
        return max(map(int, ends), default=0)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None
