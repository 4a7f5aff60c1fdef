"""The preview engine: espeak-ng in a child process, for speech without weights or torch."""
