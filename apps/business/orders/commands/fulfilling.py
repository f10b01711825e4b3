"""What happens to an agreed order: its money comes in or goes back, its goods leave and arrive.

Called by shipping and by what payments announce. Each may be repeated: what is known already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.commands.changing import changing
from apps.business.orders.errors import InvalidShipment, OrderNotPaidYet, ShipmentNotFound
from apps.business.orders.events import (
    LineShipped,
    OrderDelivered,
    OrderPaid,
    OrderPaymentAuthorised,
    OrderPaymentVoided,
    OrderRefunded,
    OrderRefundReturned,
    OrderShipped,
)
from apps.business.orders.models import Order
from apps.business.orders.states import OrderState
from apps.core.events import Event
from apps.core.history import Actor


def note_shipped(
    *,
    order_id: UUID,
    shipment_id: UUID,
    quantities: Mapping[UUID, int],
    actor: Actor,
    now: datetime,
    carrier: str = "",
    tracking_number: str = "",
) -> OrderState:
    """Goods of an order are on their way: `quantities` by the id of the order's line. Safe to repeat by `shipment_id`.

    The stock is the caller's to move. Raises OrderNotFound, OrderNotDecided, OrderIsCancelled, OrderNotPaidYet,
    InvalidShipment.
    """
    with changing(order_id, actor=actor) as order:
        if order.state.shipment(shipment_id) is not None:
            return order.state
        order.state.require_agreed()
        _require_for_good(order.row)
        _check(quantities, order.state)
        order.happen(
            OrderShipped(
                order_id=order_id,
                shipment_id=shipment_id,
                number=order.state.number,
                occurred_at=now,
                everything=all(line.owed_quantity == quantities.get(line.id, 0) for line in order.state.lines),
                lines=tuple(_left(order.state, quantities)),
                carrier=carrier[:100],
                tracking_number=tracking_number[:100],
                customer_id=order.state.customer_id,
            )
        )
    return order.state


def note_delivered(*, order_id: UUID, shipment_id: UUID, actor: Actor, now: datetime) -> OrderState:
    """A shipment of an order has arrived. Safe to repeat. Raises OrderNotFound, ShipmentNotFound."""
    with changing(order_id, actor=actor) as order:
        state = order.state
        parcel = state.shipment(shipment_id)
        if parcel is None:
            raise ShipmentNotFound(f"order {state.number} has no shipment {shipment_id}")
        if parcel.delivered_at is not None:
            return state
        others = [one for one in state.shipments if one.id != shipment_id]
        arrived = state.fulfilment_status == "shipped" and all(one.delivered_at for one in others)
        order.happen(
            OrderDelivered(
                order_id=order_id,
                shipment_id=shipment_id,
                number=state.number,
                occurred_at=now,
                everything=arrived,
                customer_id=state.customer_id,
            )
        )
    return order.state


def note_payment(
    *,
    order_id: UUID,
    authorised_minor: int,
    captured_minor: int,
    refunded_minor: int,
    actor: Actor,
    now: datetime,
) -> OrderState:
    """How an order's money stands now, in sums so far: held ready, taken, given back. Safe to repeat.

    What was taken stays taken, so that late news do no harm; what was given back may have come back from the buyer's
    bank. Raises OrderNotFound.
    """
    with changing(order_id, actor=actor) as order:
        for event in _news(order.state, authorised_minor, captured_minor, refunded_minor, now):
            order.happen(event)
    return order.state


def _require_for_good(order: Order) -> None:
    """Nothing leaves that might have to come back because its money does not come (ADR 39)."""
    if queries.may_come_to_nothing(order):
        raise OrderNotPaidYet(
            f"the money for order {order.number} is not taken yet: pack the parcel, and send it once the order is paid"
        )


def _check(quantities: Mapping[UUID, int], state: OrderState) -> None:
    errors: dict[str, list[str]] = {}
    for line_id, quantity in quantities.items():
        line = state.line(line_id)
        if line is None or line.product_id is None:
            errors[f"lines.{line_id}"] = ["the order has no such goods"]
        elif not 0 < quantity <= line.owed_quantity:
            errors[f"lines.{line_id}"] = [f"from 1 to {line.owed_quantity}"]
    if not quantities:
        errors["lines"] = ["nothing is to be shipped"]
    if errors:
        place, texts = next(iter(errors.items()))
        raise InvalidShipment(f"{place}: {texts[0]}", errors=errors)


def _left(state: OrderState, quantities: Mapping[UUID, int]) -> Iterator[LineShipped]:
    for line in state.lines:
        if line.id in quantities:
            yield LineShipped(order_line_id=line.id, product_id=line.product_id, quantity=quantities[line.id])


def _news(state: OrderState, authorised: int, captured: int, refunded: int, now: datetime) -> Iterator[Event]:
    facts = state.named(now)
    money = {**facts, "currency": state.currency}
    if authorised > 0 and authorised != state.authorised_minor and not state.paid_minor:
        yield OrderPaymentAuthorised(**money, authorised_minor=authorised)
    elif authorised == 0 and state.authorised_minor and captured == 0:
        yield OrderPaymentVoided(**facts)
    if captured > state.paid_minor:
        amount, everything = captured - state.paid_minor, captured >= state.total_minor
        yield OrderPaid(**money, amount_minor=amount, paid_minor=captured, everything=everything)
    if refunded > state.refunded_minor:
        amount, everything = refunded - state.refunded_minor, refunded >= captured
        yield OrderRefunded(**money, amount_minor=amount, refunded_minor=refunded, everything=everything)
    if refunded < state.refunded_minor and captured >= state.paid_minor:
        amount = state.refunded_minor - refunded
        yield OrderRefundReturned(**money, amount_minor=amount, refunded_minor=refunded, paid_minor=captured)
