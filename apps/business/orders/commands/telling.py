"""What is announced of an order that is placed or held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.business.orders.events import LinePlaced, OrderHeld, OrderPlaced, OrderRequested
from apps.business.orders.models import Order, OrderLine


def placed_event(order: Order, rows: Sequence[OrderLine]) -> OrderPlaced:
    """That an order is agreed to."""
    return OrderPlaced(**_facts(order, rows))


def held_event(order: Order, rows: Sequence[OrderLine], *, decide_by: datetime) -> OrderHeld:
    """That somebody has to agree to it first."""
    return OrderHeld(**_facts(order, rows), decide_by=decide_by, goods_set_aside=False)


def requested_event(order: Order, rows: Sequence[OrderLine]) -> OrderRequested:
    """That its goods and its money are being arranged."""
    return OrderRequested(**_facts(order, rows))


def _facts(order: Order, rows: Sequence[OrderLine]) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "number": order.number,
        "customer_id": order.customer_id,
        "occurred_at": order.placed_at,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "source": order.source,
        "discount_minor": order.discount_minor,
        "tax_minor": order.tax_minor,
        "prices_include_tax": order.prices_include_tax,
        "shipping_minor": order.shipping_minor,
        "shipping_method_id": order.shipping_method_id,
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "lines": tuple(
            LinePlaced(
                order_line_id=row.id,
                kind=row.kind,
                product_id=row.product_id,
                quantity=row.quantity,
                unit_price_e4=row.unit_price_e4,
                total_minor=row.total_minor,
                discount_minor=row.discount_minor,
                tax_minor=row.tax_minor,
                tax_rate_e4=row.tax_rate_e4,
            )
            for row in rows
        ),
    }
