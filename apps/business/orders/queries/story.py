"""What happened to orders, and who changed what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.orders.errors import OrderNotFound
from apps.business.orders.models import (
    Customer,
    CustomerAddress,
    Order,
    OrderNote,
    ReviewLimit,
    ShippingMethod,
    TaxRate,
    TaxSettings,
)
from apps.business.orders.queries.orders import require_order
from apps.business.orders.states import ORDER, OrderState
from apps.core.db.router import alias_for
from apps.core.events import Envelope, Known
from apps.core.events.log import stream
from apps.core.events.snapshots import state_of
from apps.core.history.changes import Change, ChangeFilter, changes_of


def timeline(order_id: UUID) -> list[Envelope]:
    """What happened to an order, oldest first, from the event log. Two statements. Raises OrderNotFound."""
    require_order(order_id)
    return stream(order_id, using=alias_for(Order))


def order_as_of(order_id: UUID, at: datetime | None = None) -> Known[OrderState]:
    """What was known of an order at some moment, from its events alone. Two statements.

    Raises OrderNotFound, also when it was not placed yet.
    """
    require_order(order_id)
    known = state_of(ORDER, order_id, using=alias_for(Order), at=at)
    if known is None:
        raise OrderNotFound(f"order {order_id} was not placed yet")
    return known


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of orders, customers and their settings, newest first. Three statements each."""
    tracked = (Order, OrderNote, Customer, CustomerAddress, ReviewLimit, ShippingMethod, TaxRate, TaxSettings)
    return changes_of(*tracked, where=where, limit=limit)


def changes_of_order(order_id: UUID, *, limit: int = 50) -> list[Change]:
    """Who changed an order and what, newest first. Three statements."""
    return changes_of(Order, where=ChangeFilter(entity_ids=(order_id,)), limit=limit)
