"""Having a worker look at a payment: after the commit at once, and whatever that misses by the sweep."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import current_app

from apps.business.payments.models import Operation
from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.core.events.database import asking
from apps.core.tenancy import require_tenant_id

_MOST = 1000
_DUE = """
select distinct tenant_id, payment_id from payments_operation
where state = 'pending' and next_at <= %(now)s limit %(most)s
"""


def wake_after_commit(payment_id: UUID) -> None:
    """Where the broker is away, the sweep comes by in seconds."""
    try_after_commit(wake, require_tenant_id(), payment_id, using=alias_for(Operation))


def wake(tenant_id: UUID, payment_id: UUID) -> None:
    """Have a worker ask the provider what is due for a payment."""
    facts = {"tenant_id": str(tenant_id), "payment_id": str(payment_id)}
    current_app.send_task("payments.work", kwargs=facts, retry=False)


def due_payments(*, now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of the payments that something is due for, as the relay's role: it sees all tenants."""
    with asking(alias_for(Operation), "payments sweep") as connection:
        rows = connection.execute(_DUE.encode(), {"now": now, "most": _MOST}).fetchall()
    return [(row[0], row[1]) for row in rows]
