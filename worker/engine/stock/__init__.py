"""The qwen-tts package as its authors ship it, with its known faults fenced in.

Importing this raises EngineUnavailable where torch or qwen-tts are not installed.
"""

# First, because it says in words that torch is missing.
from worker.engine import package as package
from worker.engine.stock.engine import StockEngine
from worker.engine.stock.model import StockModel

__all__ = ["StockEngine", "StockModel"]
