"""An order that is paid for at once: its goods are set aside, its money is asked for, then it is placed.

`sagas.PLACE_ORDER` is its way. Each step looks at what the order's events say, so that it may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.business.inventory import commands as inventory
from apps.business.orders import queries
from apps.business.orders.commands.cancelling import called_off
from apps.business.orders.commands.changing import changing
from apps.business.orders.commands.telling import held_event, placed_event, requested_event
from apps.business.orders.errors import InvalidOrder
from apps.business.orders.events import OrderAllocated, OrderRefused, OrderReleased
from apps.business.orders.models import Order, OrderLine, ReviewLimit
from apps.business.orders.states import OrderState
from apps.business.payments import queries as payments
from apps.core.events import UnitOfWork
from apps.core.history import Actor
from apps.core.sagas import Context, begin

SAGA = queries.PLACE_ORDER
_TIME_TO_PAY = timedelta(days=1)


class OrderToPlace(Context):
    """What the saga knows."""

    order_id: UUID
    number: str
    needs_review: bool
    payment_id: UUID | None = None


def require_somebody_takes_payments() -> None:
    """One statement. Raises InvalidOrder."""
    if not payments.chosen_provider().provider:
        errors = {"payment_method": ["nobody takes payments yet: a provider has to be chosen first"]}
        raise InvalidOrder("there is no payment provider", errors=errors)


def arrange(
    order: Order, rows: Sequence[OrderLine], limit: ReviewLimit | None, *, work: UnitOfWork, now: datetime
) -> None:
    """Announce a new order as wanted, and begin its way. Part of the caller's unit of work."""
    time_to_decide = timedelta(days=limit.decide_within_days) if limit else timedelta()
    if limit:
        work.publish(held_event(order, rows, decide_by=now + time_to_decide), expected=0)
    else:
        work.publish(requested_event(order, rows), expected=0)
    known = OrderToPlace(order_id=order.id, number=order.number, needs_review=limit is not None)
    begin(SAGA, known, key=order.id, now=now, deadline=time_to_decide + _TIME_TO_PAY)


def set_goods_aside(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """Reserve the goods of an order that nobody has agreed to yet. Safe to repeat. Raises StockShort."""
    with changing(order_id, actor=actor) as order:
        if not order.state.is_open_to_decide or order.state.allocated:
            return
        if order.state.goods:
            occasion = _occasion(order.state, actor, now)
            inventory.reserve(order_id=order_id, quantities=order.state.goods, occasion=occasion)
        order.happen(OrderAllocated(**order.state.named(now)))


def give_goods_up(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """They are there for others again. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if not order.state.is_open_to_decide or not order.state.allocated:
            return
        inventory.release(order_id=order_id, occasion=_occasion(order.state, actor, now))
        order.happen(OrderReleased(**order.state.named(now)))


def confirm(*, order_id: UUID, actor: Actor) -> None:
    """The order is placed, as any other. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if order.state.is_open_to_decide:
            order.happen(placed_event(order.row, queries.lines_of(order_id)))


def call_off(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """A placed order is not paid for in the end. Safe to repeat."""
    called_off(order_id=order_id, reason=reason, actor=actor, now=now)


def refuse(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """Nothing comes of the order. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if order.state.is_open_to_decide:
            order.happen(OrderRefused(**order.state.named(now)))


def _occasion(state: OrderState, actor: Actor, now: datetime) -> inventory.Occasion:
    reason = f"for order {state.number}"
    return inventory.Occasion(actor=actor, occurred_at=now, recorded_at=now, order_id=state.id, reason=reason)
