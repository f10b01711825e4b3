"""Placing an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError

from apps.business.addresses import Address
from apps.business.constraints import violated_constraint, violation_means
from apps.business.currencies import is_currency
from apps.business.inventory import commands as inventory
from apps.business.orders import queries
from apps.business.orders.commands.addressing import Destination, destination_of
from apps.business.orders.commands.arranging import arrange, require_somebody_takes_payments
from apps.business.orders.commands.goods import take_or_promise
from apps.business.orders.commands.lines import NewLine, completed, discount_faults, quantities_of
from apps.business.orders.commands.numbering import next_number
from apps.business.orders.commands.pricing import priced_rows
from apps.business.orders.commands.reviewing import hold, limit_passed_by
from apps.business.orders.commands.telling import placed_event
from apps.business.orders.errors import InvalidOrder, OrderNumberTaken
from apps.business.orders.models import Order, OrderLine, ShippingMethod
from apps.business.units import work_of
from apps.core.db.ids import uuid7
from apps.core.history import Actor

_BATCH = 500
_LONGEST_NUMBER = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What is ordered. Orders from elsewhere bring their own `number` and `placed_at`, and then their prices too.

    An address is given whole or named by its id among the customer's; where none is, the customer's default counts.
    """

    lines: Sequence[NewLine]
    currency: str
    customer_id: UUID | None = None
    note: str = ""
    country: str = ""
    shipping_address: Address | UUID | None = None
    billing_address: Address | UUID | None = None
    shipping_method_id: UUID | None = None
    discount_percent: Decimal = Decimal(0)
    discount_minor: int = 0
    source: str = Order.Source.CONSOLE
    payment_method: str = ""
    number: str = ""
    placed_at: datetime | None = None

    @property
    def historical(self) -> bool:
        return bool(self.number)


def place_order(*, order: NewOrder, actor: Actor, now: datetime, idempotency_key: str = "") -> Order:
    """Place an order: its goods leave the stock in the same transaction, or it is refused. Where some have to be waited
    for, and their products allow that, all are promised to it and leave with its parcels.

    One that is worth more than the company's limit is held instead, until somebody decides (`review_order`). One with
    a `payment_method` (the provider's token of a card, say) is pending until its goods are reserved and its money is
    authorised (`sagas.PLACE_ORDER`).

    Safe to repeat with the same `idempotency_key`: the first order is returned and nothing else happens.
    Raises InvalidOrder, CustomerNotFound, StockShort, OrderNumberTaken. About ten statements, however many lines.
    """
    if idempotency_key and (placed := queries.order_by_idempotency_key(idempotency_key)):
        return placed
    taken = OrderNumberTaken(f"there is an order {order.number} already")
    try:
        with violation_means("orders_order_number", lambda: taken):
            return _place(order, actor=actor, now=now, idempotency_key=idempotency_key)
    except IntegrityError as violation:
        if violated_constraint(violation) != "orders_order_key":
            raise
        placed = queries.order_by_idempotency_key(idempotency_key)
        if placed is None:
            raise
        return placed  # the same request came twice at once: the other was faster


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would cost, and its lines. Neither is kept."""

    order: Order
    lines: Sequence[OrderLine]


def quoted(*, order: NewOrder, now: datetime) -> Quote:
    """What an order would cost if it were placed now. Writes nothing, asks no stock. Raises InvalidOrder."""
    check(order)
    lines = completed(order.lines, currency=order.currency, at=now)
    wanted = made(order, destination_of(order), now=now, key="")
    return Quote(wanted, priced_rows(lines, wanted, order, _way(order, wanted.country)))


def _place(order: NewOrder, *, actor: Actor, now: datetime, idempotency_key: str) -> Order:
    check(order)
    with work_of(actor, Order) as work:
        if order.customer_id is not None:
            (queries.customer if order.historical else queries.buyer)(order.customer_id)
        lines = completed(order.lines, currency=order.currency, at=order.placed_at or now, historical=order.historical)
        placed = made(order, destination_of(order), now=now, key=idempotency_key)
        rows = priced_rows(lines, placed, order, _way(order, placed.country))
        limit = None if order.historical else limit_passed_by(placed)
        pays_now = bool(placed.payment_method and placed.total_minor)
        if not pays_now:
            placed.payment_method = ""
        if pays_now:
            require_somebody_takes_payments()
        elif limit is None:
            _take_goods(lines, placed, actor=actor, now=now)
        if placed.total_minor < 0 and not order.historical:
            raise InvalidOrder("the discounts are larger than the order", errors={"lines": ["total below zero"]})
        placed.number = order.number or next_number()
        if pays_now:
            placed.status = Order.Status.PENDING if limit is None else Order.Status.HELD
            _keep(placed, rows)
            arrange(placed, rows, limit, work=work, now=now)
        elif limit is None:
            _keep(placed, rows)
            work.publish(placed_event(placed, rows), expected=0)
        else:
            placed.status = Order.Status.HELD
            _keep(placed, rows)
            hold(placed, rows, limit, work=work, now=now)
    return placed


def check(order: NewOrder) -> None:
    """Whether the order may be thought of at all. Raises InvalidOrder."""
    errors: dict[str, list[str]] = {}
    if not is_currency(order.currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if len(order.number) > _LONGEST_NUMBER:
        errors["number"] = [f"at most {_LONGEST_NUMBER} characters"]
    errors |= {field: [text] for field, text in discount_faults(order.discount_percent, order.discount_minor)}
    if errors:
        raise InvalidOrder("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)


def _keep(placed: Order, rows: Sequence[OrderLine]) -> None:
    placed.save()
    OrderLine.objects.bulk_create(rows, batch_size=_BATCH)


def _way(order: NewOrder, country: str) -> ShippingMethod | None:
    """How it is sent, if that was said. One statement then. Raises InvalidOrder."""
    if order.shipping_method_id is None:
        return None
    ways = {way.id: way for way in queries.shipping_methods_for(country=country, currency=order.currency)}
    if order.shipping_method_id not in ways:
        where = f"{country or 'a place that nobody named'} in {order.currency}"
        raise InvalidOrder(errors={"shipping_method_id": [f"there is no such way to {where}"]})
    return ways[order.shipping_method_id]


def made(order: NewOrder, going: Destination, *, now: datetime, key: str) -> Order:
    """The order's row, without number, sums and lines."""
    return Order(
        id=uuid7(),
        customer_id=order.customer_id,
        placed_at=order.placed_at or now,
        currency=order.currency,
        country=going.country[:100],
        shipping_address=going.shipping.texts if going.shipping else {},
        billing_address=going.billing.texts if going.billing else {},
        shipping_method_id=order.shipping_method_id,
        note=order.note[:500],
        source=order.source,
        payment_method=order.payment_method[:255],
        idempotency_key=key,
        created_at=now,
    )


def _take_goods(lines: Sequence[NewLine], placed: Order, *, actor: Actor, now: datetime) -> None:
    quantities = quantities_of(lines)
    if quantities:
        occasion = inventory.Occasion(actor=actor, occurred_at=placed.placed_at, recorded_at=now, order_id=placed.id)
        take_or_promise(order_id=placed.id, quantities=quantities, occasion=occasion)
