"""What takes orders more than one transaction."""

from __future__ import annotations

from datetime import timedelta

from apps.business.orders.commands import reviewing
from apps.business.orders.commands.reviewing import OrderInReview
from apps.business.orders.permissions import OrderPermission
from apps.core.sagas import Decision, Run, Saga, Step


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
