"""How many rows may speak at once before the first of them falls behind real time.

Measured once for a checkpoint in a format on a device, and kept: what is spoken at once decides the
last digits of a sound, so it must not change from one start to the next.
"""

import logging
import time
from pathlib import Path

from pydantic import TypeAdapter

from shared.audio.codes import FRAME_RATE
from worker.engine.kept import Kept
from worker.engine.qwen3.frame import Draws
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.running import RAMP, SHORT, Runner, batches
from worker.engine.qwen3.slots import Slots
from worker.engine.qwen3.source import taken

log = logging.getLogger(__name__)

FILE = "pace.json"
HEADROOM = 0.95
"""Share of real time that a frame may take: what is left is for everybody else on the machine."""
_CHUNK = 4
_Rows = TypeAdapter(dict[str, int])


def live_rows(
    key: str, run_dir: Path, model: LanguageModel, runner: Runner, harvester: Harvester, batch: int
) -> int:
    """Rows at once that keep the pace of speech, `batch` at most.

    Where not even one keeps it, `batch`: nobody hears it without a break anyway, and all is
    done sooner.
    """
    kept = Kept(run_dir / FILE, _Rows)
    rows = kept.read().get(key)
    if rows is None:
        rows = _measured(model, runner, harvester, batch)
        kept.add(key, rows)
    return min(rows, batch)


def _measured(model: LanguageModel, runner: Runner, harvester: Harvester, batch: int) -> int:
    limit = HEADROOM / FRAME_RATE
    keeping = 0
    slots = runner.slots(model, rows=batch, positions=SHORT, trailing=1, chunk=RAMP[-1])
    harvester.require(batch)
    for rows in batches(batch):
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
