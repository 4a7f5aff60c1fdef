"""What of the package listens: the codec's encoder and the speaker encoder."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.audio.pcm import SAMPLE_RATE, Samples
from worker.engine.faults import not_finite


@dataclass(frozen=True)
class Ears:
    """As `worker.engine.voice` wants them; to be used by whoever computes alone."""

    model: Any
    """The package's `Qwen3TTSForConditionalGeneration`."""

    def encode(self, samples: Samples) -> Tensor:
        """The codes [frames, 16] of mono sound at 24 kHz, all at once."""
        codec = self.model.speech_tokenizer
        # From the start, only the encoder of a Base checkpoint is on the device.
        codec.model.encoder.to(codec.device)
        (codes,) = codec.encode(samples, SAMPLE_RATE).audio_codes
        return codes

    def embed(self, samples: Samples) -> Tensor:
        """The sound of a voice, [width]. Raises EngineFailed where it is no number."""
        with torch.inference_mode():
            # The package prints what goes beyond full scale.
            clipped = np.clip(samples, -1, 1)
            embedding = self.model.extract_speaker_embedding(clipped, SAMPLE_RATE)
        if not embedding.isfinite().all():
            raise not_finite()
        # Free of the inference mode that it was made in.
        return embedding.clone()
