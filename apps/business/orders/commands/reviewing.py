"""Orders that are worth more than a company lets pass: held, reserved, decided on. `sagas.REVIEW_ORDER` is their way.

Each step looks at the order's own status under its lock, so that it may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.business.currencies import is_currency
from apps.business.inventory import commands as inventory
from apps.business.orders import queries
from apps.business.orders.commands import arranging
from apps.business.orders.commands.changing import changing
from apps.business.orders.commands.goods import give_back, take_or_promise
from apps.business.orders.commands.telling import held_event, placed_event
from apps.business.orders.errors import InvalidReviewLimit, OrderNotUnderReview, ReviewLimitNotFound
from apps.business.orders.events import OrderAllocated, OrderRefused, OrderReleased
from apps.business.orders.models import Order, OrderLine, ReviewLimit
from apps.business.orders.states import OrderState
from apps.business.units import work_of
from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import Actor
from apps.core.sagas import Context, begin, decide

SAGA = "business.review-order"
_MOST_MINOR = 10**15


class OrderInReview(Context):
    """What the saga knows."""

    order_id: UUID
    number: str


def limit_passed_by(order: Order) -> ReviewLimit | None:
    """The limit that the order is above, if it is above one. One statement."""
    limit = queries.review_limit(order.currency)
    return limit if limit is not None and order.total_minor > limit.above_minor else None


def hold(order: Order, rows: Sequence[OrderLine], limit: ReviewLimit, *, work: UnitOfWork, now: datetime) -> None:
    """Announce a new order as held, and begin its way. Part of the caller's unit of work."""
    time_to_decide = timedelta(days=limit.decide_within_days)
    work.publish(held_event(order, rows, decide_by=now + time_to_decide), expected=0)
    known = OrderInReview(order_id=order.id, number=order.number)
    begin(SAGA, known, key=order.id, now=now, deadline=time_to_decide)


def review_order(*, order_id: UUID, approved: bool, reason: str, actor: Actor, now: datetime) -> Order:
    """Agree to an order under review, or refuse it. What follows is done by its saga.

    Raises OrderNotFound, OrderNotUnderReview, OwnDecision, NothingToDecide.
    """
    with work_of(actor, Order, reason=reason):
        order = queries.lock_order(order_id)
        if not order.is_open_to_decide:
            raise OrderNotUnderReview(f"order {order.number} is {order.status}")
        saga = arranging.SAGA if order.payment_method else SAGA
        decide(saga, order_id, approved=approved, reason=reason, actor=actor, now=now)
    return order


def reserve_goods(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """Take the goods of a held order out of the stock. Safe to repeat. Raises StockShort."""
    with changing(order_id, actor=actor) as order:
        # The row: where an order was held by the first release, its events do not tell this moment.
        if order.row.status != Order.Status.HELD:
            return
        if order.state.goods:
            occasion = _occasion(order.state, actor, now, f"reserved for order {order.state.number}")
            take_or_promise(order_id=order_id, quantities=order.state.goods, occasion=occasion)
        order.happen(OrderAllocated(**order.state.named(now)))


def release_goods(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """Put them back. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if order.row.status != Order.Status.UNDER_REVIEW:
            return
        if order.state.goods:
            occasion = _occasion(order.state, actor, now, f"order {order.state.number} came to nothing")
            give_back(order_id=order_id, occasion=occasion)
        order.happen(OrderReleased(**order.state.named(now)))


def confirm_order(*, order_id: UUID, actor: Actor) -> None:
    """The order is placed, as any other. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if order.state.status == Order.Status.UNDER_REVIEW:
            order.happen(placed_event(order.row, queries.lines_of(order_id)))


def refuse_order(*, order_id: UUID, actor: Actor, now: datetime) -> None:
    """Nothing comes of a held order. Safe to repeat."""
    with changing(order_id, actor=actor) as order:
        if order.row.status == Order.Status.HELD:
            order.happen(OrderRefused(**order.state.named(now)))


def set_review_limit(*, currency: str, above_minor: int, decide_within_days: int, actor: Actor) -> ReviewLimit:
    """Say above which worth orders in a currency are reviewed from now on. Safe to repeat.

    Raises InvalidReviewLimit.
    """
    errors: dict[str, list[str]] = {}
    if not is_currency(currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if not 0 <= above_minor <= _MOST_MINOR:
        errors["above_minor"] = ["zero or more, in minor units"]
    if not 1 <= decide_within_days <= 90:
        errors["decide_within_days"] = ["from 1 to 90"]
    if errors:
        raise InvalidReviewLimit(errors=errors)
    with unit_of_work(ReviewLimit, actor=actor):
        limit = queries.review_limit(currency) or ReviewLimit(currency=currency)
        limit.above_minor, limit.decide_within_days = above_minor, decide_within_days
        limit.save()
    return limit


def remove_review_limit(*, currency: str, actor: Actor) -> None:
    """Let every order in a currency pass from now on. Raises ReviewLimitNotFound."""
    with unit_of_work(ReviewLimit, actor=actor):
        limit = queries.review_limit(currency)
        if limit is None:
            raise ReviewLimitNotFound(f"orders in {currency} are not reviewed")
        limit.delete()


def _occasion(state: OrderState, actor: Actor, now: datetime, reason: str) -> inventory.Occasion:
    return inventory.Occasion(actor=actor, occurred_at=now, recorded_at=now, order_id=state.id, reason=reason)
