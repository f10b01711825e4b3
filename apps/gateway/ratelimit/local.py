"""Budgets in this process alone, for while Redis is away: the same arithmetic without the sharing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from apps.gateway.ratelimit.budgets import Budget, Charge, Standing

_MOST = 10_000


class LocalBudgets:
    """Safe to share between threads. Begins with full buckets."""

    def __init__(self) -> None:
        self._full_us: dict[str, int] = {}
        self._lock = threading.Lock()

    def charge(self, charges: Sequence[Charge], now_us: int | None = None) -> list[Standing]:
        """As `SharedBudgets.charge`, one of each at a time; counts are not kept."""
        now_us = time.time_ns() // 1000 if now_us is None else now_us
        with self._lock:
            found = [self._look(charge.budget, now_us) for charge in charges]
            if any(one.left < 1 and not charge.budget.rule.dry_run for one, charge in zip(found, charges, strict=True)):
                return found
            return [self._take(one, charge.budget, now_us) for one, charge in zip(found, charges, strict=True)]

    def _look(self, budget: Budget, now_us: int) -> Standing:
        owed = max(0, self._full_us.get(budget.key, 0) - now_us)
        left = (budget.quota * budget.interval_us - owed) // budget.interval_us
        retry_us = 0 if left >= 1 else owed - (budget.quota - 1) * budget.interval_us
        return Standing(0, left, owed, retry_us)

    def _take(self, found: Standing, budget: Budget, now_us: int) -> Standing:
        if found.left < 1:
            return found
        if len(self._full_us) >= _MOST:
            self._full_us = {key: full for key, full in self._full_us.items() if full > now_us}
        reset_us = found.reset_us + budget.interval_us
        self._full_us[budget.key] = now_us + reset_us
        return Standing(1, found.left - 1, reset_us, 0)
