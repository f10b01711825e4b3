"""Who tells a worker to take a saga: its own commit at once, and the sweep of every few seconds for the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.core.db.after_commit import try_after_commit
from apps.core.events.database import asking
from apps.core.observability import get_logger
from apps.core.sagas.models import Instance

# Longer pauses are left to the sweep: the broker hands out again what a worker holds for long.
_LONGEST_COUNTDOWN = timedelta(seconds=60)
_GRACE = timedelta(seconds=5)
_BATCH = 1000
_logger = get_logger("sagas")


def wake(row: Instance, *, after: timedelta = timedelta(0)) -> None:
    """Have a worker take the saga once the transaction around has committed."""
    alias = row._state.db or ""
    if after <= _LONGEST_COUNTDOWN:
        try_after_commit(hand_over, alias, row.tenant_id, row.id, after=after, using=alias)


def hand_over(alias: str, tenant_id: UUID, saga_id: UUID, *, after: timedelta = timedelta(0)) -> None:
    """Queue a saga for a worker. Where the broker is away the sweep comes by."""
    from apps.core.sagas.tasks import run

    facts = {"database": alias, "tenant_id": str(tenant_id), "saga_id": str(saga_id)}
    try:
        run.apply_async(kwargs=facts, countdown=after.total_seconds() or None, retry=False)
    except Exception:
        _logger.warning("sagas.waits_for_the_sweep", exc_info=True, **facts)


def due(alias: str, *, now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of sagas that should have been taken by now, the longest waiting first. As the relay's role."""
    with asking(alias, "saga sweep") as connection:
        return connection.execute(
            "select tenant_id, id from sagas_instance where due_at < %s order by due_at limit %s",
            [now - _GRACE, _BATCH],
        ).fetchall()
