"""Papers for what was ordered, cancelled and returned before this installation learnt to invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.business.invoicing import commands, queries
from apps.business.invoicing.models import Invoice
from apps.business.orders import queries as orders
from apps.business.units import work_of
from apps.core.history import Actor

_AGREED = ("placed", "partly_returned", "returned", "cancelled")
Heard = Callable[[int], None]


def invoice_earlier_orders(*, actor: Actor, since: datetime | None = None, heard: Heard = lambda count: None) -> int:
    """Record what is missing of each order: its invoice, and the credit notes of what became of it, each with its own
    date and a number of the series of the past. Imported orders of earlier releases are among them.

    Safe to repeat, and to be stopped at any point. Returns how many papers were recorded.
    """
    recorded = 0
    for page in orders.pages_of_orders():
        agreed = [order for order in page if _is_meant(order, order.placed_at, since)]
        recorded += _record_page(sorted(agreed, key=lambda order: (order.placed_at, order.id)), actor)
        heard(recorded)
    for returns in orders.pages_of_returns():
        for one in returns:
            if one.created_at < queries.invoicing_began_at() or one.number:
                recorded += _record_return(one, actor, since)
        heard(recorded)
    return recorded


def _is_meant(order: Any, at: datetime, since: datetime | None) -> bool:
    """What was placed here since invoices are issued has its own, now or in a moment."""
    earlier = order.created_at < queries.invoicing_began_at() or order.source == "import"
    return earlier and order.status in _AGREED and (since is None or at >= since)


def _record_page(page: list[Any], actor: Actor) -> int:
    with work_of(actor, Invoice):
        locked = orders.lock_orders([order.id for order in page])
        invoiced = queries.issued_causes([order.id for order in page], Invoice.Kind.INVOICE)
        credited = queries.issued_causes([order.id for order in page], Invoice.Kind.CREDIT_NOTE)
        missing = [order for order in page if order.id in locked and order.id not in invoiced]
        commands.record_invoices(orders=[(order, order.lines.all()) for order in missing], actor=actor)
        cancelled = [order for order in page if order.status == "cancelled" and order.id not in credited]
        for order in cancelled:
            commands.record_cancellation(order_id=order.id, actor=actor)
    return len(missing) + len(cancelled)


def _record_return(one: Any, actor: Actor, since: datetime | None) -> int:
    if since is not None and one.returned_at < since:
        return 0
    with work_of(actor, Invoice):
        orders.lock_return(one.id)
        if queries.issued_for(one.id, Invoice.Kind.CREDIT_NOTE):
            return 0
        commands.record_credit_note(order_return_id=one.id, actor=actor)
    return 1
