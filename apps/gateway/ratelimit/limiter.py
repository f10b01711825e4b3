"""May this request be answered? Charges all budgets that it touches, or none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from apps.core.observability import get_logger
from apps.gateway.ratelimit import measures
from apps.gateway.ratelimit.budgets import Budget, Charge, Standing
from apps.gateway.ratelimit.errors import LimitsUnavailable
from apps.gateway.ratelimit.leases import Leases
from apps.gateway.ratelimit.local import LocalBudgets
from apps.gateway.ratelimit.refusals import Refusals
from apps.gateway.ratelimit.rules import WhenAway
from apps.gateway.ratelimit.shared import SharedBudgets

_logger = get_logger("gateway.ratelimit")


@dataclass(slots=True)
class Limiter:
    """One for a process. `clock` in seconds, never going back; `wall_us`, for tests, is what stores take for now."""

    shared: SharedBudgets = field(default_factory=SharedBudgets)
    local: LocalBudgets = field(default_factory=LocalBudgets)
    leases: Leases = field(default_factory=Leases)
    refusals: Refusals = field(default_factory=Refusals)
    clock: Callable[[], float] = time.monotonic
    wall_us: Callable[[], int | None] = lambda: None

    def check(self, budgets: Sequence[Budget]) -> dict[str, Standing]:
        """Charge one of each; how those stand that a store was asked about, by key. Raises RateLimited,
        LimitsUnavailable; then nothing was charged.

        No round trip where all are leased, or where one was found used up a moment ago; else one.
        """
        now = self.clock()
        if self.refusals.known:
            self.refusals.check([one.key for one in budgets], now)
        if self.leases.take(budgets, now):
            return {}
        charges = [self._with_untold(one) for one in self.leases.wishes(budgets, now)]
        try:
            standings = self.shared.charge(charges, self.wall_us())
        except RedisError:
            return self._away(budgets, now)
        self.leases.keep(charges, standings, now)
        measures.ASKED.inc()
        return self._judged(charges, standings, now)

    def peek(self, budgets: Sequence[Budget]) -> list[Standing]:
        """How budgets stand, with what processes hold counted as used. One round trip. Raises RedisError."""
        return self.shared.charge([Charge(one, 0) for one in budgets], self.wall_us()) if budgets else []

    def _with_untold(self, charge: Charge) -> Charge:
        untold = self.refusals.untold(charge.budget.key)
        return charge._replace(untold=untold) if untold else charge

    def _away(self, budgets: Sequence[Budget], now: float) -> dict[str, Standing]:
        measures.AWAY.inc()
        closed = next((one.rule for one in budgets if one.rule.when_away is WhenAway.CLOSED), None)
        if closed is not None:
            raise LimitsUnavailable(limit=closed.name)
        charges = [Charge(one) for one in budgets if one.rule.when_away is WhenAway.LOCAL]
        return self._judged(charges, self.local.charge(charges, self.wall_us()), now)

    def _judged(self, charges: Sequence[Charge], standings: Sequence[Standing], now: float) -> dict[str, Standing]:
        empty = [(c.budget, s) for c, s in zip(charges, standings, strict=True) if s.left < 1 and not s.charged]
        for budget, _ in empty:
            measures.count(budget.rule)
            if budget.rule.dry_run:
                _logger.info("ratelimit.would_refuse", rule=budget.rule.name, budget=budget.key)
        refusing = [(budget, one) for budget, one in empty if not budget.rule.dry_run]
        if refusing:
            budget, standing = max(refusing, key=lambda pair: pair[1].retry_us)
            raise self.refusals.remember(budget, standing.retry_us / 1e6, now)
        return {charge.budget.key: one for charge, one in zip(charges, standings, strict=True)}


_lock = threading.Lock()
_own: list[Limiter] = []


def limiter() -> Limiter:
    """This process's."""
    if not _own:
        with _lock:
            if not _own:
                _own.append(Limiter())
    return _own[0]
