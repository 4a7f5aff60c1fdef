"""The numbers of a checkpoint's config.json that decide shapes and ids."""

from dataclasses import dataclass
from typing import Any

from worker.engine.qwen3.fields import Fields


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
    def read(fields: Fields) -> "StackShape":
        heads, hidden = fields.count("num_attention_heads"), fields.count("hidden_size")
        return StackShape(
            layers=fields.count("num_hidden_layers"),
            hidden=hidden,
            feed_forward=fields.count("intermediate_size"),
            heads=heads,
            key_value_heads=fields.count("num_key_value_heads"),
            head_dim=fields.count("head_dim", hidden // heads),
            theta=fields.number("rope_theta", 1_000_000),
            eps=fields.number("rms_norm_eps", 1e-6),
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
        """The dimensions in a checkpoint's whole config.json. Raises FieldUnfit."""
        whole = Fields(config)
        talker = whole.part("talker_config")
        predictor = talker.part("code_predictor_config")
        return Dimensions(
            talker=StackShape.read(talker),
            predictor=StackShape.read(predictor),
            codebooks=talker.count("num_code_groups"),
            codes=predictor.count("vocab_size"),
            vocabulary=talker.count("vocab_size"),
            text_hidden=talker.count("text_hidden_size"),
            text_vocabulary=talker.count("text_vocab_size"),
            codec=CodecIds(
                pad=talker.id("codec_pad_id"),
                bos=talker.id("codec_bos_id"),
                eos=talker.id("codec_eos_token_id"),
                think=talker.id("codec_think_id"),
                nothink=talker.id("codec_nothink_id"),
                think_bos=talker.id("codec_think_bos_id"),
                think_eos=talker.id("codec_think_eos_id"),
            ),
            text=TextIds(
                pad=whole.id("tts_pad_token_id"),
                bos=whole.id("tts_bos_token_id"),
                eos=whole.id("tts_eos_token_id"),
            ),
            languages=talker.read("codec_language_id", dict[str, int]),
            speakers=talker.read("spk_id", dict[str, int]),
            dialects=talker.read("spk_is_dialect", dict[str, str | bool]),
        )
