"""Qwen3-ForcedAligner: when each word of a text is heard in a recording of it.

Of the package qwen-asr only this model is used. What else it asks for, such as gradio, is not
needed, and it runs with the transformers that qwen-tts is pinned to (4.57.3, where it asks for
4.57.6), so it is installed without its dependencies.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import soxr
import torch

from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import CheckpointDamaged, EngineUnavailable
from worker.engine import device as devices
from worker.engine import package
from worker.engine.faults import explained, fitting, release
from worker.engine.protocol import WordTime

INSTALL = (
    "Install it in the worker's environment: "
    "`pip install --no-deps qwen-asr==0.0.6 soynlp==0.0.493`."
)
_RATE = 16_000
"""Hz that it hears."""
_LEAST = 200
"""Samples that it must hear more than: as many are mirrored at either end of its spectrum."""
_ROOM = 3_500_000_000
"""Bytes that weights (1.84 GB in bf16) and one passage take on a card."""
_SPLITTERS = {"japanese": "nagisa", "korean": "soynlp"}
"""What tells the words of a language apart, where no blank does, or not well enough."""


class ForcedAligner:
    """The loaded model; not to be used from two threads at once."""

    def __init__(self, folder: Path, setting: str, budget_gb: float) -> None:
        """`setting` is `Settings.device`, `budget_gb` `Settings.vram_budget_gb`.

        Raises EngineUnavailable, CheckpointDamaged, EngineFailed.
        """
        qwen_asr = parts()
        self._name = folder.name
        self.device, dtype = _place(setting, budget_gb)
        _require_aligner(folder)
        with explained(self.device):
            model = _read(qwen_asr.model, folder, dtype).to(self.device)
            with fitting(self._name, "tokenizer_config.json"):
                # Without the correction, words are cut as the tokenizer was not trained to.
                processor = qwen_asr.processor.from_pretrained(folder, fix_mistral_regex=True)
        self._aligner: Any = qwen_asr.aligner(model, processor, qwen_asr.splitter())

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        """When the words of `text` are heard in `samples` (mono, 24 kHz), to 80 ms.

        `language` is canonical. Raises EngineUnavailable, EngineFailed and EnginePoisoned.
        """
        _require_splitter(language)
        sound = soxr.resample(samples, SAMPLE_RATE, _RATE)
        if len(sound) <= _LEAST:
            return []
        with explained(self.device):
            (units,) = self._aligner.align((sound, _RATE), text, language.title())
        return list(_located(text, units, len(samples) / SAMPLE_RATE))

    def release(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        del self._aligner
        release(self.device)


@dataclass(frozen=True)
class Parts:
    """Classes of the package, which has no type information."""

    model: Any
    processor: Any
    aligner: Any
    splitter: Any


def parts() -> Parts:
    """What is needed of the package. Raises EngineUnavailable."""
    # nagisa needs DyNet, which few have; its place is empty unless somebody has Japanese aligned.
    unused = () if _importable("nagisa") else ("nagisa",)
    try:
        with package.placeholders(unused):
            models: Any = import_module("qwen_asr.core.transformers_backend")
            inference: Any = import_module("qwen_asr.inference.qwen3_forced_aligner")
    except ImportError as error:
        raise EngineUnavailable(
            f"The aligner cannot be imported: {error}.", hint=INSTALL
        ) from error
    return Parts(
        models.Qwen3ASRForConditionalGeneration,
        models.Qwen3ASRProcessor,
        inference.Qwen3ForcedAligner,
        inference.Qwen3ForceAlignProcessor,
    )


def _importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _require_splitter(language: str) -> None:
    name = _SPLITTERS.get(language)
    if name and not _importable(name):
        raise EngineUnavailable(
            f"The words of {language.title()} are told apart by {name}, which cannot be imported.",
            hint=f"Install it in the worker's environment: `pip install {name}`.",
        )


def _place(setting: str, budget_gb: float) -> tuple[torch.device, torch.dtype]:
    """The card if there is room on it beside what speaks, else the CPU; there in fp32, as bf16 is
    slow on most."""
    device = devices.resolve(setting)
    card = devices.card(device)
    if card and card.native_bf16 and _free(device, budget_gb) >= _ROOM:
        return device, torch.bfloat16
    return torch.device("cpu"), torch.float32


def _free(device: torch.device, budget_gb: float) -> float:
    free, _ = torch.cuda.mem_get_info(device)
    if not budget_gb:
        return free
    return min(free, budget_gb * 1e9 - torch.cuda.memory_reserved(device))


def _require_aligner(folder: Path) -> None:
    """Raises EngineUnavailable for another model of the family, which would answer nonsense."""
    with fitting(folder.name, "config.json"):
        config = json.loads((folder / "config.json").read_bytes())
    if "timestamp_token_id" not in config:
        raise EngineUnavailable(
            f"The model in {folder} is no forced aligner.",
            hint="Download Qwen/Qwen3-ForcedAligner-0.6B; docs/timings.md says how.",
        )


def _read(family: Any, folder: Path, dtype: torch.dtype) -> Any:
    """The model, none of whose weights is left at random. Raises CheckpointDamaged."""
    with fitting(folder.name, "model.safetensors"):
        model, report = family.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
    if missing := report["missing_keys"]:
        raise CheckpointDamaged(
            f"The aligner {folder.name!r} lacks {len(missing)} tensors, {min(missing)!r} among "
            "them.",
            hint="Download it again; docs/timings.md says how.",
        )
    return model.eval()


def _located(text: str, units: Iterable[Any], seconds: float) -> Iterator[WordTime]:
    """Units in their places: each holds characters of the text in order, without its signs.

    What cannot be found, as its splitter writes it otherwise, has no time.
    """
    reached = 0
    for unit in units:
        place = _found(text, unit.text, reached)
        if place is None:
            continue
        first, reached = place
        start, end = (min(moment, seconds) for moment in (unit.start_time, unit.end_time))
        yield WordTime(first, reached, start, end)


def _found(text: str, unit: str, reached: int) -> tuple[int, int] | None:
    """The first character of a unit and the one after its last."""
    first, after = -1, reached
    for letter in unit:
        at = text.find(letter, after)
        if at < 0:
            return None
        first, after = (at if first < 0 else first), at + 1
    return (first, after) if unit else None
