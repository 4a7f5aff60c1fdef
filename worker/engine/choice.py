"""Which engine speaks, and why."""

import importlib.util
import logging
from dataclasses import dataclass

from shared.checkpoints import folder as checkpoints
from shared.checkpoints.catalogue import Kind
from shared.errors import EngineUnavailable
from shared.jobs import EngineInfo
from shared.settings import Settings
from worker.engine.preview.engine import PreviewEngine
from worker.engine.protocol import Engine, EngineDescription, Model

log = logging.getLogger(__name__)

_KIND: Kind = "custom_voice"
"""The checkpoints that speech needs."""


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
            precision=self.description.precision,
            preview=self.description.preview,
            checkpoint=model.checkpoint if model else "",
            revision=model.revision if model else "",
        )

    def fingerprint(self, info: EngineInfo) -> str:
        """Equal fingerprints make equal audio from equal requests and seeds."""
        return f"{self.description.fingerprint}/{info.checkpoint}@{info.revision}"


def choose(settings: Settings) -> Choice:
    """The engine that the settings ask for, or the best that is at hand.

    Raises EngineUnavailable, which says what is missing.
    """
    if settings.engine == "preview":
        return _preview(settings, "ENGINE=preview asks for it.")
    if settings.engine == "stock":
        return _stock(settings, "ENGINE=stock asks for it.")
    missing = _missing_for_stock(settings)
    if not missing:
        return _stock(settings, "A checkpoint is at hand.")
    if not settings.allow_preview:
        raise EngineUnavailable(f"{missing} The preview engine is not allowed (ALLOW_PREVIEW=0).")
    return _preview(settings, f"{missing} So the preview engine speaks.")


def _missing_for_stock(settings: Settings) -> str:
    """What stands in the way of the model, as a sentence; empty if nothing does."""
    for package in ("torch", "qwen_tts"):
        if importlib.util.find_spec(package) is None:
            return f"The package {package} is not installed."
    return _missing_checkpoint(settings)


def _missing_checkpoint(settings: Settings) -> str:
    """Why no checkpoint can speak, as a sentence; empty if one can."""
    if checkpoints.pick(settings.models_dir, _KIND, settings.model_size):
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
    if presence.state == "partial":
        return f"the download of {name} is not complete"
    return f"{name} is of the kind {entry.kind}, not {_KIND}"


def _preview(settings: Settings, reason: str) -> Choice:
    engine = PreviewEngine(settings.preview_pace)
    return Choice(engine, engine.describe(), reason)


def _stock(settings: Settings, reason: str) -> Choice:
    from worker.engine.stock.engine import StockEngine

    engine = StockEngine(settings.device, settings.precision, settings.max_attempts_per_sentence)
    return Choice(engine, engine.describe(), reason)
