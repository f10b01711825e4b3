"""What takes orders more than one transaction."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.commands import arranging, reviewing
from apps.business.orders.commands.arranging import OrderToPlace
from apps.business.orders.commands.reviewing import OrderInReview
from apps.business.orders.errors import PaymentFailed
from apps.business.orders.events import OrderCancelled, OrderShipped
from apps.business.orders.permissions import OrderPermission
from apps.business.payments import commands as payments
from apps.business.payments import queries as payment_queries
from apps.business.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentCaptureRefused,
    PaymentDeclined,
    PaymentVoided,
)
from apps.core.errors import Unavailable
from apps.core.events import Event
from apps.core.events.retry import RetryPolicy
from apps.core.sagas import NOTHING, Arrival, Decision, Run, Saga, Step


def _reserve(order: OrderInReview, *, run: Run) -> None:
    reviewing.reserve_goods(order_id=order.order_id, actor=run.actor, now=run.now)


def _release(order: OrderInReview, *, run: Run) -> None:
    reviewing.release_goods(order_id=order.order_id, actor=run.actor, now=run.now)


def _confirm(order: OrderInReview, *, run: Run) -> None:
    reviewing.confirm_order(order_id=order.order_id, actor=run.actor)


def _refuse(order: OrderInReview, *, run: Run) -> None:
    reviewing.refuse_order(order_id=order.order_id, actor=run.actor, now=run.now)


REVIEW_ORDER = Saga(
    reviewing.SAGA,
    Step("reserve stock", _reserve, undo=_release),
    Step("review", waits_for=Decision(OrderPermission.REVIEW)),
    Step("confirm order", _confirm),
    context=OrderInReview,
    undo=_refuse,
    deadline=timedelta(days=90),  # the company's own, which is sooner, comes with each order
)


def _set_aside(order: OrderToPlace, *, run: Run) -> None:
    arranging.set_goods_aside(order_id=order.order_id, actor=run.actor, now=run.now)


def _give_up(order: OrderToPlace, *, run: Run) -> None:
    arranging.give_goods_up(order_id=order.order_id, actor=run.actor, now=run.now)


def _needs_review(order: OrderToPlace) -> bool:
    return order.needs_review


def _authorise(order: OrderToPlace, *, run: Run) -> dict[str, UUID]:
    wanted = queries.bare_order(order.order_id)
    payment = payments.authorise(
        order_id=order.order_id,
        amount_minor=wanted.total_minor,
        currency=wanted.currency,
        method=wanted.payment_method,
        actor=run.actor,
        now=run.now,
    )
    return {"payment_id": payment.id}


def _void(order: OrderToPlace, *, run: Run) -> None:
    """Nothing to void where the money was taken: that was given back before."""
    if order.payment_id and not payment_queries.payment(order.payment_id).is_captured:
        reason = f"nothing comes of order {order.number}"
        payments.void(payment_id=order.payment_id, reason=reason, actor=run.actor, now=run.now)


def _require_authorised(order: OrderToPlace, *, event: Event) -> None:
    _require(event, PaymentAuthorised)


def _place(order: OrderToPlace, *, run: Run) -> None:
    arranging.confirm(order_id=order.order_id, actor=run.actor)


def _call_off(order: OrderToPlace, *, run: Run) -> None:
    reason = "the payment could not be taken"
    arranging.call_off(order_id=order.order_id, reason=reason, actor=run.actor, now=run.now)


def _capture(order: OrderToPlace, *, run: Run) -> None:
    payments.capture(payment_id=_known(order), actor=run.actor, now=run.now)


def _refund(order: OrderToPlace, *, run: Run) -> None:
    """Give back what was taken. While the provider has not said whether it took anything, that is asked again later."""
    payment = payment_queries.payment(_known(order))
    if payment_queries.open_operations(payment.id) and not payment.is_captured:
        raise Unavailable("the provider has not answered yet")
    if payment.refundable_minor - payment_queries.on_its_way_back_minor(payment.id) > 0:
        payments.refund(
            payment_id=payment.id,
            amount_minor=payment.captured_minor,
            request_key=f"order {order.order_id}",
            reason=f"nothing comes of order {order.number}",
            actor=run.actor,
            now=run.now,
        )


def _require_captured(order: OrderToPlace, *, event: Event) -> None:
    _require(event, PaymentCaptured)


def _require(event: Event, wanted: type[Event]) -> None:
    if not isinstance(event, wanted):
        raise PaymentFailed(getattr(event, "reason", "") or "the payment was let go")


def _known(order: OrderToPlace) -> UUID:
    if order.payment_id is None:
        raise PaymentFailed(f"nothing was asked for order {order.number}")
    return order.payment_id


def _refuse_request(order: OrderToPlace, *, run: Run) -> None:
    arranging.refuse(order_id=order.order_id, actor=run.actor, now=run.now)


# A provider may be away for longer than a moment, and nothing can be given back before it said what it took.
FOR_HOURS = RetryPolicy(attempts=40, base_s=1.0, cap_s=900.0)

PLACE_ORDER = Saga(
    arranging.SAGA,
    Step("reserve stock", _set_aside, undo=_give_up),
    Step("review", waits_for=Decision(OrderPermission.REVIEW), waits_if=_needs_review),
    Step("authorise payment", _authorise, undo=_void),
    Step(
        "payment authorised",
        _require_authorised,
        undo=NOTHING,
        waits_for=Arrival((PaymentAuthorised, PaymentDeclined, PaymentVoided), by="order_id"),
        within=timedelta(days=1),
    ),
    Step("confirm order", _place, undo=_call_off),
    Step("capture payment", _capture, undo=_refund, retry=FOR_HOURS),
    Step(
        "payment captured",
        _require_captured,
        pivot=True,
        waits_for=Arrival((PaymentCaptured, PaymentCaptureRefused, PaymentVoided), by="order_id"),
        within=timedelta(days=1),
    ),
    Step("ship", waits_for=Arrival((OrderShipped, OrderCancelled), by="order_id"), within=timedelta(days=30)),
    context=OrderToPlace,
    undo=_refuse_request,
    deadline=timedelta(days=92),
)
