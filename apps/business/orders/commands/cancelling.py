"""Cancelling an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.business.inventory import commands as inventory
from apps.business.orders import queries
from apps.business.orders.events import OrderCancelled
from apps.business.orders.models import Order, OrderLine
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor


def cancel_order(
    *, order_id: UUID, reason: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Order:
    """Cancel an order of which nothing came back yet; its goods go back into stock in the same transaction.

    Safe to repeat: a second call changes nothing and publishes nothing.
    Raises OrderNotFound, OrderAlreadyReturned, PreconditionFailed.
    """
    with work_of(actor, Order, reason=reason) as work:
        order = queries.lock_order(order_id)
        if order.is_cancelled:
            return order
        if expected_version is not None and order.version != expected_version:
            raise PreconditionFailed(f"order {order.number} is at version {order.version}", version=order.version)
        order.cancel(at=now, reason=reason[:200])
        _put_back(queries.lines_of(order_id), order, actor=actor, now=now)
        order.save(update_fields=["status", "cancelled_at", "cancel_reason"])
        work.publish(
            OrderCancelled(
                order_id=order.id,
                number=order.number,
                reason=order.cancel_reason,
                occurred_at=now,
                placed_at=order.placed_at,
                currency=order.currency,
                total_minor=order.total_minor,
                customer_id=order.customer_id,
            )
        )
    return order


def _put_back(lines: Iterable[OrderLine], order: Order, *, actor: Actor, now: datetime) -> None:
    counts: Counter[UUID] = Counter()
    for line in lines:
        if line.product_id is not None:
            counts[line.product_id] += line.quantity
    if counts:
        occasion = inventory.Occasion(
            actor=actor, occurred_at=now, recorded_at=now, order_id=order.id, reason=f"order {order.number} cancelled"
        )
        inventory.put_back(quantities=counts, occasion=occasion)
