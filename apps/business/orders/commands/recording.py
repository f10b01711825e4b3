"""Orders of the past: what was agreed, paid, sent and delivered before anybody told this platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.inventory import commands as inventory
from apps.business.orders import queries
from apps.business.orders.commands.addressing import destination_of
from apps.business.orders.commands.changing import kept
from apps.business.orders.commands.lines import completed, quantities_of
from apps.business.orders.commands.placing import NewOrder, check, made
from apps.business.orders.commands.pricing import priced_rows
from apps.business.orders.commands.telling import placed_event
from apps.business.orders.errors import CustomerNotFound, InvalidOrder, OrderNumberTaken
from apps.business.orders.events import LineShipped, OrderDelivered, OrderPaid, OrderShipped
from apps.business.orders.models import Customer, Order, OrderLine
from apps.business.orders.states import OrderState, followed
from apps.business.units import work_of
from apps.core.db.ids import uuid7
from apps.core.events import Event
from apps.core.history import Actor

_BATCH = 500


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that is recorded, its lines in their order, and the id of the one parcel that its goods left in."""

    order: Order
    lines: tuple[OrderLine, ...]
    shipment_id: UUID

    @property
    def goods(self) -> list[OrderLine]:
        """The lines that were in the parcel; without any there was none."""
        return [line for line in self.lines if line.product_id is not None]


def record_past_orders(*, orders: Sequence[NewOrder], actor: Actor, now: datetime) -> list[PastOrder]:
    """Record orders that were placed, paid and delivered elsewhere, with their own numbers, times and prices.

    Their goods leave the stock one order after the other. The money, the parcels and the papers are for who records
    those. All or nothing; about nine statements, however many orders. All are in one currency.
    Raises InvalidOrder, CustomerNotFound, StockShort, OrderNumberTaken.
    """
    _check(orders)
    taken = OrderNumberTaken(f"there is an order with one of the numbers {', '.join(one.number for one in orders[:5])}")
    with violation_means("orders_order_number", lambda: taken), work_of(actor, Order) as work:
        past, streams = _recorded(orders, actor=actor, now=now)
        _take_goods(past, actor=actor, now=now)
        Order.objects.bulk_create([one.order for one in past])
        OrderLine.objects.bulk_create([line for one in past for line in one.lines], batch_size=_BATCH)
        work.publish_all(streams)
    return past


def _check(orders: Sequence[NewOrder]) -> None:
    for wish in orders:
        check(wish)
        if not wish.historical or wish.placed_at is None or wish.payment_method or not wish.lines:
            raise InvalidOrder("an order of the past brings its number, its time and its lines, and was paid for")
    if len({wish.currency for wish in orders}) > 1:
        raise InvalidOrder("the orders are in different currencies")


def _recorded(orders: Sequence[NewOrder], *, actor: Actor, now: datetime) -> tuple[list[PastOrder], list[list[Event]]]:
    """The orders as they stand after all that happened to them, and what that was. Two statements."""
    buyers = _buyers({wish.customer_id for wish in orders if wish.customer_id})
    known = iter(
        completed([line for wish in orders for line in wish.lines], currency=orders[0].currency, historical=True)
    )
    past, streams = [], []
    for wish in orders:
        order = made(wish, destination_of(wish), now=now, key="")
        order.customer = buyers[wish.customer_id] if wish.customer_id else None
        order.number = wish.number
        rows = priced_rows([next(known) for _ in wish.lines], order, wish)
        one = PastOrder(order, tuple(rows), uuid7())
        happened = list(_happened(one))
        _stand_as(one, reduce(followed, happened, None), len(happened), actor=actor, now=now)
        past.append(one)
        streams.append(happened)
    return past, streams


def _buyers(customer_ids: Collection[UUID]) -> dict[UUID, Customer]:
    found = queries.customers_by_id(customer_ids)
    for customer_id in customer_ids:
        if customer_id not in found:
            raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


def _happened(past: PastOrder) -> Iterator[Event]:
    """All at the time of the order: it is not known when it was paid for and when it arrived."""
    order, at = past.order, past.order.placed_at
    facts = {"order_id": order.id, "number": order.number, "customer_id": order.customer_id, "occurred_at": at}
    yield placed_event(order, past.lines)
    if order.total_minor > 0:
        paid = {"amount_minor": order.total_minor, "paid_minor": order.total_minor, "everything": True}
        yield OrderPaid(**facts, currency=order.currency, **paid)
    if past.goods:
        sent = tuple(
            LineShipped(order_line_id=line.id, product_id=line.product_id, quantity=line.quantity)
            for line in past.goods
        )
        yield OrderShipped(**facts, shipment_id=past.shipment_id, everything=True, lines=sent)
        yield OrderDelivered(**facts, shipment_id=past.shipment_id, everything=True)


def _stand_as(past: PastOrder, state: OrderState | None, changes: int, *, actor: Actor, now: datetime) -> None:
    """The rows say what the events say, as after `commands.changing`."""
    if state is None:
        raise InvalidOrder("nothing has happened to the order")
    order = past.order
    for name, value in kept(state).items():
        setattr(order, name, value)
    order.version, order.created_by, order.updated_by, order.updated_at = changes, actor.id, actor.id, now
    for row, line in zip(past.lines, state.lines, strict=True):
        row.shipped_quantity = line.shipped_quantity


def _take_goods(past: Sequence[PastOrder], *, actor: Actor, now: datetime) -> None:
    takings = []
    for one in past:
        order = one.order
        occasion = inventory.Occasion(actor=actor, occurred_at=order.placed_at, recorded_at=now, order_id=order.id)
        takings.append((quantities_of(one.lines), occasion))
    inventory.take_each(takings)
