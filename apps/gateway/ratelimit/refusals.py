"""Budgets that were found used up: until they can have regained one, nobody asks Redis about them.

The same is remembered of the address or the credential that was refused everything: a flood costs neither Redis nor,
since that is known before anybody is looked up, the database.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from threading import Lock

from apps.gateway.ratelimit import measures
from apps.gateway.ratelimit.budgets import Budget
from apps.gateway.ratelimit.errors import RateLimited

_MOST = 10_000
# A plan may be made larger meanwhile, and is to count at once.
_REMEMBERED_S = 1.0


class _Refusal:
    __slots__ = ("again", "budget", "count", "until")

    def __init__(self, budget: Budget, until: float, again: float) -> None:
        self.budget, self.until, self.again, self.count = budget, until, again, 0


class Refusals:
    """Safe to share between threads. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self.known: dict[str, _Refusal] = {}  # most often nothing: look before you ask
        self._lock = Lock()

    def check(self, names: Iterable[str], now: float) -> None:
        """Raises RateLimited where a budget or caller of one of these names is known to be refused."""
        for name in names:
            refusal = self.known.get(name)
            if refusal is not None and refusal.until > now:
                refusal.count += 1
                measures.count(refusal.budget.rule)
                raise _error(refusal, now)

    def remember(self, budget: Budget, retry_s: float, now: float) -> RateLimited:
        """Refuse this for as long as nothing can be left. Returns the refusal."""
        refusal = _Refusal(budget, now + min(retry_s, _REMEMBERED_S), now + retry_s)
        self._put(budget.key, refusal)
        return _error(refusal, now)

    def remember_caller(self, name: str, budget: Budget) -> None:
        """Whoever comes with this name is refused along with the budget, if that is for all that they ask."""
        refusal = self.known.get(budget.key)
        if name and refusal is not None and not budget.rule.routes:
            self._put(name, refusal)

    def untold(self, key: str) -> int:
        """How often it was refused from here, if that is over; then it is forgotten."""
        if key not in self.known:
            return 0
        with self._lock:
            refusal = self.known.pop(key, None)
        return refusal.count if refusal else 0

    def _put(self, name: str, refusal: _Refusal) -> None:
        with self._lock:
            if len(self.known) >= _MOST:
                self.known.clear()
            self.known[name] = refusal


def _error(refusal: _Refusal, now: float) -> RateLimited:
    budget, after_s = refusal.budget, max(1, math.ceil(round(refusal.again - now, 6)))
    what = f"{budget.quota} requests" + (f" in {budget.window_s} s" if budget.window_s else " a month")
    detail = f"{budget.rule.title}: {what} at most, and they are used up. Come back in {after_s} s."
    error = RateLimited(detail, retry_after_s=after_s, limit=budget.rule.name)
    error.extra["violated-policies"] = [budget.rule.name]
    error.budget = budget
    return error
