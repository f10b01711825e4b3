"""What is due in any tenant: asked as the relay's role, which sees that something is due, and not what."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.db.router import alias_for
from apps.core.events.database import asking
from apps.core.webhooks.models import WebhookDelivery

_MOST = 1000
_DUE = """
select d.tenant_id, d.endpoint_id from webhooks_delivery d
join webhooks_health h on h.tenant_id = d.tenant_id and h.endpoint_id = d.endpoint_id
join webhooks_endpoint e on e.tenant_id = d.tenant_id and e.id = d.endpoint_id
where d.state = 'pending' and d.next_at <= %(now)s
and (d.is_test or (e.state = 'enabled' and e.deleted_at is null
                   and (h.resting_until is null or h.resting_until <= %(now)s)))
group by d.tenant_id, d.endpoint_id order by min(d.next_at) limit %(most)s
"""


def due_endpoints(*, now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of the webhooks that something could be sent to now, the longest waiting first."""
    return _rows(_DUE, {"now": now, "most": _MOST})


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[UUID, UUID]]:
    with asking(alias_for(WebhookDelivery), "webhooks sweep") as connection:
        return [(row[0], row[1]) for row in connection.execute(statement.encode(), values).fetchall()]
