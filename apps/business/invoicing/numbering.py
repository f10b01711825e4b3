"""Numbers of invoices: one count per tenant, series and year, without gaps."""

from __future__ import annotations

from django.db import connections

from apps.business.invoicing.models import InvoiceCounter
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id


def next_ordinal(series: str, year: int) -> int:
    """From here to the commit other invoices of the series wait; after a rollback the number was never given.

    So take it last. One statement.
    """
    with connections[alias_for(InvoiceCounter)].cursor() as cursor:
        cursor.execute(
            "insert into invoicing_invoicecounter as counter (tenant_id, series, year, last_ordinal) "
            "values (%s, %s, %s, 1) on conflict (tenant_id, series, year) "
            "do update set last_ordinal = counter.last_ordinal + 1 returning last_ordinal",
            [require_tenant_id(), series, year],
        )
        (ordinal,) = cursor.fetchone()
    return int(ordinal)
