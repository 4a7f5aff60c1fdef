"""How many rows may speak at once before the first of them falls behind real time.

Measured once for a checkpoint in a format on a device, and kept: what is spoken at once decides the
last digits of a sound, so it must not change from one start to the next.
"""

import logging
import time
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shared.stores import disk
from worker.engine.protocol import FRAME_RATE
from worker.engine.qwen3.frame import Draws
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.running import RAMP, ROWS, SHORT, Runner
from worker.engine.qwen3.slots import Slots
from worker.engine.qwen3.source import taken

log = logging.getLogger(__name__)

FILE = "pace.json"
HEADROOM = 0.95
"""Share of real time that a frame may take: what is left is for everybody else on the machine."""
_CHUNK = 4
_Kept = TypeAdapter(dict[str, int])


def live_rows(
    key: str, run_dir: Path, model: LanguageModel, runner: Runner, harvester: Harvester, batch: int
) -> int:
    """Rows at once that keep the pace of speech, `batch` at most.

    Where not even one keeps it, `batch`: nobody hears it without a break anyway, and all is
    done sooner.
    """
    path = run_dir / FILE
    kept = _read(path)
    if key not in kept:
        kept[key] = _measured(model, runner, harvester, batch)
        _write(path, kept)
    return min(kept[key], batch)


def _measured(model: LanguageModel, runner: Runner, harvester: Harvester, batch: int) -> int:
    limit = HEADROOM / FRAME_RATE
    keeping = 0
    slots = runner.slots(model, rows=batch, positions=SHORT, trailing=1, chunk=RAMP[-1])
    harvester.require(batch)
    for rows in [*(size for size in ROWS if size < batch), batch]:
        seconds = _frame_seconds(slots, runner, harvester, rows)
        log.info("%d at once: %.1f ms a frame.", rows, seconds * 1e3)
        if seconds > limit:
            break
        keeping = rows
    runner.relax()
    return keeping or batch


def _frame_seconds(slots: Slots, runner: Runner, harvester: Harvester, rows: int) -> float:
    """What a frame of `rows` rows takes, its sound included."""
    began = 0.0
    for _ in range(2):
        # The first time counts for nothing: libraries and graphs are made ready.
        began = time.perf_counter()
        slots.cursor.zero_()
        for _ in range(_CHUNK):
            runner.advance(slots, rows, SHORT, Draws())
        harvester.launch(taken(slots, rows, _CHUNK)).wait(lambda: None)
    return (time.perf_counter() - began) / _CHUNK


def _read(path: Path) -> dict[str, int]:
    """What was measured; nothing where the file is not there or not understood."""
    try:
        return _Kept.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValidationError, OSError) as error:
        log.warning("%s cannot be used, so the pace is measured anew: %s", path, error)
        return {}


def _write(path: Path, kept: dict[str, int]) -> None:
    """Keep it for the next start, which otherwise measures again."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.write(path, _Kept.dump_json(kept, indent=2))
    except OSError as error:
        log.warning("The pace cannot be kept in %s: %s", path, error.strerror)
