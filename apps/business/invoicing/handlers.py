"""Issues what an order's fate asks for. Each runs at least once: one that is issued already stays the only one."""

from __future__ import annotations

from django.utils import timezone

from apps.business.invoicing import commands, queries
from apps.business.orders.events import CreditGiven, OrderCancelled, OrderPlaced, OrderReturned
from apps.core.events import Envelope, handles
from apps.core.history import SYSTEM

INVOICING = "business.invoicing"


@handles(OrderPlaced, group=INVOICING)
def invoice_order(event: OrderPlaced, *, envelope: Envelope) -> None:
    """A placed order is invoiced. One that was imported brought its invoice, and what was placed before there were any
    is left to `manage.py invoice_earlier_orders`.
    """
    if event.source == "import" or envelope.timestamp < queries.invoicing_began_at():
        return
    commands.invoice_order(order_id=event.order_id, actor=SYSTEM, now=timezone.now())


@handles(OrderCancelled, group=INVOICING)
def credit_cancelled_order(event: OrderCancelled) -> None:
    """A cancelled order is credited as a whole."""
    commands.credit_cancelled_order(order_id=event.order_id, actor=SYSTEM, now=timezone.now())


@handles(OrderReturned, group=INVOICING)
def credit_return_of_order(event: OrderReturned) -> None:
    """What came back of an order is credited."""
    commands.credit_return(order_return_id=event.order_return_id, actor=SYSTEM, now=timezone.now())


@handles(CreditGiven, group=INVOICING)
def credit_without_order(event: CreditGiven) -> None:
    """So is what came back of a purchase that is not known here."""
    commands.credit_return(order_return_id=event.order_return_id, actor=SYSTEM, now=timezone.now())
