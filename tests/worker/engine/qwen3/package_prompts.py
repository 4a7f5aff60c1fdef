"""The package itself, asked what it would hand to its talker."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from worker.engine import manifest, package
from worker.engine.precision import choose
from worker.engine.stock.loading import load


@dataclass(frozen=True)
class Handed:
    """The arguments of one `talker.generate`, the padding on the left taken off."""

    inputs: list[Tensor]
    """[T, hidden] by row."""
    trailing: Tensor
    """[B, N, hidden]"""
    pad: Tensor
    """[hidden]"""


class _Caught(Exception):
    pass


def load_package(folder: Path, dtype: torch.dtype) -> Any:
    """The package's `Qwen3TTSModel` with a talker in `dtype`."""
    found = manifest.read("tiny", folder)
    tts = load(found, torch.device("cpu"), choose("fp32", None, found.label), None, lambda _: None)
    tts.model.talker.to(dtype)
    return tts


def handed(tts: Any, method: str, **call: Any) -> Handed:
    """What `tts.method(**call)` hands to its talker."""
    talker = tts.model.talker
    caught: dict[str, Any] = {}

    def generate(**named: Any) -> None:
        caught.update(named)
        raise _Caught

    talker.generate = generate
    try:
        getattr(tts, method)(**call)
    except _Caught:
        pass
    finally:
        del talker.generate
    present = caught["attention_mask"].bool()
    return Handed(
        [row[mask] for row, mask in zip(caught["inputs_embeds"], present, strict=True)],
        caught["trailing_text_hidden"],
        caught["tts_pad_embed"].squeeze(),
    )


def clone_prompt(x_vector: Tensor, codes: Tensor | None, transcript: str | None) -> Any:
    """The package's own voice prompt; in-context where there are codes."""
    return package.inference.VoiceClonePromptItem(
        ref_code=codes,
        ref_spk_embedding=x_vector,
        x_vector_only_mode=codes is None,
        icl_mode=codes is not None,
        ref_text=transcript,
    )
