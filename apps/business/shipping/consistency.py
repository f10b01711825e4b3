"""Whether what has left of an order is what its parcels hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from apps.business.shipping.models import Shipment, ShipmentLine


def otherwise_shipped(orders: Sequence[Any], *, before: datetime) -> Mapping[UUID, str]:
    """Orders of which more or less has left than their parcels hold. One statement."""
    sent = ShipmentLine.objects.in_tenant().filter(shipment__order_id__in=[order.id for order in orders])
    sent = sent.exclude(shipment__status=Shipment.Status.READY).order_by()
    quantities = dict(sent.values_list("order_line_id").annotate(Sum("quantity")))
    found = {}
    for order in orders:
        wrong = [line for line in order.lines.all() if line.shipped_quantity != quantities.get(line.id, 0)]
        if wrong:
            found[order.id] = (
                f"order {order.number}, line {wrong[0].ordinal}: {wrong[0].shipped_quantity} left, "
                f"its parcels hold {quantities.get(wrong[0].id, 0)}"
            )
    return found
