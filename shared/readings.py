"""What a worker measures: its card, its process, its loaded checkpoints and its caches."""

from pydantic import BaseModel, ConfigDict, computed_field
from pydantic.dataclasses import dataclass

_DOCUMENTED = ConfigDict(use_attribute_docstrings=True)


class GpuReading(BaseModel):
    """The card that a worker speaks on; None is what the card does not tell."""

    model_config = _DOCUMENTED

    name: str
    utilization: float | None = None
    """Share of the last moments in which the card was at work, 0 to 1."""
    memory_bytes: int | None = None
    """In use, by everybody."""
    memory_total_bytes: int | None = None
    memory_own_bytes: int | None = None
    """In use by this worker; unknown in most containers and on Windows."""
    temperature: float | None = None
    """°C."""
    power: float | None = None
    """W."""
    power_limit: float | None = None
    """W; above it the card slows down."""
    clock: int | None = None
    """MHz of the processors, at the moment."""
    memory_clock: int | None = None
    """MHz of the memory, at the moment."""


class ProcessReading(BaseModel):
    """The process of a worker."""

    model_config = _DOCUMENTED

    memory_bytes: int
    """Main memory that it holds (resident set)."""
    memory_total_bytes: int
    """Main memory of the machine."""
    cpu_percent: float
    """Since the reading before; 100 is one core at full work."""


class Reading(BaseModel):
    """A worker and its machine at one moment; None is what was not measured."""

    utilization: float | None = None
    """Of the card, 0 to 1."""
    gpu_memory: float | None = None
    """Bytes, as all memory here; in use by everybody."""
    gpu_memory_own: float | None = None
    gpu_memory_total: float | None = None
    temperature: float | None = None
    power: float | None = None
    cpu: float | None = None
    """Percent; 100 is one core at full work."""
    memory: float | None = None
    memory_total: float | None = None
    waiting: float | None = None
    """Jobs in all queues."""

    @classmethod
    def of(cls, gpu: GpuReading | None, process: ProcessReading, waiting: int | None) -> "Reading":
        """Put together from what was read of card, process and queues."""
        card = gpu or GpuReading(name="")
        return cls(
            utilization=card.utilization,
            gpu_memory=card.memory_bytes,
            gpu_memory_own=card.memory_own_bytes,
            gpu_memory_total=card.memory_total_bytes,
            temperature=card.temperature,
            power=card.power,
            cpu=process.cpu_percent,
            memory=process.memory_bytes,
            memory_total=process.memory_total_bytes,
            waiting=waiting,
        )


@dataclass(frozen=True, config=_DOCUMENTED)
class CacheStats:
    """How full a cache is, and how often it was of use since the worker began."""

    entries: int
    nbytes: int
    max_nbytes: int
    """The least recently used make room above this; 0: the cache is off."""
    hits: int
    misses: int

    @computed_field
    @property
    def hit_rate(self) -> float | None:
        """Share of the look-ups that found something; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    def __add__(self, other: "CacheStats") -> "CacheStats":
        """Two caches of the same kind, seen as one."""
        return CacheStats(
            self.entries + other.entries,
            self.nbytes + other.nbytes,
            self.max_nbytes + other.max_nbytes,
            self.hits + other.hits,
            self.misses + other.misses,
        )


@dataclass(frozen=True, config=_DOCUMENTED)
class ModelReport:
    """What loading a checkpoint took, and how it runs."""

    load_seconds: float
    load_peak_bytes: int | None
    """The most memory that loading took at once; None where it cannot be measured."""
    batch: int
    """Utterances that are spoken at once, at most."""
    precision: str
    live_batch: int = 1
    """Of them, at most while somebody may be listening: more would fall behind real time."""
    graphs: str = ""
    """`captured`, or `eager` and why: how the work of a frame reaches the card."""


@dataclass(frozen=True, config=_DOCUMENTED)
class LoadedModel:
    """A checkpoint in memory."""

    nbytes: int
    """Held by its weights."""
    report: ModelReport
