"""Outputs to fill a library with: real recipes, words to search for, and short tones."""

import hashlib
import io
import itertools
import time
from pathlib import Path

import numpy as np
import soundfile
import uuid_utils

from shared.jobs import EngineInfo
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA, Labels
from shared.stores.recipe import FileFact, LineCount, Recipe, Segment, Timings

_RATE = 24_000
_APART = 1_800.0
"""Seconds between two outputs: 2,000 go back six weeks."""
_TASKS = ("custom_voice", "custom_voice", "voice_clone", "voice_design", "narration")
_VOICES = ("ryan", "serena", "vivian", "old_sailor", "aiden")
_TAGS = ((), ("sea",), (), ("trailer", "draft"), (), (), ("npc",))
_TEXTS = (
    "The lamp turned. Ten seconds; ten seconds; ten.",
    "Somebody had left the harbour gate open again, and the wind made the most of it.",
    "Mind the third step.",
    "Welcome aboard. We leave in five minutes, whether or not the captain is awake.",
    "She read the letter twice, folded it along the old crease, and said nothing.",
)
_ENGINES = (
    EngineInfo(
        name="qwen3",
        version="1",
        device="cuda:0",
        precision="bf16",
        preview=False,
        checkpoint="custom-1.7b",
        revision="",
    ),
    EngineInfo(
        name="preview",
        version="espeak-ng 1.52",
        device="cpu",
        precision="none",
        preview=True,
        checkpoint="espeak-ng",
        revision="",
    ),
)


def fill(outputs_dir: Path, count: int) -> list[str]:
    """Put `count` finished outputs into a folder; their ids, the latest made first."""
    store = FolderOutputs(outputs_dir)
    now = time.time()
    return [_put(store, number, now - number * _APART) for number in range(count)]


def _put(store: FolderOutputs, number: int, made: float) -> str:
    run, sound = str(uuid_utils.uuid7()), _tone(number)
    growing = store.begin(run, 1)
    growing.append("audio.wav", sound)
    growing.append(METADATA, _recipe(run, number, made, sound).model_dump_json().encode())
    growing.finish()
    tags = _TAGS[number % len(_TAGS)]
    if tags or number % 11 == 0:
        store.label(run, Labels(starred=number % 11 == 0, tags=tags))
    return run


def _tone(number: int) -> bytes:
    """A quarter of a second to two seconds, as a WAV file."""
    samples = np.arange(int(_RATE * (0.25 + 0.25 * (number % 8))))
    tone = 0.2 * np.sin(2 * np.pi * (180 + 20 * (number % 12)) * samples / _RATE)
    file = io.BytesIO()
    soundfile.write(file, tone, _RATE, subtype="PCM_16", format="WAV")
    return file.getvalue()


def _recipe(run: str, number: int, made: float, sound: bytes) -> Recipe:
    seconds = soundfile.info(io.BytesIO(sound)).duration
    task = _TASKS[number % len(_TASKS)]
    text = " ".join(itertools.islice(itertools.cycle(_TEXTS), number % 5, number % 5 + 2))
    text = f"{text} Take {number + 1}."
    lines = LineCount(planned=2, spoken=2, failed=0, skipped=0, retaken=0, taken_over=0)
    return Recipe(
        id=run,
        task=task,
        created_at=made,
        started_at=made + 1,
        finished_at=made + 2,
        attempts=1,
        request=_request(task, number, text),
        seed=number,
        engine=_ENGINES[number % 9 == 0],
        sample_rate=_RATE,
        samples=int(seconds * _RATE),
        duration_seconds=seconds,
        audio="audio.wav",
        stream="audio.wav" if task == "narration" else "",
        lines=lines if task == "narration" else None,
        files={
            "audio.wav": FileFact(
                bytes=len(sound), sha256=hashlib.sha256(sound).hexdigest(), media_type="audio/wav"
            )
        },
        segments=[Segment(start=0, end=seconds, text=text)],
        finish_reasons={"stop": 1},
        warnings=["The language was guessed."] if number % 13 == 5 else [],
        timings=Timings(queued=1, first_audio=0.1, generation=0.4, real_time_factor=0.4),
    )


def _request(task: str, number: int, text: str) -> dict[str, object]:
    voice = _VOICES[number % len(_VOICES)]
    own: dict[str, dict[str, object]] = {
        "custom_voice": {"speaker": voice},
        "voice_clone": {"voice": voice},
        "voice_design": {"description": "A warm alto, unhurried."},
        "narration": {"narrator": {"voice": voice}},
    }
    return {"text": text, "language": "english", "seed": number, "format": "wav", **own[task]}
