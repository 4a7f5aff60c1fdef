"""Random-weight checkpoints in the released layout, at any size, for tests and benchmarks."""

from worker.engine.random_checkpoint.writing import write

__all__ = ["write"]
