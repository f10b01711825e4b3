"""Whether every order has the invoice, and everything that came back the credit note, that it should have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.invoicing import queries
from apps.business.invoicing.models import Invoice

_AGREED = ("placed", "partly_returned", "returned")


def otherwise_invoiced(orders: Sequence[Any], *, before: datetime) -> Mapping[UUID, str]:
    """Orders whose invoice is of another amount or missing; cancelled ones of which that is true of the credit note.

    What was placed before there were invoices, or imported by an earlier release, may lack them. Two statements.
    """
    invoiced = _totals(Invoice.Kind.INVOICE, [order.id for order in orders])
    credited = _totals(Invoice.Kind.CREDIT_NOTE, [order.id for order in orders])
    found = {}
    for order in orders:
        wants = _wants_papers(order, before)
        wrong = _differs("invoice", order, invoiced, missing=wants and order.status in _AGREED)
        wrong = wrong or _differs("credit note", order, credited, missing=wants and order.status == "cancelled")
        if wrong:
            found[order.id] = f"order {order.number} {wrong}"
    return found


def otherwise_credited(returns: Sequence[Any], *, before: datetime) -> Mapping[UUID, str]:
    """Returns whose credit note is of another amount or missing. One statement."""
    credited = _totals(Invoice.Kind.CREDIT_NOTE, [one.id for one in returns])
    return {
        one.id: f"return {one.number or one.id} {wrong}"
        for one in returns
        if (wrong := _differs("credit note", one, credited, missing=_wants_note(one, before)))
    }


def _totals(kind: str, cause_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = Invoice.objects.in_tenant().filter(kind=kind, cause_id__in=list(cause_ids))
    return dict(rows.values_list("cause_id", "total_minor"))


def _differs(paper: str, of: Any, totals: Mapping[UUID, int], *, missing: bool) -> str:
    if of.id not in totals:
        return f"has no {paper}" if missing else ""
    total = totals[of.id]
    return "" if total == of.total_minor else f"is worth {of.total_minor}, its {paper} {total}"


def _wants_papers(order: Any, before: datetime) -> bool:
    return order.source != "import" and queries.invoicing_began_at() <= order.created_at and order.updated_at < before


def _wants_note(one: Any, before: datetime) -> bool:
    return not one.number and queries.invoicing_began_at() <= one.created_at < before
