"""Prompt files of the qwen-tts package, made into our own for the checkpoint that fits them."""

import base64
from pathlib import Path
from typing import Any

from shared.checkpoints import folder as checkpoints
from shared.checkpoints.folder import Entry
from shared.errors import CheckpointMissing, CheckpointUnfit
from shared.settings import Settings
from worker.engine import foreign, manifest
from worker.engine.foreign import ForeignPrompt


def convert(data: bytes, checkpoint: str | None, settings: Settings) -> list[dict[str, Any]]:
    """The voices of a file, each as the answer to `shared.asking.ReadPrompt` has it.

    Raises UnreadableVoice, UnknownModel, CheckpointMissing, CheckpointUnfit or CheckpointDamaged.
    """
    return [_converted(voice, checkpoint, settings.models_dir) for voice in foreign.read(data)]


def _converted(voice: ForeignPrompt, checkpoint: str | None, models_dir: Path) -> dict[str, Any]:
    entry = (
        _named(checkpoint, voice, models_dir)
        if checkpoint
        else foreign.matching(voice.width, models_dir)
    )
    revision = manifest.read(entry.id, entry.folder).revision
    prompt = foreign.adopt(voice, entry.id, revision)
    return {
        "checkpoint": entry.id,
        "revision": revision,
        "mode": prompt.mode,
        "transcript": prompt.transcript,
        "file": base64.b64encode(prompt.dumps()).decode(),
    }


def _named(checkpoint: str, voice: ForeignPrompt, models_dir: Path) -> Entry:
    entry = checkpoints.entry(models_dir, checkpoint)
    if entry.presence.state != "present":
        raise CheckpointMissing(
            f"The checkpoint {entry.id} is {entry.presence.state} on this machine.",
            param="checkpoint",
        )
    if entry.kind != "base":
        raise CheckpointUnfit(
            f"{entry.id} is of type {entry.kind!r}, and only those of type 'base' clone voices.",
            param="checkpoint",
        )
    width = foreign.width_of(entry.folder)
    if width != voice.width:
        raise CheckpointUnfit(
            f"The voice in this file is {voice.width} numbers, and {entry.id} speaks with {width}: "
            "another size of checkpoint has made it.",
            param="file",
        )
    return entry
