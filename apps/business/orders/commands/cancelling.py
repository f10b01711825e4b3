"""Cancelling an order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.inventory import commands as inventory
from apps.business.orders.commands.changing import ChangingOrder, changing
from apps.business.orders.commands.goods import give_back
from apps.business.orders.errors import OrderNotPaidYet
from apps.business.orders.events import OrderCancelled
from apps.business.orders.models import Order
from apps.business.orders.states import OrderState
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor


def cancel_order(
    *, order_id: UUID, reason: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Order:
    """Cancel an order of which nothing left or came back yet; its goods are in stock again in the same transaction.

    Safe to repeat: a second call changes nothing and publishes nothing.
    Raises OrderNotFound, OrderNotDecided, OrderAlreadyShipped, OrderAlreadyReturned, OrderNotPaidYet,
    PreconditionFailed.
    """
    with changing(order_id, actor=actor, reason=reason) as order:
        if order.state.is_cancelled:
            return order.row
        if expected_version is not None and order.row.version != expected_version:
            raise PreconditionFailed(
                f"order {order.row.number} is at version {order.row.version}", version=order.row.version
            )
        if order.row.payment_method and order.state.payment_status in ("unpaid", "authorised"):
            raise OrderNotPaidYet(f"the payment of order {order.state.number} is being taken: try again in a moment")
        _cancel(order, reason=reason, actor=actor, now=now)
    return order.row


def called_off(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """The same for whoever takes the payment, and knows how it stands."""
    with changing(order_id, actor=actor, reason=reason) as order:
        if not order.state.is_cancelled:
            _cancel(order, reason=reason, actor=actor, now=now)


def _cancel(order: ChangingOrder, *, reason: str, actor: Actor, now: datetime) -> None:
    order.state.require_cancellable()
    _put_back(order.state, actor=actor, now=now)
    order.happen(_cancelled(order.state, reason=reason[:200], now=now))


def _cancelled(state: OrderState, *, reason: str, now: datetime) -> OrderCancelled:
    return OrderCancelled(
        order_id=state.id,
        number=state.number,
        reason=reason,
        occurred_at=now,
        placed_at=state.placed_at,
        currency=state.currency,
        total_minor=state.total_minor,
        customer_id=state.customer_id,
    )


def _put_back(state: OrderState, *, actor: Actor, now: datetime) -> None:
    occasion = inventory.Occasion(
        actor=actor, occurred_at=now, recorded_at=now, order_id=state.id, reason=f"order {state.number} cancelled"
    )
    give_back(order_id=state.id, occasion=occasion)
