"""How long to wait before trying again, and how much trying again may cost the dependency altogether.

Not stamina: it adds jitter to a wait instead of drawing all of it, takes no clock that could be simulated, and has no
place for a budget over all callers of a process.
"""

from __future__ import annotations

import threading

_SHARE = 0.1
_RESERVE = 10.0


class RetryBudget:
    """One retry for ten calls, and ten in reserve: where everything fails, retries add a tenth to the load and not
    its double. Source: Google, "Site Reliability Engineering", 2016, chapter 21, "Deciding to retry".
    """

    def __init__(self) -> None:
        self._left = _RESERVE
        self._lock = threading.Lock()

    def deposit(self) -> None:
        """A call is made."""
        with self._lock:
            self._left = min(_RESERVE, self._left + _SHARE)

    def withdraw(self) -> bool:
        """False: there is nothing left for a retry."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


def wait_s(attempt: int, *, base_s: float, cap_s: float, chance: float) -> float:
    """Seconds to wait after the given attempt, counted from 0: `chance` of min(cap_s, base_s · 2**attempt).

    Full jitter: spreads out callers that failed together.
    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    return chance * min(cap_s, base_s * 2.0**attempt)
