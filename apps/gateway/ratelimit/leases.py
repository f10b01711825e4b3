"""What a process has taken of budgets in advance, so that most requests need not ask Redis.

A process holds at most `Budget.lease` of each, 2 %, and takes what it used in the last lease's time: somebody who calls
once a second takes one at a time. What it does not use in time is lost, which is why nothing is taken in advance where
little is left (`shared`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from apps.gateway.ratelimit.budgets import Budget, Charge, Standing

_MOST = 10_000


class _Lease:
    """`left_there` was left for everybody when this was taken; `asked`: a thread is on its way for the next one."""

    __slots__ = ("asked", "begun", "ends", "left", "left_there", "reset_us", "taken")

    def __init__(self) -> None:
        self.left = self.taken = self.left_there = self.reset_us = 0
        self.begun, self.ends, self.asked = 0.0, 0.0, False


class Leases:
    """Safe to share between threads. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._held: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def take(self, budgets: Sequence[Budget], now: float) -> bool:
        """One of each, where all are held; else none."""
        held, found = self._held, []
        with self._lock:
            for budget in budgets:
                lease = held.get(budget.key)
                if lease is None or lease.left < 1 or lease.ends <= now:
                    return False
                found.append(lease)
            for lease in found:
                lease.left -= 1
            return True

    def wishes(self, budgets: Sequence[Budget], now: float) -> list[Charge]:
        """What to ask of Redis: nothing of budgets of which one is held, which is used with this. While one thread asks
        for a lease, others ask for one request each.
        """
        with self._lock:
            charges = [self._wish(budget, now) for budget in budgets]
        return [charge for charge in charges if charge is not None]

    def keep(self, charges: Sequence[Charge], standings: Sequence[Standing], now: float) -> None:
        """One of each is used; what was charged beyond is held from `now` on, which is when it was asked for."""
        with self._lock:
            for charge, standing in zip(charges, standings, strict=True):
                lease = self._held.get(charge.budget.key)
                if lease is not None:
                    self._told(lease, charge, standing, now)

    def standing(self, budget: Budget) -> Standing | None:
        """How a budget stood when Redis was asked last, with what is held of it."""
        lease = self._held.get(budget.key)
        return Standing(1, lease.left_there + lease.left, lease.reset_us, 0) if lease else None

    def _wish(self, budget: Budget, now: float) -> Charge | None:
        if budget.lease < 2:
            return Charge(budget)
        lease = self._held.get(budget.key) or self._new(budget, now)
        if lease.left and lease.ends > now:
            lease.left -= 1
            return None
        if lease.asked:
            return Charge(budget)
        lease.asked = True
        return Charge(budget, _size(lease, budget, now), leads=True)

    def _new(self, budget: Budget, now: float) -> _Lease:
        if len(self._held) >= _MOST:
            self._held = {key: one for key, one in self._held.items() if one.left and one.ends > now}
        lease = self._held[budget.key] = _Lease()
        return lease

    @staticmethod
    def _told(lease: _Lease, charge: Charge, standing: Standing, now: float) -> None:
        lease.left_there, lease.reset_us = standing.left, standing.reset_us
        if charge.leads:
            lease.left, lease.taken = max(0, standing.charged - 1), standing.charged
            lease.begun, lease.ends, lease.asked = now, now + charge.budget.lease_s, False


def _size(lease: _Lease, budget: Budget, now: float) -> int:
    """Twice the last one where that was used up in half its time, else what was used of it."""
    used = lease.taken - lease.left
    if lease.left == 0 and now - lease.begun < budget.lease_s / 2:
        used *= 2
    return max(1, min(budget.lease, used))
