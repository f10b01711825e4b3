"""Every read of invoices and credit notes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from apps.business.invoicing.errors import InvoiceNotFound
from apps.business.invoicing.models import Invoice, InvoiceLine, Seller


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


def seller() -> Seller | None:
    """Who invoices now, if the company has said so. One statement."""
    found: Seller | None = Seller.objects.in_tenant().order_by("-edition").first()
    return found


def seller_on(issued: Invoice) -> Seller | None:
    """Who is named on an invoice: as stated at its time, or, where nothing was stated yet, first of all after it."""
    found: Seller | None = Seller.objects.in_tenant().filter(edition=max(1, issued.seller_edition)).first()
    return found


def start_of(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)
