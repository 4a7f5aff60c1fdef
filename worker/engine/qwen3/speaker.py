"""The speaker encoder of a Base checkpoint: from a recording to the sound of its voice."""

from functools import cache
from typing import Any

import torch
from librosa.filters import mel as filterbank
from torch import Tensor
from torch.nn import functional

from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import CheckpointUnfit
from worker.engine import package
from worker.engine.faults import not_finite
from worker.engine.qwen3.fields import Fields
from worker.engine.qwen3.weights import Weights
from worker.engine.reference import require_fit

PREFIX = "speaker_encoder."
WINDOW = 1024
HOP = 256
BANDS = 128
HIGHEST = 12_000
"""Hz. These four are those of `extract_speaker_embedding` in the package."""


class SpeakerEncoder:
    """An ECAPA-TDNN over mel spectrograms, the package's own, in fp32 whatever the talker is in."""

    def __init__(self, module: torch.nn.Module, width: int, device: torch.device) -> None:
        self.width = width
        """Length of an embedding: 1024 for 0.6B, 2048 for 1.7B."""
        self.nbytes = sum(tensor.nbytes for tensor in module.state_dict().values())
        self._module = module
        self._device = device

    @staticmethod
    def read(weights: Weights, config: dict[str, Any], device: torch.device) -> "SpeakerEncoder":
        """The encoder in a checkpoint's `model.safetensors`, given its whole config.json.

        Raises CheckpointUnfit where there is none, CheckpointDamaged and FieldUnfit.
        """
        if config["tts_model_type"] != "base":
            raise CheckpointUnfit(
                f"A checkpoint of type {config['tts_model_type']!r} cannot hear voices; only "
                "those of type 'base' can."
            )
        width = Fields(config).part("speaker_encoder_config").count("enc_dim")
        with torch.device("meta"):
            module = package.modeling.Qwen3TTSSpeakerEncoder(
                package.modeling.Qwen3TTSSpeakerEncoderConfig(enc_dim=width)
            )
        tensors = {
            name: weights.tensor(PREFIX + name, torch.float32, device, tuple(shape.shape))
            for name, shape in module.state_dict().items()
        }
        module.load_state_dict(tensors, assign=True)
        return SpeakerEncoder(module.eval(), width, device)

    @torch.no_grad()
    def embed(self, samples: Samples) -> Tensor:
        """The voice in a recording [width], equal to the package's `extract_speaker_embedding`.

        Raises InvalidRequest for a recording that is too short or too long, and EngineFailed where
        the weights make no number of it.
        """
        require_fit(samples)
        mel = spectrogram(torch.from_numpy(samples))
        embedding = self._module(mel.T[None].to(self._device))[0]
        if not embedding.isfinite().all():
            raise not_finite()
        return embedding


def spectrogram(samples: Tensor) -> Tensor:
    """The logarithmic mel spectrogram [BANDS, frames], equal to the package's."""
    window = torch.hann_window(WINDOW)
    margin = (WINDOW - HOP) // 2
    padded = functional.pad(samples[None], (margin, margin), mode="reflect")
    spectrum = torch.stft(
        padded, WINDOW, hop_length=HOP, window=window, center=False, return_complex=True
    )
    magnitude = torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + 1e-9)
    return torch.log(torch.clamp(torch.matmul(_filters(), magnitude), min=1e-5))[0]


@cache
def _filters() -> Tensor:
    return torch.from_numpy(
        filterbank(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=BANDS, fmin=0, fmax=HIGHEST)
    )
