"""What a device is given to do at once: threads, memory, and how many rows speak together."""

import logging

import psutil
import torch

from shared.errors import EngineFailed
from shared.settings import Settings
from worker.engine import device as devices
from worker.engine.measure import measured
from worker.engine.precision import Card
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.running import POSITIONS, TYPICAL
from worker.engine.qwen3.slots import Slots
from worker.engine.timings import Format, Timings

log = logging.getLogger(__name__)

MARGIN = 0.15
"""Share of the free memory that is left to what cannot be counted: workspaces, graphs, others."""
UNTIMED = {"cuda": 32, "cpu": 8}
"""Rows at most where no products were timed on the device."""
LISTENING = 10**9
"""Bytes that are left to the encoders of a Base checkpoint, which come when a voice is made."""
_DECODING = 64 * 2**20
"""Bytes that the codec needs for a row while it decodes a chunk; measured on the released one."""


def timings(device: torch.device, card: Card | None, settings: Settings) -> Timings | None:
    """How long products take here, where the format depends on it.

    Turing cards differ in what fp16 gains, and some lose (pytorch/pytorch#195716). Elsewhere a
    measurement would only let the same request sound otherwise after it.
    """
    if card is None or card.native_bf16:
        return None
    return measured(device, card, settings.run_dir)


def set_up(device: torch.device, card: Card | None, settings: Settings) -> None:
    """Give torch its limits, which hold for the process."""
    devices.use_threads(settings.threads)
    if card is None:
        return
    # Graphs, streams and events are made on the current device.
    torch.cuda.set_device(device)
    # Sums in fp16 would overflow and blur where those in fp32 cost nothing.
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_tf32 = settings.tf32
    torch.backends.cudnn.allow_tf32 = settings.tf32
    if settings.vram_budget_gb:
        share = settings.vram_budget_gb * 1e9 / card.memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, share), device)


def free(device: torch.device, settings: Settings) -> int:
    """Bytes that may still be taken on the device."""
    if device.type == "cpu":
        return psutil.virtual_memory().available
    there, _ = torch.cuda.mem_get_info(device)
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if not settings.vram_budget_gb:
        return there + cached
    left = int(settings.vram_budget_gb * 1e9) - torch.cuda.memory_allocated(device)
    return min(there + cached, left)


def row_bytes(model: LanguageModel, decoder: Decoder) -> int:
    """What one more row takes, by making one."""
    slots = Slots(model, 1, TYPICAL, POSITIONS[0], 1)
    return slots.nbytes + decoder.state(1).nbytes + _DECODING


def rows(
    wanted: int,
    form: Format,
    limit: int | None,
    timings: Timings | None,
    device: torch.device,
    room: int,
    each: int,
) -> int:
    """How many rows speak at once.

    `wanted` is the setting, 0 for as many as speed allows; `limit` that of the format; `room` the
    free bytes, of which each row takes `each`. Raises EngineFailed where not even one fits.
    """
    fast = timings.fastest_batch(form) if timings else UNTIMED[device.type]
    by_speed = wanted or min(fast, limit or fast)
    fitting = int(room * (1 - MARGIN)) // each
    if fitting < 1:
        raise EngineFailed(
            f"There are {room / 1e9:.2f} GB left to speak in, and a sentence takes "
            f"{each / 1e9:.2f} GB.",
            hint="Use a smaller checkpoint, raise VRAM_BUDGET_GB, or free memory on the device.",
        )
    if fitting < by_speed:
        log.info("Memory holds %d sentences at once, not %d.", fitting, by_speed)
    return min(by_speed, fitting)
