"""What Prometheus may know of the consumer groups: the labels are groups and their sources, which the code declares.

The numbers lie in the databases, so every web process tells the same ones, whichever workers they come from: take
`max by (group)` of them, not the sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from apps.core.db.refreshing import refresh_connections
from apps.core.events import fleet
from apps.core.events.fleet import Standing
from apps.core.events.subscriptions import groups
from apps.core.observability import get_logger
from apps.core.tenancy import no_tenant

_COUNTS = {
    "handled": "Events that had their effect.",
    "failed": "Attempts at an event that failed.",
    "parked": "Events that became dead letters.",
}

logger = get_logger(__name__)


def exposition() -> bytes:
    """The measures in Prometheus' text format; without the numbers while a database is away."""
    registry = CollectorRegistry()
    registry.register(_Groups())  # type: ignore[arg-type]  # a collector is whatever has `collect`
    return generate_latest(registry)


class _Groups:
    """Asks anew at each scrape."""

    def describe(self) -> list[Metric]:
        return []  # else registering would ask too

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("events_groups_known", "Whether the databases told how the consumer groups stand.")
        try:
            refresh_connections()
            with no_tenant():
                found = fleet.standings([group for group in groups() if group.service in settings.SERVICES])
        except (DatabaseError, InterfaceError) as error:
            logger.warning("events.measures_unknown", error=repr(error))
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _counts(found)
        yield from _lags(found)
        yield from _states(found)


def _counts(found: list[Standing]) -> Iterator[Metric]:
    for name, help_ in _COUNTS.items():
        family = CounterMetricFamily(f"events_group_{name}", help_, labels=["group"])
        for one in found:
            family.add_metric([one.name], getattr(one, name))
        yield family


def _lags(found: list[Standing]) -> Iterator[Metric]:
    behind = GaugeMetricFamily("events_group_behind", "Events yet to be read.", labels=["group", "source"])
    age = GaugeMetricFamily(
        "events_group_oldest_unread_seconds", "Age of the oldest event yet to be read.", labels=["group", "source"]
    )
    now = timezone.now()
    for one in found:
        for lag in one.lags:
            if lag.behind is not None:
                behind.add_metric([one.name, lag.source], lag.behind)
            if lag.behind == 0 or lag.oldest_at:
                age.add_metric([one.name, lag.source], _age_s(lag, now))
    yield behind
    yield age


def _age_s(lag: fleet.Lag, now: datetime) -> float:
    return max(0.0, (now - lag.oldest_at).total_seconds()) if lag.oldest_at else 0.0


def _states(found: list[Standing]) -> Iterator[Metric]:
    states = GaugeMetricFamily("events_group_state", "1 for the state the group is in.", labels=["group", "state"])
    parked = GaugeMetricFamily("events_dead_letters_open", "Dead letters that are open.", labels=["group"])
    for one in found:
        parked.add_metric([one.name], one.open_letters)
        for state in fleet.STATES:
            states.add_metric([one.name, state], int(one.state == state))
    yield states
    yield parked
