"""Order numbers: one count per tenant, without gaps."""

from __future__ import annotations

from django.db import connections

from apps.business.orders.models import OrderCounter
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id


def next_number() -> str:
    """The tenant's next order number, `SO-000001` and on. From here to the commit other orders of the tenant wait.

    So take it last. One statement.
    """
    with connections[alias_for(OrderCounter)].cursor() as cursor:
        cursor.execute(
            "insert into orders_ordercounter as counter (tenant_id, last_number, updated_at) values (%s, 1, now()) "
            "on conflict (tenant_id) do update set last_number = counter.last_number + 1, updated_at = now() "
            "returning last_number",
            [require_tenant_id()],
        )
        (number,) = cursor.fetchone()
    return f"SO-{number:06d}"
