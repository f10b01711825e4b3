"""The writes of the read models, called by `handlers` alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connections
from django.utils import timezone

from apps.business.orders import news
from apps.business.orders.events import OrderCancelled, OrderPlaced, OrderReturned
from apps.business.orders.models import DailyRevenue, LineKind, Order, OrderSummary
from apps.business.search_keys import search_key
from apps.core.db.router import alias_for
from apps.core.events import InvalidMessage
from apps.core.tenancy import require_tenant_id


def list_order(event: OrderPlaced, *, sequence: int) -> None:
    """Put the order into the list. One statement."""
    goods = [line for line in event.lines if line.kind == LineKind.PRODUCT]
    OrderSummary.objects.create(
        id=event.order_id,
        number=event.number,
        number_key=search_key(event.number),
        customer_id=event.customer_id,
        status=Order.Status.PLACED,
        placed_at=event.occurred_at,
        currency=event.currency,
        line_count=len(event.lines),
        item_count=sum(line.quantity for line in goods),
        total_minor=event.total_minor,
        source=event.source,
        last_sequence=sequence,
    )
    news.announce(event.order_id, type(event).__name__)


def list_as_cancelled(event: OrderCancelled, *, sequence: int) -> None:
    """Raises InvalidMessage when the order is not listed, or not as it was just before this event."""
    summary = _before(event.order_id, sequence)
    summary.status = Order.Status.CANCELLED
    _save(summary, sequence)
    news.announce(event.order_id, type(event).__name__)


def list_as_returned(event: OrderReturned, *, sequence: int) -> None:
    """Raises InvalidMessage when the order is not listed, or not as it was just before this event."""
    summary = _before(event.order_id, sequence)
    summary.status = Order.Status.RETURNED if event.everything else Order.Status.PARTLY_RETURNED
    summary.returned_minor += event.total_minor
    _save(summary, sequence)
    news.announce(event.order_id, type(event).__name__)


def _before(order_id: UUID, sequence: int) -> OrderSummary:
    summary = OrderSummary.objects.in_tenant().select_for_update().filter(id=order_id).first()
    if summary is None or summary.last_sequence != sequence - 1:
        seen = summary.last_sequence if summary else 0
        raise InvalidMessage(f"order {order_id}: event {sequence} came after {seen}")
    found: OrderSummary = summary
    return found


def _save(summary: OrderSummary, sequence: int) -> None:
    summary.last_sequence, summary.updated_at = sequence, timezone.now()
    summary.save()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is added to a day."""

    orders: int = 0
    sold_minor: int = 0
    returned_minor: int = 0


def add_to_day(at: datetime, currency: str, figures: Figures) -> None:
    """Add to the figures of the day (UTC) of `at`. One statement; handlers of other orders may do the same at once."""
    with connections[alias_for(DailyRevenue)].cursor() as cursor:
        cursor.execute(
            "insert into orders_dailyrevenue as known "
            "(tenant_id, day, currency, order_count, sold_minor, returned_minor) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (tenant_id, day, currency) do update set "
            "order_count = known.order_count + excluded.order_count, "
            "sold_minor = known.sold_minor + excluded.sold_minor, "
            "returned_minor = known.returned_minor + excluded.returned_minor",
            [
                require_tenant_id(),
                at.astimezone(UTC).date(),
                currency,
                figures.orders,
                figures.sold_minor,
                figures.returned_minor,
            ],
        )
