"""The files of a byte-level text tokenizer with the special tokens of the released one."""

import json
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from tokenizers.pre_tokenizers import ByteLevel

from worker.engine.random_checkpoint.geometry import Geometry

SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>"),
    *("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>"),
    *("<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<tool_call>"),
    *("</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>"),
    *("<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>"),
    *("</think>", "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>"),
    *("<tts_text_eod>", "<tts_text_bos_single>", "<|audio_pad|>"),
)
WORDS = ("assistant", "user")
"""The package cuts its prompts at fixed places, which holds only if these are one token each."""


def write(folder: Path, geometry: Geometry) -> None:
    """Write `vocab.json`, `merges.txt` and `tokenizer_config.json`."""
    vocabulary = json.dumps(_vocabulary(geometry), ensure_ascii=False)
    merges = [f"{left} {right}" for word in WORDS for left, right in _merges(word)]
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(_config(geometry), indent=2))


def _vocabulary(geometry: Geometry) -> dict[str, int]:
    """Bytes at 0-255, the words at their ids, then the steps towards them, then fillers."""
    ids = {byte: index for index, byte in enumerate(sorted(ByteLevel.alphabet()))}
    ids |= geometry.words
    taken = set(ids.values())
    free = (index for index in range(geometry.first_special) if index not in taken)
    for word in WORDS:
        for left, right in _merges(word):
            if left + right not in ids:
                ids[left + right] = next(free)
    return ids | {f"<unused{index}>": index for index in free}


def _merges(word: str) -> Iterator[tuple[str, str]]:
    return zip(accumulate(word), word[1:], strict=False)


def _config(geometry: Geometry) -> dict[str, object]:
    added = {
        str(geometry.first_special + index): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for index, token in enumerate(SPECIAL)
    }
    return {
        "tokenizer_class": "Qwen2Tokenizer",
        "added_tokens_decoder": added,
        "additional_special_tokens": SPECIAL[1:],
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 131_072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "unk_token": None,
    }
