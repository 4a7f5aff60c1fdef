"""The qwen-tts package, imported without the parts of it that its 12 Hz checkpoints never use."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Generator, Sequence
from importlib import import_module, metadata
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from shared.errors import EngineUnavailable

UNUSED = (
    "torchaudio",
    "torchaudio.compliance",
    "torchaudio.compliance.kaldi",
    "sox",
    "onnxruntime",
)
"""What only the unreleased 25 Hz tokenizer needs, which the package imports all the same."""

OPTIONAL = ("sklearn",)
"""What transformers imports wherever it finds it, and uses for nothing of ours: a fifth of the time
that an engine takes to start."""


@contextlib.contextmanager
def placeholders(unused: Sequence[str] = UNUSED) -> Generator[None]:
    """Empty modules in place of the unused ones, for as long as a package is being imported."""
    missing = [name for name in unused if name not in sys.modules]
    try:
        for name in missing:
            _place(name)
        yield
    finally:
        for name in missing:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def absent(optional: Sequence[str] = OPTIONAL) -> Generator[None]:
    """Optional packages are not to be found, for as long as another package is being imported."""
    hidden = [name for name in optional if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def _place(name: str) -> None:
    module = ModuleType(name)
    # transformers asks for the spec of optional packages and refuses a module without one.
    module.__spec__ = ModuleSpec(name, loader=None, is_package=True)
    module.__path__ = []
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def _import() -> None:
    # Checkpoints are loaded from folders; nothing in this process may ask a hub for one.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # They report every default that a checkpoint's configuration leaves to them.
    for name in ("transformers", "qwen_tts"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Sentences of many lengths would otherwise leave the memory of a small card in splinters.
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    try:
        # The package prints remarks about flash-attn and SoX; neither has a use here.
        with placeholders(), absent(), contextlib.redirect_stdout(io.StringIO()):
            for name in ("torch", "transformers", "qwen_tts"):
                import_module(name)
    except ImportError as error:
        raise EngineUnavailable(
            f"qwen-tts cannot be imported: {error}.",
            hint="`ENGINE=qwen3 make run` installs torch and qwen-tts; `qtts doctor` says more.",
        ) from error


def _quieten() -> None:
    """Silence notices about every `generate` and progress bars on stderr; errors remain."""
    logging: Any = import_module("transformers.utils.logging")
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def versions() -> str:
    """What decides, besides weights and device, which samples come out."""
    return f"qwen-tts {metadata.version('qwen-tts')} / torch {metadata.version('torch')}"


_import()
_quieten()

# The package has no type information.
models: Any = import_module("qwen_tts.core.models")
modeling: Any = import_module("qwen_tts.core.models.modeling_qwen3_tts")
codec: Any = import_module("qwen_tts.core")
inference: Any = import_module("qwen_tts.inference.qwen3_tts_model")
tokenizer: Any = import_module("qwen_tts.inference.qwen3_tts_tokenizer")
