"""Random-weight checkpoints in the released layout, at any size, for tests and benchmarks."""

# First, because it says in words that torch is missing.
from worker.engine import package as package
from worker.engine.random_checkpoint.writing import write

__all__ = ["write"]
