"""Which engine speaks, and why."""

import importlib.util
import logging
from dataclasses import dataclass
from typing import get_args

from shared.checkpoints import folder as checkpoints
from shared.checkpoints.catalogue import Kind
from shared.errors import EngineUnavailable
from shared.jobs import EngineInfo
from shared.settings import Settings
from worker.engine.preview.engine import PreviewEngine
from worker.engine.protocol import Engine, EngineDescription, Model

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """An engine and the reason for taking it."""

    engine: Engine
    description: EngineDescription
    reason: str

    def trouble(self, settings: Settings) -> str:
        """What would keep a job from being spoken; empty if nothing does."""
        if not self.engine.needs_checkpoint:
            return ""
        return _missing_checkpoint(settings)

    def info(self, model: Model | None = None) -> EngineInfo:
        """What a result says of the engine, with the checkpoint that spoke."""
        return EngineInfo(
            name=self.description.name,
            version=self.description.version,
            device=self.description.device,
            precision=model.report.precision if model else self.description.precision,
            preview=self.description.preview,
            batch=model.report.batch if model else 1,
            live_batch=model.report.live_batch if model else 1,
            conditions=model.report.graphs if model else "",
            checkpoint=model.checkpoint if model else "",
            revision=model.revision if model else "",
        )

    def fingerprint(self, info: EngineInfo) -> str:
        """Equal fingerprints make equal audio from equal requests and seeds."""
        batches = f"{info.batch}/{info.live_batch}/{info.conditions}"
        spoken = f"{info.checkpoint}@{info.revision}/{info.precision}/{batches}"
        return f"{self.description.fingerprint}/{spoken}"


def choose(settings: Settings) -> Choice:
    """The engine that the settings ask for, or the best that is at hand.

    Raises EngineUnavailable, which says what is missing.
    """
    if settings.engine == "preview":
        return _preview(settings, "ENGINE=preview asks for it.")
    if settings.engine == "qwen3":
        return _qwen3(settings, "ENGINE=qwen3 asks for it.")
    if settings.engine == "stock":
        return _stock(settings, "ENGINE=stock asks for it.")
    missing = _missing_for_qwen3(settings)
    if not missing:
        return _qwen3(settings, _at_hand(settings))
    if not settings.allow_preview:
        raise EngineUnavailable(f"{missing} The preview engine is not allowed (ALLOW_PREVIEW=0).")
    return _preview(settings, f"{missing} So the preview engine speaks.")


def _missing_for_qwen3(settings: Settings) -> str:
    """What stands in the way of the model, as a sentence; empty if nothing does."""
    for package in ("torch", "qwen_tts"):
        if importlib.util.find_spec(package) is None:
            return f"The package {package} is not installed."
    return _missing_checkpoint(settings)


def _at_hand(settings: Settings) -> str:
    """The checkpoints that can be loaded, and the kinds of which there is none."""
    usable = checkpoints.usable(settings.models_dir)
    named = ", ".join(entry.id for entry in usable)
    lacking = [kind for kind in get_args(Kind) if kind not in {entry.kind for entry in usable}]
    without = f"; none of the kind {' or '.join(lacking)}" if lacking else ""
    return f"At hand: {named}{without}."


def _missing_checkpoint(settings: Settings) -> str:
    """Why no checkpoint can speak, as a sentence; empty if any can: a task that needs another
    says so itself."""
    if checkpoints.usable(settings.models_dir):
        return ""
    found = [it for it in checkpoints.scan(settings.models_dir) if it.presence.state != "absent"]
    if not found:
        return f"No checkpoint lies in {settings.models_dir}."
    flaws = "; ".join(_flaw(entry) for entry in found)
    return f"No checkpoint in {settings.models_dir} can speak: {flaws}."


def _flaw(entry: checkpoints.Entry) -> str:
    """What keeps a checkpoint from serving."""
    name, presence = entry.folder.name, entry.presence
    if presence.damaged:
        return f"{name} is damaged ({', '.join(presence.damaged)})"
    if presence.missing:
        return f"{name} lacks {', '.join(presence.missing)}"
    return f"the download of {name} is not complete"


def _preview(settings: Settings, reason: str) -> Choice:
    engine = PreviewEngine(settings.preview_pace)
    return Choice(engine, engine.describe(), reason)


def _qwen3(settings: Settings, reason: str) -> Choice:
    try:
        from worker.engine.qwen3.engine import Qwen3Engine
    except ImportError as error:
        raise EngineUnavailable(
            f"The qwen3 engine cannot be imported: {error}.",
            hint="`ENGINE=qwen3 make run` installs torch and qwen-tts; `qtts doctor` says more.",
        ) from error
    engine = Qwen3Engine(settings)
    return Choice(engine, engine.describe(), reason)


def _stock(settings: Settings, reason: str) -> Choice:
    if settings.quantization != "none":
        raise EngineUnavailable(
            "The stock engine does not quantise.", hint="Set QUANTIZATION=none or ENGINE=qwen3."
        )
    from worker.engine.stock.engine import StockEngine

    engine = StockEngine(settings.device, settings.precision, settings.max_attempts_per_sentence)
    return Choice(engine, engine.describe(), reason)
