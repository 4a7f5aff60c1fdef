"""From a checked folder to the package's model: formats by part, codec apart, then the device."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from transformers import AutoFeatureExtractor

from shared.checkpoints.layout import SPEECH_TOKENIZER, WEIGHTS
from shared.errors import CheckpointDamaged
from worker.engine import package
from worker.engine.faults import fitting
from worker.engine.manifest import Manifest
from worker.engine.precision import SMALL_CARD, Card, Precision
from worker.engine.processor import processor
from worker.engine.stock import casting

LEFT_CONTEXT = 72
"""Frames that the codec hears before each piece: the window of its transformer. With the 25 of
the package, joints after 24 seconds can be heard (vllm-project/vllm-omni#2480)."""


def load(
    manifest: Manifest,
    device: torch.device,
    precision: Precision,
    card: Card | None,
    progress: Callable[[str], None],
) -> Any:
    """The package's `Qwen3TTSModel`, on its device. Raises CheckpointDamaged."""
    progress("reading the language model")
    model = _language_model(manifest)
    casting.apply(model, precision)
    progress("reading the codec")
    speech_tokenizer = _codec(manifest, piece_frames(card))
    progress(f"moving to {device}")
    model.to(device)
    _move_codec(speech_tokenizer, device, manifest)
    model.load_speech_tokenizer(speech_tokenizer)
    model.load_generate_config(manifest.generation)
    return package.inference.Qwen3TTSModel(model, processor(manifest), manifest.generation)


def piece_frames(card: Card | None) -> int:
    """How many frames the codec decodes at once: each takes 3.5 MB of memory while it does."""
    return 100 if card and card.memory <= SMALL_CARD else 300


def _language_model(manifest: Manifest) -> Any:
    family = package.models.Qwen3TTSForConditionalGeneration
    # The package's own `from_pretrained` would load the codec as well, in the same format.
    read = super(family, family).from_pretrained
    return _read_whole(manifest, WEIGHTS, read, manifest.folder, config=_config(manifest))


def _config(manifest: Manifest) -> Any:
    """The model's configuration, less what transformers adds on saving and the package refuses."""
    encoder = manifest.config.get("speaker_encoder_config") or {}
    kept = {key: encoder[key] for key in ("enc_dim", "sample_rate") if key in encoder}
    return package.models.Qwen3TTSConfig(**{**manifest.config, "speaker_encoder_config": kept})


def _codec(manifest: Manifest, piece: int) -> Any:
    """The package's `Qwen3TTSTokenizer`, in fp32: other formats give NaN or silence."""
    read = package.codec.Qwen3TTSTokenizerV2Model.from_pretrained
    codec = package.tokenizer.Qwen3TTSTokenizer()
    codec.model = _read_whole(
        manifest, f"{SPEECH_TOKENIZER}/{WEIGHTS}", read, manifest.codec, dtype=torch.float32
    )
    codec.config = codec.model.config
    codec.feature_extractor = _extractor(manifest)
    decoder = codec.model.decoder
    decoder.chunked_decode = partial(
        decoder.chunked_decode, chunk_size=piece, left_context_size=LEFT_CONTEXT
    )
    return codec


def _move_codec(codec: Any, device: torch.device, manifest: Manifest) -> None:
    """Only a Base checkpoint listens, so that the others leave the codec's encoder in memory."""
    part = codec.model if manifest.kind == "base" else codec.model.decoder
    part.to(device)
    codec.device = device


def _extractor(manifest: Manifest) -> Any:
    extractor: Any = AutoFeatureExtractor
    with fitting(manifest.checkpoint, f"{SPEECH_TOKENIZER}/preprocessor_config.json"):
        return extractor.from_pretrained(manifest.codec, local_files_only=True)


def _read_whole(
    manifest: Manifest, name: str, read: Callable[..., Any], *place: Any, **options: Any
) -> Any:
    """A model none of whose weights is left at random. Raises CheckpointDamaged."""
    options = {"dtype": "auto", **options}
    with fitting(manifest.checkpoint, name):
        model, report = read(
            *place, local_files_only=True, use_safetensors=True, output_loading_info=True, **options
        )
    if missing := report["missing_keys"]:
        raise CheckpointDamaged(
            f"Checkpoint {manifest.checkpoint!r}: {name!r} lacks {len(missing)} tensors, "
            f"{min(missing)!r} among them."
        )
    return model.eval()
