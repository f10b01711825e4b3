"""Every read of invoices and credit notes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Prefetch, Sum

from apps.business.invoicing.errors import InvoiceNotFound
from apps.business.invoicing.models import Invoice, InvoiceLine, Seller
from apps.core.db.router import alias_for


def invoices() -> Any:
    """Invoices and credit notes, newest first. One statement, however many."""
    return Invoice.objects.in_tenant().order_by("-issued_at", "-id")


def invoices_of_order(order_id: UUID) -> list[Invoice]:
    """What was issued for one order, oldest first. One statement."""
    return list(Invoice.objects.in_tenant().filter(order_id=order_id).order_by("issued_at", "id"))


def invoice(invoice_id: UUID) -> Invoice:
    """One with its lines. Two statements. Raises InvoiceNotFound."""
    lines = Prefetch("lines", InvoiceLine.objects.in_tenant().order_by("ordinal"))
    found: Invoice | None = Invoice.objects.in_tenant().filter(id=invoice_id).prefetch_related(lines).first()
    if found is None:
        raise InvoiceNotFound(f"there is no invoice {invoice_id}")
    return found


def issued_for(cause_id: UUID, kind: str) -> Invoice | None:
    """What was issued for this cause, if it was. One statement."""
    found: Invoice | None = Invoice.objects.in_tenant().filter(cause_id=cause_id, kind=kind).first()
    return found


def issued_causes(cause_ids: Collection[UUID], kind: str) -> set[UUID]:
    """Those for which a paper of the kind was issued. One statement."""
    rows = Invoice.objects.in_tenant().filter(kind=kind, cause_id__in=list(cause_ids))
    return set(rows.values_list("cause_id", flat=True))


def balance_of(cause_ids: Collection[UUID]) -> int:
    """What was invoiced for these orders, less what was credited for these orders and returns. One statement."""
    rows = (
        Invoice.objects.in_tenant()
        .filter(cause_id__in=list(cause_ids))
        .values_list("kind")
        .annotate(Sum("total_minor"))
    )
    sums = dict(rows)
    return int(sums.get(Invoice.Kind.INVOICE, 0) - sums.get(Invoice.Kind.CREDIT_NOTE, 0))


def seller() -> Seller | None:
    """Who invoices now, if the company has said so. One statement."""
    found: Seller | None = Seller.objects.in_tenant().order_by("-edition").first()
    return found


def seller_on(issued: Invoice) -> Seller | None:
    """Who is named on an invoice: as stated at its time, or, where nothing was stated yet, first of all after it."""
    found: Seller | None = Seller.objects.in_tenant().filter(edition=max(1, issued.seller_edition)).first()
    return found


@cache
def invoicing_began_at() -> datetime:
    """When this installation learnt to invoice: as it was made, or with the upgrade that brought it. One statement.

    What was placed before is not invoiced by itself: its buyer may have had an invoice from elsewhere.
    """
    applied = MigrationRecorder.Migration.objects.using(alias_for(Invoice)).filter(app=Invoice._meta.app_label)
    began: datetime = applied.order_by("applied").values_list("applied", flat=True)[0]
    return began


def start_of(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)
