"""How a dependency does, as one process sees it."""

from __future__ import annotations

import time

import msgspec

from apps.core.resilience.breaker import Breaker, State
from apps.core.resilience.dependency import Dependency

_MOST_SHOWN = 20


class Standing(msgspec.Struct, frozen=True):
    """`calls`, and the shares of those that failed or were slow, are of about the last minute, the newer the more.
    `p95_s` is what 95 of 100 good calls take at most; `opened_at`, seconds since the epoch, when a circuit last opened
    and `reason` why; `failing` names the addresses whose circuit is not closed.
    """

    name: str
    state: str
    forced: bool
    under_way: int
    calls: float
    errors: float
    slow: float
    p95_s: float
    opened_at: float | None
    reason: str
    failing: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """What one process tells the others. `at`: seconds since the epoch."""

    process: str
    at: float
    standings: tuple[Standing, ...]


def standing_of(dependency: Dependency) -> Standing:
    """How it does here and now."""
    now, circuits = dependency.world.now(), dict(dependency.circuits)
    calls, errors = _sums([one.errors.recent(now) for one in circuits.values()])
    _, slow = _sums([one.slowness.recent(now) for one in circuits.values()])
    last = max(circuits.values(), key=lambda one: one.opened_at, default=None)
    failing = [address for address, one in circuits.items() if one.state is not State.CLOSED]
    return Standing(
        name=dependency.name,
        state=dependency.state(),
        forced=dependency.forced is not None,
        under_way=dependency.bulkhead.under_way,
        calls=round(calls, 1),
        errors=round(errors / calls, 3) if calls else 0.0,
        slow=round(slow / calls, 3) if calls else 0.0,
        p95_s=round(max((one.pace.p95_s for one in circuits.values()), default=0.0), 6),
        opened_at=_wall_time(last, now),
        reason=last.reason if last else "",
        failing=tuple(sorted(failing)[:_MOST_SHOWN]),
    )


def _sums(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return sum(one for one, _ in pairs), sum(other for _, other in pairs)


def _wall_time(circuit: Breaker | None, now: float) -> float | None:
    return time.time() - (now - circuit.opened_at) if circuit and circuit.reason else None
