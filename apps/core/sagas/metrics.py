"""How many sagas there are in each state, and how long the oldest has been stuck: measured by the sweep."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Gauge

from apps.core.events.database import asking
from apps.core.sagas.models import Instance
from apps.core.sagas.queries import OVERDUE_AFTER

_OPEN = [state.value for state in Instance.State if state not in Instance.CLOSED]
_SAGAS = Gauge("sagas_open", "Sagas that are not over.", ["database", "state"], multiprocess_mode="mostrecent")
_STUCK = Gauge("sagas_stuck", "Sagas that need a person.", ["database"], multiprocess_mode="mostrecent")
_OLDEST = Gauge(
    "sagas_oldest_stuck_seconds",
    "Age of the oldest stuck saga; 0 for none.",
    ["database"],
    multiprocess_mode="mostrecent",
)


def sample(alias: str, *, now: datetime) -> None:
    """Take the measure of one database, over all tenants. As the relay's role; two statements."""
    with asking(alias, "saga metrics") as connection:
        counts = connection.execute(
            "select state, count(*) from sagas_instance where closed_at is null group by state"
        ).fetchall()
        stuck = connection.execute(
            "select count(*), min(updated_at) from sagas_instance where state = 'needs_attention' or due_at < %s",
            [now - OVERDUE_AFTER],
        ).fetchone()
    known: dict[str, int] = dict(counts)
    for state in _OPEN:
        _SAGAS.labels(alias, state).set(known.get(state, 0))
    number, since = stuck or (0, None)
    _STUCK.labels(alias).set(number)
    _OLDEST.labels(alias).set((now - since).total_seconds() if since else 0)
