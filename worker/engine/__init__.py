"""The engines, and the only home of torch, transformers and qwen-tts."""
