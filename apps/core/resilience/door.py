"""How much a process lets in, and whom first: it takes on no more than it can answer while the answer is of use.

A queue that never empties makes everybody wait and helps nobody. So the limit follows how long the luckiest of the last
moments had to wait (CoDel: Nichols and Jacobson, "Controlling Queue Delay", ACM Queue, 2012), up by little and down by
much (AIMD: Chiu and Jain, 1989). Under pressure the less important is refused first, as WeChat does (Zhou et al.,
"Overload Control for Scaling WeChat Microservices", SoCC 2018).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import IntEnum

TARGET_S = 0.1
_INTERVAL_S = 0.2
_DOWN, _UP = 0.8, 0.05


class Priority(IntEnum):
    LOW = 0  # nobody waits for it
    NORMAL = 1
    HIGH = 2  # somebody has made up their mind: an order, a payment, a sign-in


_SHARE = {Priority.LOW: 0.5, Priority.NORMAL: 0.9, Priority.HIGH: 1.0}


class Door:
    """Between `least`, as much as is worked on at once, and `most`. Safe to share between threads."""

    def __init__(self, least: int, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = float(most)
        self._least, self._most, self._now = least, most, now
        self._shortest_s, self._since = float("inf"), now()
        self._lock = threading.Lock()

    def admits(self, inside: int, priority: Priority = Priority.NORMAL) -> bool:
        """Whether one more may come in, where so many are."""
        if self.limit >= self._most:
            return inside < self._most
        return inside < self.limit * _SHARE[priority]

    def waited(self, seconds: float, inside: int) -> None:
        """One has been taken up that waited for so long, while so many were inside."""
        with self._lock:
            self._shortest_s = min(self._shortest_s, seconds)
            now = self._now()
            intervals = (now - self._since) // _INTERVAL_S
            if intervals:
                self._adjust(inside, intervals)
                self._shortest_s, self._since = float("inf"), now

    def _adjust(self, inside: int, intervals: float) -> None:
        """More than one interval: for so long nobody was taken up, and who does not wait now had no need to before."""
        if self._shortest_s > TARGET_S:
            self.limit = max(self._least, min(self.limit, inside) * _DOWN)
        else:
            self.limit = min(self._most, self.limit + intervals * max(1.0, self.limit * _UP))
