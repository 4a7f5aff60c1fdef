"""The numbers of the codec's config.json that decide the decoder's shapes."""

from dataclasses import dataclass
from math import prod
from typing import Any

from worker.engine.qwen3.fields import Fields


@dataclass(frozen=True)
class DecoderShape:
    """The decoder of one codec, from codes to samples."""

    codebooks: int
    codes: int
    """Codes per codebook."""
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
    window: int
    """Frames that a layer of the transformer sees: the present one and those before it."""
    theta: float
    """Base of the rotary frequencies."""
    eps: float
    upsampling: tuple[int, ...]
    """Factors from frames to the input of the vocoder."""
    rates: tuple[int, ...]
    """Factors from there to samples."""

    @property
    def samples(self) -> int:
        """Samples per frame."""
        return prod(self.upsampling) * prod(self.rates)

    @staticmethod
    def read(config: dict[str, Any]) -> "DecoderShape":
        """The shape in a codec's whole config.json. Raises FieldUnfit."""
        decoder = Fields(config).part("decoder_config")
        heads = decoder.count("num_attention_heads")
        return DecoderShape(
            codebooks=decoder.count("num_quantizers"),
            codes=decoder.count("codebook_size"),
            layers=decoder.count("num_hidden_layers"),
            heads=heads,
            key_value_heads=decoder.count("num_key_value_heads", heads),
            head_dim=decoder.count("head_dim", decoder.count("hidden_size") // heads),
            window=decoder.count("sliding_window"),
            theta=decoder.number("rope_theta", 10_000),
            eps=decoder.number("rms_norm_eps", 1e-5),
            upsampling=decoder.counts("upsampling_ratios"),
            rates=decoder.counts("upsample_rates"),
        )
