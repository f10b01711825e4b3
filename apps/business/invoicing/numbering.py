"""Numbers of invoices: one count per tenant, series and year, without gaps."""

from __future__ import annotations

from django.db import connections

from apps.business.invoicing.models import InvoiceCounter
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id


def next_ordinals(series: str, year: int, count: int) -> int:
    """Take so many; returns the first. Until the commit other invoices of the series wait; after a rollback the numbers
    were never given.

    So take them last. One statement.
    """
    with connections[alias_for(InvoiceCounter)].cursor() as cursor:
        cursor.execute(
            "insert into invoicing_invoicecounter as counter (tenant_id, series, year, last_ordinal) "
            "values (%(tenant)s, %(series)s, %(year)s, %(count)s) on conflict (tenant_id, series, year) "
            "do update set last_ordinal = counter.last_ordinal + %(count)s returning last_ordinal",
            {"tenant": require_tenant_id(), "series": series, "year": year, "count": count},
        )
        (last,) = cursor.fetchone()
    return int(last) - count + 1
