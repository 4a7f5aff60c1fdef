"""From a checked folder to the parts of a model, each in its format and place."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch

from shared.audio.codes import CODEBOOKS
from shared.checkpoints.layout import CONFIG, SPEECH_TOKENIZER, WEIGHTS
from shared.errors import CheckpointDamaged
from worker.engine.faults import fitting
from worker.engine.manifest import Manifest
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.encoder import Encoder
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.fields import FieldUnfit
from worker.engine.qwen3.language_model import Formats, LanguageModel
from worker.engine.qwen3.speaker import PREFIX, SpeakerEncoder
from worker.engine.qwen3.weights import Weights

Tell = Callable[[str], None]


class Folder:
    """A checkpoint's folder; every method reads from it anew.

    Each raises CheckpointDamaged, which names the file and the field of a config.json.
    """

    def __init__(self, manifest: Manifest, device: torch.device) -> None:
        self._manifest = manifest
        self._device = device

    def dimensions(self) -> Dimensions:
        with self._described(CONFIG):
            return Dimensions.read(self._manifest.config)

    def language_model(
        self, dimensions: Dimensions, formats: Formats, progress: Tell
    ) -> LanguageModel:
        with self._weights() as weights:
            return LanguageModel.read(weights, dimensions, formats, self._device, progress)

    def with_predictor(self, model: LanguageModel, formats: Formats) -> LanguageModel:
        """A model that shares all but its code predictor, which is read anew in another format."""
        with self._weights() as weights:
            return model.with_predictor(weights, formats)

    def decoder(self, dtype: torch.dtype = torch.float32) -> Decoder:
        """The codec's speaking half; in formats narrower than fp32 it gives NaN or silence."""
        with self._codec_weights() as weights:
            decoder = Decoder.read(weights, self._codec_config(), self._device, dtype)
            _try(decoder, self._device)
            return decoder

    def decoder_bytes(self) -> int:
        """What it takes in memory."""
        with self._codec_weights() as weights:
            return weights.elements("decoder.") * torch.float32.itemsize

    def listening_bytes(self) -> int:
        """What the parts take that are read when something is to be heard: the codec's encoder,
        and the speaker encoder of a checkpoint that has one."""
        with self._codec_weights() as codec, self._weights() as weights:
            return (codec.elements("encoder.") + weights.elements(PREFIX)) * torch.float32.itemsize

    def encoder(self) -> Encoder:
        """The codec's listening half, in fp32."""
        path, checkpoint = self._manifest.codec / WEIGHTS, self._manifest.checkpoint
        with self._described(f"{SPEECH_TOKENIZER}/{CONFIG}"):
            return Encoder(path, checkpoint, self._codec_config(), self._device)

    def speaker_encoder(self) -> SpeakerEncoder:
        """Raises CheckpointUnfit for a checkpoint that is not of type base."""
        with self._weights() as weights:
            return SpeakerEncoder.read(weights, self._manifest.config, self._device)

    @contextmanager
    def _weights(self) -> Generator[Weights]:
        with self._described(CONFIG), self._opened(WEIGHTS) as weights:
            yield weights

    @contextmanager
    def _codec_weights(self) -> Generator[Weights]:
        with (
            self._described(f"{SPEECH_TOKENIZER}/{CONFIG}"),
            self._opened(f"{SPEECH_TOKENIZER}/{WEIGHTS}") as weights,
        ):
            yield weights

    @contextmanager
    def _opened(self, name: str) -> Generator[Weights]:
        checkpoint = self._manifest.checkpoint
        with (
            fitting(checkpoint, name),
            Weights(self._manifest.folder / name, checkpoint) as weights,
        ):
            yield weights

    @contextmanager
    def _described(self, name: str) -> Generator[None]:
        try:
            yield
        except FieldUnfit as error:
            raise CheckpointDamaged(
                f"Checkpoint {self._manifest.checkpoint!r}: {name!r} lacks a valid {error.field!r}."
            ) from error

    def _codec_config(self) -> dict[str, Any]:
        return json.loads((self._manifest.codec / CONFIG).read_bytes())


@torch.inference_mode()
def _try(decoder: Decoder, device: torch.device) -> None:
    """Decode a frame: only then is it certain that the tensors fit each other."""
    codes = torch.zeros(1, CODEBOOKS, 1, dtype=torch.long, device=device)
    decoder.decode(codes, decoder.state(1))
