"""The text processor of a checkpoint, which every engine of Qwen3-TTS reads alike."""

from typing import Any

from transformers import Qwen2TokenizerFast

from worker.engine import package
from worker.engine.faults import fitting
from worker.engine.manifest import Manifest


def processor(manifest: Manifest) -> Any:
    """The package's text processor, with the splitting rule that a repository's name would give."""
    tokenizer: Any = Qwen2TokenizerFast
    with fitting(manifest.checkpoint, "tokenizer_config.json"):
        # True, as the package has it, would replace the checkpoint's own rule in a local folder.
        return package.models.Qwen3TTSProcessor(
            tokenizer=tokenizer.from_pretrained(
                manifest.folder, local_files_only=True, fix_mistral_regex=False
            )
        )
