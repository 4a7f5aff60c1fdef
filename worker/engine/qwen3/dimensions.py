"""The numbers of a checkpoint's config.json that decide shapes and ids."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StackShape:
    """One transformer: the talker's or the code predictor's."""

    layers: int
    hidden: int
    feed_forward: int
    heads: int
    key_value_heads: int
    head_dim: int
    theta: float
    """Base of the rotary frequencies."""
    eps: float

    @property
    def queries_per_key(self) -> int:
        return self.heads // self.key_value_heads

    @staticmethod
    def read(config: dict[str, Any]) -> "StackShape":
        heads = config["num_attention_heads"]
        return StackShape(
            layers=config["num_hidden_layers"],
            hidden=config["hidden_size"],
            feed_forward=config["intermediate_size"],
            heads=heads,
            key_value_heads=config["num_key_value_heads"],
            head_dim=config.get("head_dim") or config["hidden_size"] // heads,
            theta=float(config.get("rope_theta", 1_000_000)),
            eps=float(config.get("rms_norm_eps", 1e-6)),
        )


@dataclass(frozen=True)
class CodecIds:
    """Ids of the codec vocabulary that are no codes."""

    pad: int
    bos: int
    eos: int
    think: int
    nothink: int
    think_bos: int
    think_eos: int


@dataclass(frozen=True)
class TextIds:
    """Ids of the text vocabulary that stand beside codes."""

    pad: int
    bos: int
    eos: int


@dataclass(frozen=True)
class Dimensions:
    """Shapes and ids of a whole checkpoint, its codec aside."""

    talker: StackShape
    predictor: StackShape
    codebooks: int
    codes: int
    """Codes per codebook; the predictor's vocabulary."""
    vocabulary: int
    """Codes and special ids of the first codebook: the talker's vocabulary."""
    text_hidden: int
    text_vocabulary: int
    codec: CodecIds
    text: TextIds
    languages: dict[str, int]
    speakers: dict[str, int]
    dialects: dict[str, str | bool]
    """By speaker: the dialect that they speak for Chinese, or False."""

    @staticmethod
    def read(config: dict[str, Any]) -> "Dimensions":
        """The dimensions in a checkpoint's whole config.json."""
        talker: dict[str, Any] = config["talker_config"]
        predictor: dict[str, Any] = talker["code_predictor_config"]
        return Dimensions(
            talker=StackShape.read(talker),
            predictor=StackShape.read(predictor),
            codebooks=talker["num_code_groups"],
            codes=predictor["vocab_size"],
            vocabulary=talker["vocab_size"],
            text_hidden=talker["text_hidden_size"],
            text_vocabulary=talker["text_vocab_size"],
            codec=CodecIds(
                pad=talker["codec_pad_id"],
                bos=talker["codec_bos_id"],
                eos=talker["codec_eos_token_id"],
                think=talker["codec_think_id"],
                nothink=talker["codec_nothink_id"],
                think_bos=talker["codec_think_bos_id"],
                think_eos=talker["codec_think_eos_id"],
            ),
            text=TextIds(
                pad=config["tts_pad_token_id"],
                bos=config["tts_bos_token_id"],
                eos=config["tts_eos_token_id"],
            ),
            languages=dict(talker["codec_language_id"]),
            speakers=dict(talker["spk_id"]),
            dialects=dict(talker["spk_is_dialect"]),
        )
