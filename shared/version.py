"""The version of the service, from its package metadata."""

from importlib.metadata import version

__version__ = version("qwen3-tts-platform")
