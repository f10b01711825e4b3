"""What one rule leaves one caller, company or address: the things that are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from apps.gateway.ratelimit.rules import LEASED_SHARE, Rule

_MOST_LEASED_OF_A_MONTH = 100


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket of `quota` requests that regains one each `interval_us`; or, where that is 0, a count up to `quota` that
    ends at `ends_us`, microseconds since the epoch.
    """

    rule: Rule
    key: str
    quota: int
    interval_us: int
    ends_us: int = 0

    @property
    def window_s(self) -> int:
        """What it takes to fill an empty bucket; 0 for a count."""
        return -(-self.quota * self.interval_us // 1_000_000)

    @property
    def lease(self) -> int:
        """What one process may hold of it, taken and not used yet; below 2: nothing is taken in advance."""
        if self.rule.exact:
            return 1
        most = int(self.quota * LEASED_SHARE)
        return most if self.interval_us else min(most, _MOST_LEASED_OF_A_MONTH)

    @property
    def lease_s(self) -> float:
        """For how long. What is used late comes on top of what was regained meanwhile, so it is as short as the bucket
        is kept smaller for it (`shared_quota`): in no window is more used than without leases. A count knows no window.
        """
        return self.lease * self.interval_us / 1e6 if self.interval_us else float("inf")

    @property
    def shared_quota(self) -> int:
        """What the shared bucket holds: less by what may be used late."""
        return self.quota - self.lease if self.interval_us and self.lease > 1 else self.quota


class Charge(NamedTuple):
    """Ask `wanted` of a budget. What is left decides how many there are, at least one, or the charge is refused; 0 only
    looks. `untold` refusals were answered from memory before. `leads`: what is given is this process's next lease.
    """

    budget: Budget
    wanted: int = 1
    untold: int = 0
    leads: bool = False


class Standing(NamedTuple):
    """How a budget stands after a charge. `reset_us` is what it takes until all are back. Where it was refused, `left`
    is below 1 and `retry_us` what it takes until there is one. `refused` counts the refusals of a day.
    """

    charged: int
    left: int
    reset_us: int
    retry_us: int
    refused: int = 0
