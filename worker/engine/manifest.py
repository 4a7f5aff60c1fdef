"""What a checkpoint's folder says of itself, checked before anything is loaded from it.

Nothing here imports torch.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from shared.checkpoints import record
from shared.checkpoints.layout import CONFIG, SPEECH_TOKENIZER, intact, required
from shared.errors import CheckpointDamaged, CheckpointMissing, CheckpointUnfit
from shared.requests.declared import CheckpointKind

KINDS: tuple[CheckpointKind, ...] = get_args(CheckpointKind)
LABELS = ("0b6", "1b7")
TOKENIZER = "qwen3_tts_tokenizer_12hz"
_SAMPLE = 2**20
"""Bytes at either end of the weights that tell one local checkpoint from another."""


@dataclass(frozen=True)
class Manifest:
    """A checkpoint whose files are all there and whole."""

    checkpoint: str
    folder: Path
    kind: CheckpointKind
    label: str
    """Its size, one of LABELS."""
    speakers: tuple[str, ...]
    languages: tuple[str, ...]
    revision: str
    config: dict[str, Any]
    generation: dict[str, Any]

    @property
    def codec(self) -> Path:
        return self.folder / SPEECH_TOKENIZER


def read(checkpoint: str, folder: Path) -> Manifest:
    """Check the folder of `checkpoint` and say what is in it.

    Raises CheckpointMissing, CheckpointDamaged or CheckpointUnfit, each naming the file.
    """
    if not folder.is_dir():
        raise CheckpointMissing(f"Checkpoint {checkpoint!r} is not here: it has no folder.")
    for name in required(folder):
        _require(checkpoint, folder, name)
    config = _document(folder / CONFIG)
    kind = _kind(checkpoint, config)
    talker = _talker(checkpoint, config)
    return Manifest(
        checkpoint=checkpoint,
        folder=folder.resolve(),
        kind=kind,
        label=config["tts_model_size"],
        speakers=tuple(talker["spk_id"]),
        languages=tuple(name for name in talker["codec_language_id"] if "dialect" not in name),
        revision=_revision(folder),
        config=config,
        generation=_document(folder / "generation_config.json"),
    )


def _require(checkpoint: str, folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise CheckpointMissing(f"Checkpoint {checkpoint!r} lacks the file {name!r}.")
    if not intact(folder / name):
        raise CheckpointDamaged(
            f"Checkpoint {checkpoint!r}: the file {name!r} is cut short or cannot be read."
        )


def _document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def _kind(checkpoint: str, config: dict[str, Any]) -> CheckpointKind:
    model, tokenizer = config.get("model_type"), config.get("tokenizer_type")
    if model != "qwen3_tts" or tokenizer != TOKENIZER:
        raise CheckpointUnfit(
            f"Checkpoint {checkpoint!r} is not a Qwen3-TTS 12 Hz checkpoint: its config.json says "
            f"model_type {model!r} and tokenizer_type {tokenizer!r}."
        )
    kind = config.get("tts_model_type")
    if kind not in KINDS:
        raise CheckpointUnfit(
            f"Checkpoint {checkpoint!r} is of the unknown type {kind!r}; known are: "
            f"{', '.join(KINDS)}."
        )
    return kind


def _talker(checkpoint: str, config: dict[str, Any]) -> dict[str, Any]:
    """The talker's part of the config, with the fields that are read from it present."""
    talker = config.get("talker_config")
    if not isinstance(talker, dict):
        raise _incomplete(checkpoint, "talker_config")
    for field in ("spk_id", "codec_language_id"):
        if not isinstance(talker.get(field), dict):
            raise _incomplete(checkpoint, f"talker_config.{field}")
    if config.get("tts_model_size") not in LABELS:
        raise _incomplete(checkpoint, "tts_model_size")
    return cast(dict[str, Any], talker)


def _incomplete(checkpoint: str, field: str) -> CheckpointDamaged:
    return CheckpointDamaged(f"Checkpoint {checkpoint!r}: config.json lacks a valid {field!r}.")


def _revision(folder: Path) -> str:
    """The commit that was downloaded, else a digest of the config and both ends of the weights."""
    downloaded = record.read(folder)
    if downloaded:
        return downloaded.revision
    digest = hashlib.sha256((folder / CONFIG).read_bytes())
    path = next(folder / name for name in required(folder) if name.endswith(".safetensors"))
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, path.stat().st_size - _SAMPLE))
        digest.update(file.read())
    return f"local-{digest.hexdigest()[:16]}"
