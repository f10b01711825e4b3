"""Whether the ledger balances, and says of each payment what the payment says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections
from django.db.models import Sum

from apps.business.consistency import Check, checked
from apps.business.payments.models import LedgerEntry, LedgerLine, Payment
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id

_OTHERWISE_BOOKED = """
with booked as (
    select e.payment_id,
           coalesce(sum(l.amount_minor) filter (where e.kind = 'charge'), 0) as captured,
           coalesce(sum(l.amount_minor) filter (where e.kind = 'refund'), 0)
               - coalesce(sum(l.amount_minor) filter (where e.kind = 'refund_returned'), 0) as refunded,
           coalesce(sum(l.amount_minor) filter (where e.kind = 'fee'), 0) as fee
    from payments_ledgerentry e
    join payments_ledgerline l on l.tenant_id = e.tenant_id and l.entry_id = e.id and l.amount_minor > 0
    where e.tenant_id = %(tenant)s and e.payment_id is not null group by e.payment_id)
select p.id, p.captured_minor, p.refunded_minor, p.fee_minor,
       coalesce(b.captured, 0), coalesce(b.refunded, 0), coalesce(b.fee, 0)
from payments_payment p left join booked b on b.payment_id = p.id
where p.tenant_id = %(tenant)s and (p.captured_minor <> coalesce(b.captured, 0)
      or p.refunded_minor <> coalesce(b.refunded, 0) or p.fee_minor <> coalesce(b.fee, 0))
order by p.id
"""


def checks() -> Iterator[Check]:
    """Two checks of the current tenant. Four statements."""
    entries = LedgerLine.objects.in_tenant().values_list("entry_id").annotate(sum=Sum("amount_minor"))
    wrong = entries.exclude(sum=0).order_by("entry_id")
    yield checked(
        "every ledger entry balances",
        compared=LedgerEntry.objects.in_tenant().count(),
        differences=(f"entry {entry_id} is out by {out}" for entry_id, out in wrong),
    )
    yield checked(
        "every payment is in the ledger as it stands",
        compared=Payment.objects.in_tenant().count(),
        differences=_otherwise_booked(),
    )


def _otherwise_booked() -> Iterator[str]:
    with connections[alias_for(Payment)].cursor() as cursor:
        cursor.execute(_OTHERWISE_BOOKED, {"tenant": require_tenant_id()})
        for payment_id, *sums in cursor.fetchall():
            yield f"payment {payment_id} took, gave back and cost {sums[:3]}, the ledger says {sums[3:]}"
