"""The 12 Hz codec of Qwen3-TTS: codes to sound with exact joints, and sound to codes."""
