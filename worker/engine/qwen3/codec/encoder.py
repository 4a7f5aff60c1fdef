"""Sound to codes, by the package's own encoder, in pieces so that long sound fits in memory."""

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_utils import no_init_weights

from shared.audio.pcm import Samples
from shared.errors import UnreadableAudio
from worker.engine import package
from worker.engine.protocol import Watch
from worker.engine.qwen3.fields import Fields
from worker.engine.qwen3.weights import Weights

PIECE = 750
"""Steps of the encoder computed at once: 30 seconds, about 0.8 GB. Shorter sound, as nearly every
reference is, is encoded whole, exactly as the package does it."""
CONVOLUTION_CONTEXT = 8
"""Steps that each piece hears again before its own; the convolutions look back fewer than 5."""


class Encoder:
    """The encoder of one codec, read on first use: most checkpoints speak without it."""

    def __init__(
        self,
        path: Path,
        checkpoint: str,
        config: dict[str, Any],
        device: torch.device | str,
        *,
        piece: int = PIECE,
    ) -> None:
        """`path`: the codec's safetensors file; `config`: its whole config.json.

        Raises FieldUnfit.
        """
        self._path = path
        self._checkpoint = checkpoint
        self._device = device
        self._piece = piece
        fields = Fields(config)
        self._config = package.codec.Qwen3TTSTokenizerV2Config(
            encoder_config=fields.read("encoder_config", dict[str, Any])
        ).encoder_config
        self._codebooks = fields.count("encoder_valid_num_quantizers")
        self._frame = fields.count("encode_downsample_rate")

    @property
    def nbytes(self) -> int:
        """What its weights take in memory: nothing before the first use."""
        model = self.__dict__.get("_model")
        return 0 if model is None else sum(it.nbytes for it in model.state_dict().values())

    @torch.inference_mode()
    def encode(self, samples: Samples, watch: Watch = lambda: None) -> Tensor:
        """Codes [frames, 16] of mono sound at 24 kHz; a last frame begun counts.

        Raises UnreadableAudio when there is no sound at all, CheckpointDamaged on first use, and
        what `watch` raises, which is called before each piece.
        """
        if not samples.size:
            raise UnreadableAudio("There is no sound to encode.")
        sound = torch.from_numpy(samples).to(self._device, torch.float32)[None, None]
        frames = -(-samples.size // self._frame)
        steps = self._transform(self._convolve(sound, watch), watch)
        steps = self._model.downsample(steps)
        watch()
        codes = self._model.quantizer.encode(steps, self._codebooks)
        return codes[:, 0, :frames].T.contiguous().clone()

    def _convolve(self, sound: Tensor, watch: Watch) -> Tensor:
        """From [1, 1, samples] to [1, channels, steps]."""
        return pieces(
            self._model.encoder, sound, self._piece, CONVOLUTION_CONTEXT, self._frame // 2, watch
        )

    def _transform(self, steps: Tensor, watch: Watch) -> Tensor:
        """A layer looks back over its window, and so does each layer below it."""
        context = self._config.num_hidden_layers * (self._config.sliding_window - 1)
        return pieces(self._attend, steps, self._piece, context, 1, watch)

    def _attend(self, steps: Tensor) -> Tensor:
        return self._model.encoder_transformer(steps.transpose(1, 2))[0].transpose(1, 2)

    @cached_property
    def _model(self) -> Any:
        home = import_module(package.codec.Qwen3TTSTokenizerV2Model.__module__)
        with no_init_weights():
            model = home.Qwen3TTSTokenizerV2Encoder._from_config(self._config)
        with Weights(self._path, self._checkpoint) as weights:
            model.load_state_dict(
                {
                    name: weights.tensor(f"encoder.{name}", torch.float32, shape=tuple(like.shape))
                    for name, like in model.state_dict().items()
                }
            )
        return model.eval().to(self._device)


def pieces(
    compute: Callable[[Tensor], Tensor],
    x: Tensor,
    piece: int,
    context: int,
    stride: int,
    watch: Watch,
) -> Tensor:
    """What `compute` makes of `x`, [1, channels, time], piece by piece, each after a `watch`.

    Each piece hears `context` of its steps before it once more; a step takes `stride` of the input.
    """
    outcomes: list[Tensor] = []
    for start in range(0, x.shape[2], piece * stride):
        before = min(start // stride, context)
        watch()
        heard = x[..., start - before * stride : start + piece * stride]
        outcomes.append(compute(heard)[..., before:])
    return torch.cat(outcomes, 2)
