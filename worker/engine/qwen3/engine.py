"""The engine that speaks Qwen3-TTS on its own decode loop."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from shared.errors import CheckpointMissing, EngineUnavailable
from shared.readings import CacheStats, ModelReport
from shared.settings import Settings
from worker.engine import device as devices
from worker.engine import manifest, package
from worker.engine.caching import Cache
from worker.engine.faults import explained
from worker.engine.footprint import measured as footprint
from worker.engine.precision import Precision, choose, policy
from worker.engine.processor import processor
from worker.engine.protocol import EngineDescription
from worker.engine.qwen3 import fusing, linear, memory, pace
from worker.engine.qwen3.codes import batch_cache, fingerprint_of
from worker.engine.qwen3.graphs import Captured, Eager, Graphs
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.language_model import Formats, LanguageModel
from worker.engine.qwen3.loading import Folder
from worker.engine.qwen3.loop import Limits
from worker.engine.qwen3.model import Parts, Qwen3Model
from worker.engine.qwen3.running import RAMP, Runner
from worker.engine.qwen3.tokens import Tokens
from worker.engine.voice import VoicePrompt

log = logging.getLogger(__name__)

_INSTRUCTS = 256
_PROMPTS = 256
_CODES = 100_000
"""Entries at most; the settings bound their bytes."""
ROOMY = 12 * 10**9
"""Bytes of a card from which on the text table lies on it."""


class Qwen3Engine:
    """Loads checkpoints from local folders; nothing is ever fetched."""

    needs_checkpoint = True

    def __init__(self, settings: Settings) -> None:
        """Raises EngineUnavailable for a device that is not there, or cannot do what is asked."""
        self._settings = settings
        self._device = devices.resolve(settings.device)
        self._card = devices.card(self._device)
        self._require()
        memory.set_up(self._device, self._card, settings)
        self._timings = memory.timings(self._device, self._card, settings)
        self._prompts: Cache[str, VoicePrompt] = Cache(
            lambda prompt: prompt.nbytes,
            max_bytes=settings.prompt_cache_mb * 2**20,
            max_entries=_PROMPTS,
        )
        self._codes = batch_cache(settings.codes_cache_mb * 2**20, _CODES)

    def _require(self) -> None:
        """Refuse settings that this device cannot meet."""
        if self._settings.compile and not fusing.possible(self._card):
            raise EngineUnavailable(
                "COMPILE needs a CUDA device of compute capability 8.0 or newer.",
                hint="Set COMPILE=0.",
            )
        if self._settings.quantization == "int8" and not linear.multiplies_int8(self._device):
            raise EngineUnavailable(
                f"This build of torch has no int8 products on {self._device}.",
                hint="Set QUANTIZATION=none.",
            )
        if self._settings.quantization == "int8" and self._card and not self._card.native_bf16:
            raise EngineUnavailable(
                f"int8 weights are multiplied in bf16, which {self._card.name} only emulates.",
                hint="Set QUANTIZATION=none.",
            )

    def describe(self) -> EngineDescription:
        return EngineDescription(
            name="qwen3",
            version=package.versions(),
            device=self._card.name if self._card else "cpu",
            precision=policy(
                self._settings.precision,
                self._card,
                protected=True,
                quantization=self._settings.quantization,
                timings=self._timings,
            ),
            preview=False,
        )

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> Qwen3Model:
        """Load a checkpoint.

        Raises CheckpointMissing, CheckpointDamaged or CheckpointUnfit, each naming the file, and
        EngineFailed where it does not fit into memory.
        """
        if folder is None:
            raise CheckpointMissing("The qwen3 engine needs a checkpoint, and none was chosen.")
        found = manifest.read(checkpoint, folder)
        precision = self._precision(found.label)
        with explained(self._device), footprint(self._device) as cost, torch.inference_mode():
            parts = self._read(found, precision, progress)
        report = ModelReport(
            load_seconds=cost.seconds,
            load_peak_bytes=cost.peak_bytes,
            batch=parts.limits.batch,
            precision=precision.name,
            live_batch=parts.limits.live,
            graphs=parts.kernels(),
        )
        log.info("%s: %s", checkpoint, precision.reason)
        return Qwen3Model(parts, report)

    def caches(self) -> Mapping[str, CacheStats]:
        return {"prompts": self._prompts.stats, "codes": self._codes.stats}

    def clear_caches(self) -> None:
        self._prompts.clear()
        self._codes.clear()

    def _precision(self, label: str) -> Precision:
        return choose(
            self._settings.precision,
            self._card.within(self._settings.vram_budget_gb) if self._card else None,
            label,
            protected=True,
            quantization=self._settings.quantization,
            timings=self._timings,
        )

    def _read(
        self, found: manifest.Manifest, precision: Precision, progress: Callable[[str], None]
    ) -> Parts:
        device, settings = self._device, self._settings
        folder = Folder(found, device)
        dimensions = folder.dimensions()
        formats = Formats(
            precision.talker,
            precision.predictor,
            text_on_cpu=self._text_on_cpu(),
            alone=precision.batch_limit == 1,
        )
        model = folder.language_model(dimensions, formats, progress)
        progress("reading the codec")
        decoder = folder.decoder()
        fused = fusing.fuse(model, decoder, progress) if settings.compile else ""
        batch = memory.rows(
            settings.max_batch,
            precision.talker,
            precision.batch_limit,
            self._timings,
            device,
            memory.free(device, settings) - (memory.LISTENING if found.kind == "base" else 0),
            memory.row_bytes(model, decoder),
        )
        runner = Runner(self._graphs())
        harvester = Harvester(decoder, device, self._graphs(), RAMP[-1])
        batch = self._prepared(model, runner, harvester, batch, progress)
        live = self._live_rows(found, precision, model, runner, harvester, batch, fused, progress)
        instructs = Cache[str, tuple[int, ...]](
            lambda ids: 8 * len(ids), max_bytes=2**20, max_entries=_INSTRUCTS
        )
        return Parts(
            manifest=found,
            folder=folder,
            dimensions=dimensions,
            language_model=model,
            decoder=decoder,
            tokens=Tokens(processor(found).tokenizer, instructs),
            harvester=harvester,
            runner=runner,
            limits=Limits(batch, live, lag=1 if device.type == "cuda" else 0),
            device=device,
            attempts=settings.max_attempts_per_sentence,
            fingerprint=fingerprint_of(
                self.describe(),
                found.checkpoint,
                found.revision,
                f"{precision.name}/{batch}/{live}",
            ),
            prompts=self._prompts,
            codes=self._codes,
            instructs=instructs,
            kernels=lambda: self._conditions(runner, harvester, fused),
        )

    def _prepared(
        self,
        model: LanguageModel,
        runner: Runner,
        harvester: Harvester,
        batch: int,
        progress: Callable[[str], None],
    ) -> int:
        """Have graphs ready for a batch, or for one that leaves memory for them."""
        while self._device.type == "cuda":
            try:
                runner.prepare(model, batch, RAMP[-1], progress)
                harvester.prepare(batch, progress)
                break
            except torch.OutOfMemoryError:
                if batch == 1:
                    raise
                batch //= 2
                runner.forget()
                harvester.forget()
        return batch

    def _live_rows(
        self,
        found: manifest.Manifest,
        precision: Precision,
        model: LanguageModel,
        runner: Runner,
        harvester: Harvester,
        batch: int,
        fused: str,
        progress: Callable[[str], None],
    ) -> int:
        progress("timing frames")
        about = self.describe()
        key = (
            f"{found.checkpoint}@{found.revision}, {precision.name}, {about.device}, "
            f"{about.version}, {self._conditions(runner, harvester, fused)}, {batch}"
        )
        return pace.live_rows(key, self._settings.run_dir, model, runner, harvester, batch)

    def _conditions(self, runner: Runner, harvester: Harvester, fused: str) -> str:
        """What, besides formats and versions, decides how sums are rounded."""
        graphs = " and ".join(dict.fromkeys((runner.describe(), harvester.describe())))
        extra = f"{torch.get_num_threads()} threads" if self._card is None else ""
        tf32 = "tf32" if self._settings.tf32 and self._card else ""
        return "; ".join(part for part in (graphs, fused, tf32, extra) if part)

    def _text_on_cpu(self) -> bool:
        place = self._settings.text_table
        if place == "auto":
            return self._card is None or self._card.memory < ROOMY
        return place == "cpu"

    def _graphs(self) -> Graphs:
        """One for each stream: graphs of one pool must not run beside each other."""
        if self._device.type != "cuda":
            return Eager("there is no CUDA device")
        if self._settings.graphs == "off":
            return Eager("GRAPHS=off asks for it")
        return Captured(self._device)
