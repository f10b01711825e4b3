"""Unwrapped keys that a process remembers: not many, and not for long, so that a destroyed one is soon gone."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeyCache(Generic[K, V]):
    """The `most` entries that were used last, none longer than `seconds()`. For any number of threads."""

    def __init__(self, *, most: Callable[[], int], seconds: Callable[[], float]) -> None:
        self._most, self._seconds = most, seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            kept_at, value = found
            if time.monotonic() - kept_at >= self._seconds():
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._entries[key] = time.monotonic(), value
            self._entries.move_to_end(key)
            while len(self._entries) > self._most():
                self._entries.popitem(last=False)

    def forget(self, wanted: Callable[[K], bool] = lambda _: True) -> None:
        """Drop the entries that are wanted gone; all of them when left out."""
        with self._lock:
            for key in [key for key in self._entries if wanted(key)]:
                del self._entries[key]
