"""The writes of the read models, called by `handlers` alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
from django.db import connections
from django.utils import timezone

from apps.business.orders import news
from apps.business.orders.events import (
    CreditGiven,
    OrderAllocated,
    OrderCancelled,
    OrderDelivered,
    OrderHeld,
    OrderPaid,
    OrderPaymentAuthorised,
    OrderPaymentVoided,
    OrderPlaced,
    OrderRefunded,
    OrderRefundReturned,
    OrderRefused,
    OrderReleased,
    OrderRequested,
    OrderReturned,
    OrderShipped,
)
from apps.business.orders.models import (
    DailyRevenue,
    FulfilmentStatus,
    LineKind,
    Order,
    OrderSummary,
    PaymentStatus,
)
from apps.business.search_keys import search_key
from apps.core.db.many_rows import insert_rows, update_rows
from apps.core.db.router import alias_for
from apps.core.events import Envelope, Event, InvalidMessage
from apps.core.tenancy import require_tenant_id

Later = (
    OrderAllocated
    | OrderReleased
    | OrderPlaced
    | OrderRefused
    | OrderCancelled
    | OrderReturned
    | OrderPaymentAuthorised
    | OrderPaymentVoided
    | OrderPaid
    | OrderRefunded
    | OrderRefundReturned
    | OrderShipped
    | OrderDelivered
)
_STATUS: dict[type[Event], str] = {
    OrderAllocated: Order.Status.UNDER_REVIEW,
    OrderReleased: Order.Status.HELD,
    OrderPlaced: Order.Status.PLACED,
    OrderRefused: Order.Status.REFUSED,
    OrderCancelled: Order.Status.CANCELLED,
}


_MOVING = ("status", "payment_status", "fulfilment_status", "returned_minor", "last_sequence", "updated_at")


class Listed(msgspec.Struct, kw_only=True):
    """A row of the list of orders, by its columns."""

    tenant_id: UUID
    id: UUID
    number: str
    number_key: str
    customer_id: UUID | None
    status: str
    placed_at: datetime
    currency: str
    line_count: int
    item_count: int
    total_minor: int
    returned_minor: int = 0
    source: str
    payment_status: str = PaymentStatus.UNPAID
    fulfilment_status: str = FulfilmentStatus.UNFULFILLED
    last_sequence: int
    updated_at: datetime


def list_order(event: OrderPlaced, *, sequence: int) -> None:
    """Put the order into the list, where it may be already if it was held. One statement, or two."""
    if sequence > 1:
        _follow(event, sequence)
        return
    insert_rows(OrderSummary, [_new(event, sequence, timezone.now())])
    news.announce(event.order_id, type(event).__name__)


def list_wanted(event: OrderRequested | OrderHeld, *, sequence: int) -> None:
    """Put an order that nobody has agreed to yet into the list. One statement."""
    insert_rows(OrderSummary, [_new(event, sequence, timezone.now())])
    news.announce(event.order_id, type(event).__name__)


def list_on(event: Later, *, sequence: int) -> None:
    """Raises InvalidMessage when the order is not listed, or not as it was just before this event."""
    _follow(event, sequence)


def list_many(envelopes: Sequence[Envelope]) -> None:
    """The same for many events of one tenant. Three statements. Raises InvalidMessage."""
    happened = [(envelope.event(), envelope.metadata.sequence) for envelope in envelopes]
    now = timezone.now()
    fresh = {event.order_id: _new(event, sequence, now) for event, sequence in happened if sequence == 1}
    later = [(event, sequence) for event, sequence in happened if sequence > 1]
    known = _listed({event.order_id for event, _ in later} - set(fresh))
    for event, sequence in later:
        _move_on(fresh.get(event.order_id) or known.get(event.order_id), event, sequence)
    insert_rows(OrderSummary, list(fresh.values()))
    update_rows(OrderSummary, list(known.values()), _MOVING)
    news.announce_all(news.OrderNews(order_id=event.order_id, event_type=type(event).__name__) for event, _ in happened)


def _follow(event: Later, sequence: int) -> None:
    row = _move_on(_listed({event.order_id}).get(event.order_id), event, sequence)
    update_rows(OrderSummary, [row], _MOVING)
    news.announce(event.order_id, type(event).__name__)


def _listed(order_ids: Collection[UUID]) -> dict[UUID, Listed]:
    """These rows, locked to the end of the transaction."""
    if not order_ids:
        return {}
    rows = OrderSummary.objects.in_tenant().select_for_update().filter(id__in=order_ids).order_by("id")
    found = (Listed(**row) for row in rows.values(*Listed.__struct_fields__))
    return {row.id: row for row in found}


def _new(event: OrderRequested | OrderHeld | OrderPlaced, sequence: int, now: datetime) -> Listed:
    return Listed(
        tenant_id=require_tenant_id(),
        id=event.order_id,
        number=event.number,
        number_key=search_key(event.number),
        customer_id=event.customer_id,
        status=_first_status(event),
        placed_at=event.occurred_at,
        currency=event.currency,
        line_count=len(event.lines),
        item_count=sum([line.quantity for line in event.lines if line.kind == LineKind.PRODUCT]),
        total_minor=event.total_minor,
        source=event.source,
        last_sequence=sequence,
        updated_at=now,
    )


def _first_status(event: OrderRequested | OrderHeld | OrderPlaced) -> str:
    if isinstance(event, OrderRequested):
        return Order.Status.PENDING
    if isinstance(event, OrderPlaced):
        return Order.Status.PLACED
    return Order.Status.UNDER_REVIEW if event.goods_set_aside else Order.Status.HELD


def _move_on(summary: Listed | None, event: Later, sequence: int) -> Listed:
    if summary is None or summary.last_sequence != sequence - 1:
        seen = summary.last_sequence if summary else 0
        raise InvalidMessage(f"order {event.order_id}: event {sequence} came after {seen}")
    _change(summary, event)
    summary.last_sequence, summary.updated_at = sequence, timezone.now()
    return summary


def _change(summary: Listed, event: Later) -> None:
    match event:
        case OrderReturned():
            summary.status = Order.Status.RETURNED if event.everything else Order.Status.PARTLY_RETURNED
            summary.returned_minor += event.total_minor
        case OrderPaymentAuthorised() | OrderPaymentVoided() | OrderPaid() | OrderRefunded() | OrderRefundReturned():
            summary.payment_status = _payment_status(summary, event)
        case OrderShipped():
            sent = FulfilmentStatus.SHIPPED if event.everything else FulfilmentStatus.PARTLY_SHIPPED
            summary.fulfilment_status = sent
        case OrderDelivered():
            if event.everything:
                summary.fulfilment_status = FulfilmentStatus.DELIVERED
        case OrderAllocated() | OrderReleased() if summary.status == Order.Status.PENDING:
            pass
        case _:
            summary.status = _STATUS[type(event)]


def _payment_status(summary: Listed, event: Later) -> str:
    match event:
        case OrderPaymentAuthorised():
            return PaymentStatus.AUTHORISED
        case OrderPaid():
            return PaymentStatus.PAID if event.everything else PaymentStatus.AUTHORISED
        case OrderRefunded():
            return PaymentStatus.REFUNDED if event.everything else PaymentStatus.PARTLY_REFUNDED
        case OrderRefundReturned() if event.refunded_minor:
            return PaymentStatus.PARTLY_REFUNDED
        case OrderRefundReturned():
            return PaymentStatus.PAID if event.paid_minor >= summary.total_minor else PaymentStatus.AUTHORISED
        case _:
            return PaymentStatus.UNPAID


@dataclass(frozen=True, slots=True)
class Figures:
    """What is added to a day."""

    orders: int = 0
    sold_minor: int = 0
    returned_minor: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.orders + other.orders, self.sold_minor + other.sold_minor, self.returned_minor + other.returned_minor
        )


def count(event: Event) -> None:
    """Add what the event means to the figures of its day. One statement."""
    _add(*_meant(event))


def count_many(envelopes: Sequence[Envelope]) -> None:
    """The same for many events of one tenant. One statement for each day and currency."""
    days: dict[tuple[date, str], Figures] = defaultdict(Figures)
    for envelope in envelopes:
        day, figures = _meant(envelope.event())
        days[day] += figures
    for day in sorted(days):
        _add(day, days[day])


def _meant(event: Event) -> tuple[tuple[date, str], Figures]:
    """The day (UTC) and currency, and what is added there. A cancelled order leaves the day on which it was placed;
    what came back, and a credit, count on the day on which they did.
    """
    match event:
        case OrderPlaced():
            return _day(event.occurred_at, event.currency), Figures(orders=1, sold_minor=event.total_minor)
        case OrderCancelled():
            return _day(event.placed_at, event.currency), Figures(orders=-1, sold_minor=-event.total_minor)
        case OrderReturned() | CreditGiven():
            return _day(event.occurred_at, event.currency), Figures(returned_minor=event.total_minor)
    raise InvalidMessage(f"{type(event).__name__} means nothing to the revenue")


def _day(at: datetime, currency: str) -> tuple[date, str]:
    return at.astimezone(UTC).date(), currency


def _add(day: tuple[date, str], figures: Figures) -> None:
    """One statement; handlers of other orders may do the same at once."""
    with connections[alias_for(DailyRevenue)].cursor() as cursor:
        cursor.execute(
            "insert into orders_dailyrevenue as known "
            "(tenant_id, day, currency, order_count, sold_minor, returned_minor) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (tenant_id, day, currency) do update set "
            "order_count = known.order_count + excluded.order_count, "
            "sold_minor = known.sold_minor + excluded.sold_minor, "
            "returned_minor = known.returned_minor + excluded.returned_minor",
            [require_tenant_id(), *day, figures.orders, figures.sold_minor, figures.returned_minor],
        )
