"""A cache bounded in bytes and entries; the least recently used entry makes room."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.readings import CacheStats

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class _Entry(Generic[V]):
    value: V
    nbytes: int


class Cache(Generic[K, V]):
    """Any number of threads may use it. With a bound of 0 it is off: it stores nothing."""

    def __init__(self, size: Callable[[V], int], *, max_bytes: int, max_entries: int) -> None:
        """`size` says how many bytes a value holds; it is asked once."""
        self._size = size
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._nbytes = 0
        self._hits = 0
        self._misses = 0
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`, made and kept if it is not there.

        It is made outside the lock: threads that miss at once each make it, and the last one stays.
        """
        entry = self._use(key)
        if entry is not None:
            return entry.value
        value = make()
        self.put(key, value)
        return value

    def find(self, key: K) -> V | None:
        """The value of `key` if it is there; counts as a use, as `get` does."""
        entry = self._use(key)
        return None if entry is None else entry.value

    def put(self, key: K, value: V) -> None:
        """Keep `value` in place of what `key` had; one larger than the whole cache is not kept."""
        entry = _Entry(value, self._size(value))
        with self._lock:
            self._drop(key)
            if entry.nbytes > self._max_bytes or not self._on:
                return
            self._entries[key] = entry
            self._nbytes += entry.nbytes
            while self._nbytes > self._max_bytes or len(self._entries) > self._max_entries:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget all entries; the counts of hits and misses go on."""
        with self._lock:
            self._entries.clear()
            self._nbytes = 0

    @property
    def stats(self) -> CacheStats:
        with self._lock:
            return CacheStats(
                entries=len(self._entries),
                nbytes=self._nbytes,
                max_nbytes=self._max_bytes if self._on else 0,
                hits=self._hits,
                misses=self._misses,
            )

    @property
    def _on(self) -> bool:
        return self._max_bytes > 0 and self._max_entries > 0

    def _use(self, key: K) -> _Entry[V] | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._misses += 1
                return None
            self._hits += 1
            self._entries.move_to_end(key)
            return entry

    def _drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._nbytes -= entry.nbytes
