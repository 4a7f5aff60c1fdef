"""The dimensions and token ids of the released checkpoints, and of a tiny one like them."""

from dataclasses import dataclass
from typing import Any, Literal

from shared.requests.declared import CheckpointKind

Size = Literal["tiny", "0.6B", "1.7B"]
SizeLabel = Literal["0b6", "1b7"]
"""How `config.json` names a size; the package drops `instruct` for `0b6`."""

LANGUAGES = {
    "chinese": 2055,
    "english": 2050,
    "german": 2053,
    "italian": 2070,
    "portuguese": 2071,
    "spanish": 2054,
    "japanese": 2058,
    "korean": 2064,
    "french": 2061,
    "russian": 2069,
    "beijing_dialect": 2074,
    "sichuan_dialect": 2062,
}
SPEAKERS = {
    "serena": 3066,
    "vivian": 3065,
    "uncle_fu": 3010,
    "ryan": 3061,
    "aiden": 2861,
    "ono_anna": 2873,
    "sohee": 2864,
    "eric": 2875,
    "dylan": 2878,
}
DIALECTS = {"eric": "sichuan_dialect", "dylan": "beijing_dialect"}
"""Speakers who speak Chinese in a dialect."""

CODEC_IDS = {
    "codec_pad_id": 2148,
    "codec_bos_id": 2149,
    "codec_eos_token_id": 2150,
    "codec_think_id": 2154,
    "codec_nothink_id": 2155,
    "codec_think_bos_id": 2156,
    "codec_think_eos_id": 2157,
}
CODES = 2048
"""Codes per codebook."""
CODEBOOKS = 16
SAMPLE_RATE = 24_000


@dataclass(frozen=True)
class Layers:
    """The dimensions of one transformer."""

    hidden: int
    feed_forward: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int

    def config(self) -> dict[str, int]:
        return {
            "hidden_size": self.hidden,
            "intermediate_size": self.feed_forward,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": self.head_dim,
        }


@dataclass(frozen=True)
class Geometry:
    """All that tells one size of checkpoint from another."""

    label: SizeLabel
    talker: Layers
    predictor: Layers
    text_hidden: int
    text_vocabulary: int
    first_special: int
    """Id of `<|endoftext|>`; the other special tokens follow it."""
    words: dict[str, int]
    """Ids of the words that must be single tokens."""
    mrope_section: tuple[int, int, int]
    spread: float
    """Standard deviation of the weight matrices."""
    end_gain: float
    """Scale of the end-of-speech row of the head, with which speech ends after 2 to 40 frames."""
    codec_encoder: dict[str, int]
    codec_decoder: dict[str, Any]


_PREDICTOR = Layers(1024, 3072, 5, 16, 8, 128)
_RELEASED: dict[str, Any] = {
    "predictor": _PREDICTOR,
    "text_hidden": 2048,
    "text_vocabulary": 151_936,
    "first_special": 151_643,
    "words": {"user": 872, "assistant": 77_091},
    "mrope_section": (24, 20, 20),
    "spread": 0.02,
    "end_gain": 5.0,
    "codec_encoder": {},
    # The defaults of the package's configuration class differ from the released codec.
    "codec_decoder": {
        "codebook_dim": 512,
        "hidden_size": 512,
        "latent_dim": 1024,
        "num_attention_heads": 16,
        "num_key_value_heads": 16,
        "head_dim": 64,
        "intermediate_size": 1024,
        "num_hidden_layers": 8,
        "decoder_dim": 1536,
    },
}

GEOMETRIES: dict[Size, Geometry] = {
    "0.6B": Geometry(label="0b6", talker=Layers(1024, 3072, 28, 16, 8, 128), **_RELEASED),
    "1.7B": Geometry(label="1b7", talker=Layers(2048, 6144, 28, 16, 8, 128), **_RELEASED),
    # Another width for the predictor than for the talker, so that its projection is exercised,
    # and a small text vocabulary, without which the tokenizer files alone would take seconds.
    "tiny": Geometry(
        label="1b7",
        talker=Layers(64, 128, 2, 4, 2, 16),
        predictor=Layers(32, 64, 2, 2, 1, 16),
        text_hidden=64,
        text_vocabulary=320,
        first_special=280,
        words={"user": 256, "assistant": 257},
        mrope_section=(4, 2, 2),
        spread=0.2,
        end_gain=14.0,
        codec_encoder={
            "upsample_groups": 32,
            "num_filters": 4,
            "hidden_size": 32,
            "codebook_dim": 16,
            "vector_quantization_hidden_dimension": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "intermediate_size": 64,
        },
        codec_decoder={
            "codebook_dim": 32,
            "hidden_size": 32,
            "latent_dim": 32,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "decoder_dim": 32,
        },
    ),
}


def config(geometry: Geometry, kind: CheckpointKind, label: SizeLabel) -> dict[str, Any]:
    """`config.json`, with the keys that the released ones have."""
    first = geometry.first_special
    return {
        "architectures": ["Qwen3TTSForConditionalGeneration"],
        "model_type": "qwen3_tts",
        "tokenizer_type": "qwen3_tts_tokenizer_12hz",
        "tts_model_size": label,
        "tts_model_type": kind,
        "assistant_token_id": geometry.words["assistant"],
        "im_start_token_id": first + 1,
        "im_end_token_id": first + 2,
        "tts_pad_token_id": first + 28,
        "tts_bos_token_id": first + 29,
        "tts_eos_token_id": first + 30,
        "talker_config": _talker(geometry, kind),
        # Only these two keys: the package refuses the others that transformers would save.
        "speaker_encoder_config": {
            "enc_dim": geometry.talker.hidden,
            "sample_rate": SAMPLE_RATE,
        },
        "transformers_version": "4.57.3",
    }


def _talker(geometry: Geometry, kind: CheckpointKind) -> dict[str, Any]:
    speakers = SPEAKERS if kind == "custom_voice" else {}
    return {
        "model_type": "qwen3_tts_talker",
        **geometry.talker.config(),
        **CODEC_IDS,
        "vocab_size": CODES + 1024,
        "num_code_groups": CODEBOOKS,
        "text_hidden_size": geometry.text_hidden,
        "text_vocab_size": geometry.text_vocabulary,
        "rope_theta": 1_000_000,
        "rope_scaling": {
            "interleaved": True,
            "mrope_section": list(geometry.mrope_section),
            "rope_type": "default",
        },
        "max_position_embeddings": 32_768,
        "position_id_per_seconds": 13,
        "codec_language_id": LANGUAGES,
        "spk_id": speakers,
        "spk_is_dialect": {name: DIALECTS.get(name, False) for name in speakers},
        "code_predictor_config": {
            "model_type": "qwen3_tts_talker_code_predictor",
            **geometry.predictor.config(),
            "vocab_size": CODES,
            "num_code_groups": CODEBOOKS,
            "rope_theta": 1_000_000,
            "max_position_embeddings": 65_536,
        },
    }
