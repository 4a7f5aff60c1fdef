"""From a checked folder to the parts of a model, each in its format and place."""

import json
from collections.abc import Callable
from typing import Any

import torch

from shared.checkpoints.layout import CONFIG, WEIGHTS
from worker.engine.manifest import Manifest
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.encoder import Encoder
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.language_model import Formats, LanguageModel
from worker.engine.qwen3.speaker import SpeakerEncoder
from worker.engine.qwen3.weights import Weights

Tell = Callable[[str], None]


class Folder:
    """A checkpoint's folder; every method reads from it anew."""

    def __init__(self, manifest: Manifest, device: torch.device) -> None:
        self._manifest = manifest
        self._device = device

    def language_model(
        self, dimensions: Dimensions, formats: Formats, progress: Tell
    ) -> LanguageModel:
        with self._weights() as weights:
            return LanguageModel.read(weights, dimensions, formats, self._device, progress)

    def decoder(self, dtype: torch.dtype = torch.float32) -> Decoder:
        """The codec's speaking half; in formats narrower than fp32 it gives NaN or silence."""
        with self._codec_weights() as weights:
            return Decoder.read(weights, self._codec_config(), self._device, dtype)

    def decoder_bytes(self) -> int:
        """What it takes in memory."""
        with self._codec_weights() as weights:
            return weights.elements("decoder.") * torch.float32.itemsize

    def encoder(self) -> Encoder:
        """The codec's listening half, in fp32."""
        path, checkpoint = self._manifest.codec / WEIGHTS, self._manifest.checkpoint
        return Encoder(path, checkpoint, self._codec_config(), self._device)

    def speaker_encoder(self) -> SpeakerEncoder:
        """Raises CheckpointUnfit for a checkpoint that is not of type base."""
        with self._weights() as weights:
            return SpeakerEncoder.read(weights, self._manifest.config, self._device)

    def _weights(self) -> Weights:
        return Weights(self._manifest.folder / WEIGHTS, self._manifest.checkpoint)

    def _codec_weights(self) -> Weights:
        return Weights(self._manifest.codec / WEIGHTS, self._manifest.checkpoint)

    def _codec_config(self) -> dict[str, Any]:
        return json.loads((self._manifest.codec / CONFIG).read_bytes())
