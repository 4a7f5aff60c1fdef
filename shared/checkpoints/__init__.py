"""The Qwen3-TTS checkpoints: which there are, what lies on disk, how to fetch and verify them."""
