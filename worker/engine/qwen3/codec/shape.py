"""The numbers of the codec's config.json that decide the decoder's shapes."""

from dataclasses import dataclass
from math import prod
from typing import Any


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
        """The shape in a codec's whole config.json."""
        decoder: dict[str, Any] = config["decoder_config"]
        heads = decoder["num_attention_heads"]
        return DecoderShape(
            codebooks=decoder["num_quantizers"],
            codes=decoder["codebook_size"],
            layers=decoder["num_hidden_layers"],
            heads=heads,
            key_value_heads=decoder.get("num_key_value_heads", heads),
            head_dim=decoder.get("head_dim") or decoder["hidden_size"] // heads,
            window=decoder["sliding_window"],
            theta=float(decoder.get("rope_theta", 10_000)),
            eps=float(decoder.get("rms_norm_eps", 1e-5)),
            upsampling=tuple(decoder["upsampling_ratios"]),
            rates=tuple(decoder["upsample_rates"]),
        )
