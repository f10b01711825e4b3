"""How the dependencies do, as all processes see them together: for the API and the pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError

from apps.core.errors import NotFound
from apps.core.operations import forcing
from apps.core.operations.models import DependencyChange
from apps.core.resilience import Dependency, Policy, sharing
from apps.core.resilience.dependencies import REDIS
from apps.core.resilience.fallbacks import note_stale
from apps.core.resilience.registry import dependencies, dependency
from apps.core.resilience.standing import Report, Standing

# From well to bad: what is shown of several is the worst.
STATES = ("unused", "closed", "half_open", "open", "forced_closed", "forced_open")


class DependencyNotFound(NotFound):
    """There is no such dependency."""

    code = "dependency_not_found"


@dataclass(frozen=True, slots=True)
class Overview:
    """One dependency. `seen` is what each process tells; empty where none has called it, or Redis is away."""

    dependency: Dependency
    change: DependencyChange | None
    seen: Sequence[tuple[str, Standing]]

    @property
    def name(self) -> str:
        return self.dependency.name

    @property
    def title(self) -> str:
        return self.dependency.title

    @property
    def policy(self) -> Policy:
        return self.dependency.policy

    @property
    def state(self) -> str:
        if self.change is not None and self.change.state != DependencyChange.State.AUTOMATIC:
            return f"forced_{self.change.state}"
        return max((one.state for _, one in self.seen), key=STATES.index, default="unused")

    @property
    def calls(self) -> float:
        return sum(one.calls for _, one in self.seen)

    @property
    def error_share(self) -> float:
        return self._share(lambda one: one.errors)

    @property
    def slow_share(self) -> float:
        return self._share(lambda one: one.slow)

    @property
    def under_way(self) -> int:
        return sum(one.under_way for _, one in self.seen)

    @property
    def p95_s(self) -> float:
        return max((one.p95_s for _, one in self.seen), default=0.0)

    @property
    def opened_at(self) -> datetime | None:
        last = self._last_opened()
        return datetime.fromtimestamp(last.opened_at, UTC) if last and last.opened_at else None

    @property
    def reason(self) -> str:
        last = self._last_opened()
        return last.reason if last else ""

    @property
    def failing(self) -> list[str]:
        return sorted({address for _, one in self.seen for address in one.failing})

    def _share(self, of: Callable[[Standing], float]) -> float:
        return sum(of(one) * one.calls for _, one in self.seen) / self.calls if self.calls else 0.0

    def _last_opened(self) -> Standing | None:
        return max((one for _, one in self.seen), key=lambda one: one.opened_at or 0.0, default=None)


def overviews() -> list[Overview]:
    """Every dependency, by name. One statement, and one round trip to Redis."""
    told, changed = _reports(), forcing.changes()
    return [_overview(one, told, changed.get(one.name)) for one in dependencies()]


def overview(name: str) -> Overview:
    """Raises DependencyNotFound."""
    return _overview(found(name), _reports(), forcing.story(name).first())


def found(name: str) -> Dependency:
    """Raises DependencyNotFound."""
    known = dependency(name)
    if known is None:
        raise DependencyNotFound
    return known


class _Last:
    reports: tuple[float, list[Report]] = (0.0, [])


def _reports() -> list[Report]:
    """What the processes tell; while Redis is away, what they told before."""
    now = time.time()
    try:
        _Last.reports = now, sharing.reports(now)
    except RedisError:
        note_stale(REDIS.name, as_of=datetime.fromtimestamp(_Last.reports[0], UTC))
    return _Last.reports[1]


def _overview(one: Dependency, told: list[Report], change: DependencyChange | None) -> Overview:
    seen = [(report.process, standing) for report in told for standing in report.standings]
    return Overview(one, change, [(process, standing) for process, standing in seen if standing.name == one.name])
