"""Qwen3-TTS on a decode loop of its own: frame by frame, in batches, in fitting formats."""
