"""A tiny Whisper of random weights, in the form that faster-whisper loads."""

import json
from pathlib import Path
from typing import Any

import torch
from ctranslate2.converters import TransformersConverter
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import WhisperConfig, WhisperForConditionalGeneration, WhisperTokenizerFast

_END = "<|endoftext|>"
_LANGUAGES = ("<|en|>", "<|de|>")
_TASKS = (
    "<|startoftranscript|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
_MOMENTS = tuple(f"<|{step * 0.02:.2f}|>" for step in range(1_501))
_HEARING = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 80,
    "sampling_rate": 16_000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
    "padding_value": 0.0,
}


def write(folder: Path) -> Path:
    """Make the model's folder; it knows English alone, and says letters of chance."""
    source = folder.with_name(f"{folder.name}.source")
    source.mkdir(parents=True)
    tokenizer = _tokenizer()
    WhisperTokenizerFast(
        tokenizer_object=tokenizer, bos_token=_END, eos_token=_END, unk_token=_END, pad_token=_END
    ).save_pretrained(source)
    _model(tokenizer).save_pretrained(source)
    (source / "preprocessor_config.json").write_text(json.dumps(_HEARING))
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=copied).convert(str(folder))
    return folder


def _tokenizer() -> Any:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: at for at, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([_END, *_LANGUAGES, *_TASKS, *_MOMENTS])
    return tokenizer


def _model(tokenizer: Any) -> Any:
    end, start = tokenizer.token_to_id(_END), tokenizer.token_to_id("<|startoftranscript|>")
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=tokenizer.get_vocab_size(),
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            num_mel_bins=80,
            decoder_start_token_id=start,
            eos_token_id=end,
            bos_token_id=end,
            pad_token_id=end,
        )
    )
    settings: Any = model.generation_config
    settings.suppress_tokens = []
    settings.begin_suppress_tokens = [end]
    settings.lang_to_id = {name: tokenizer.token_to_id(name) for name in _LANGUAGES}
    settings.alignment_heads = [[0, 0]]
    settings.no_timestamps_token_id = tokenizer.token_to_id("<|notimestamps|>")
    return model
