"""Finished runs to test with: a real WAV and a complete recipe."""

import hashlib
import io
from typing import Any

import numpy as np
import soundfile
import uuid_utils

from shared.jobs import EngineInfo
from shared.stores.outputs import METADATA, OutputStore
from shared.stores.recipe import FileFact, Recipe, Segment, Timings

RATE = 24_000
MADE = 1_760_000_000.0
"""When runs are made unless a test says otherwise; Unix seconds."""


def wav(seconds: float = 0.1) -> bytes:
    """A tone as a WAV file."""
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE)) / RATE)
    file = io.BytesIO()
    soundfile.write(file, tone, RATE, subtype="PCM_16", format="WAV")
    return file.getvalue()


def new_id() -> str:
    return str(uuid_utils.uuid7())


def recipe(run: str, sound: bytes, *, text: str = "The lamp turned.", **changes: Any) -> Recipe:
    """The recipe of a run that holds `sound`; `changes` replace its fields."""
    seconds = soundfile.info(io.BytesIO(sound)).duration
    request = {"text": text, "speaker": "ryan", "language": "english", "seed": 7, "format": "wav"}
    fields: dict[str, Any] = {
        "id": run,
        "task": "custom_voice",
        "created_at": MADE,
        "started_at": MADE + 1,
        "finished_at": MADE + 2,
        "attempts": 1,
        "request": request | changes.pop("request", {}),
        "seed": 7,
        "engine": EngineInfo(
            name="preview",
            version="1.52",
            device="cpu",
            precision="none",
            preview=True,
            checkpoint="espeak-ng",
            revision="",
        ),
        "service": "0.1.0",
        "sample_rate": RATE,
        "samples": int(seconds * RATE),
        "duration_seconds": seconds,
        "audio": "audio.wav",
        "files": {
            "audio.wav": FileFact(
                bytes=len(sound), sha256=hashlib.sha256(sound).hexdigest(), media_type="audio/wav"
            )
        },
        "segments": [Segment(start=0, end=seconds, text=text)],
        "finish_reasons": {"stop": 1},
        "warnings": [],
        "timings": Timings(queued=1, first_audio=0.1, generation=0.5, real_time_factor=0.5),
    }
    return Recipe.model_validate(fields | changes)


def make(store: OutputStore, *, seconds: float = 0.1, **changes: Any) -> str:
    """Put a finished run into `store`; returns its id."""
    run, sound = new_id(), wav(seconds)
    growing = store.begin(run, 1)
    growing.append("audio.wav", sound)
    metadata = recipe(run, sound, **changes).model_dump_json()
    growing.append(METADATA, metadata.encode())
    growing.finish()
    return run
