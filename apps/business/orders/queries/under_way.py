"""How far the orders are that are paid for at once."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from apps.business.orders.models import Order
from apps.core.sagas import queries as sagas

# Their saga, declared in `orders.sagas`.
PLACE_ORDER = "business.place-order"


def may_come_to_nothing(order: Order) -> bool:
    """Whether an agreed order may still be taken back, since its money is not ours for good. One statement if any."""
    return bool(order.payment_method) and sagas.can_turn_back(PLACE_ORDER, order.id)


def waits_for_its_money() -> Any:
    """Of the row with the order's id: whether it is paid for at once, and nothing was taken yet."""
    return Exists(
        Order.objects.in_tenant().filter(id=OuterRef("id"), paid_minor=0, total_minor__gt=0).exclude(payment_method="")
    )
