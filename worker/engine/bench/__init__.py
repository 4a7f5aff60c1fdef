"""Engines side by side on one checkpoint: speed, memory, and whether they say the same."""

from worker.engine.bench import bare

bare.lend()
