"""How many threads of this process one company may hold at once, so that another always finds one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

_REMEMBERED_S = 2.0
_SHARE = 0.75


class Crowd:
    """Alone, a company may use every thread. Once another has called within two seconds, three quarters of them at
    most; never more than its plan says. Safe to share between threads.
    """

    def __init__(self, threads: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._share, self._now = max(1, int(threads * _SHARE)), now
        self._inside: dict[UUID, int] = {}
        self._last: tuple[UUID | None, float] = (None, 0.0)  # who called last
        self._other: tuple[UUID | None, float] = (None, 0.0)  # and who before, of another company
        self._lock = threading.Lock()

    def enter(self, company: UUID, most: int) -> bool:
        """False where it has as many inside as it may; then it need not leave."""
        with self._lock:
            self._note(company)
            inside = self._inside.get(company, 0)
            if inside >= most or (inside >= self._share and self._has_neighbour()):
                return False
            self._inside[company] = inside + 1
            return True

    def leave(self, company: UUID) -> None:
        with self._lock:
            left = self._inside[company] - 1
            if left:
                self._inside[company] = left
            else:
                del self._inside[company]

    def inside(self, company: UUID) -> int:
        return self._inside.get(company, 0)

    def _note(self, company: UUID) -> None:
        if self._last[0] != company:
            self._other = self._last
        self._last = (company, self._now())

    def _has_neighbour(self) -> bool:
        return len(self._inside) > 1 or (self._other[0] is not None and self._now() - self._other[1] < _REMEMBERED_S)
