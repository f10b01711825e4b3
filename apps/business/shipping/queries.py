"""Every read of shipments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Sum

from apps.business.inventory import queries as stock
from apps.business.orders import queries as orders
from apps.business.shipping.errors import ShipmentNotFound
from apps.business.shipping.models import Shipment, ShipmentLine
from apps.core.history.changes import Change, ChangeFilter, changes_of


@dataclass(frozen=True, slots=True)
class Owed:
    """What of an order's line is neither sent nor packed, and how much of that can go into a parcel now."""

    line_id: UUID
    product_id: UUID
    code: str
    description: str
    quantity: int
    ready: int

    @property
    def waiting(self) -> int:
        """How much has to come in first."""
        return self.quantity - self.ready


def shipments() -> Any:
    """All shipments, newest first. One statement, however many."""
    return Shipment.objects.in_tenant().order_by("-id")


def shipments_of_order(order_id: UUID) -> list[Shipment]:
    """The parcels of one order, in their order, with what is in them. Two statements."""
    return list(_with_lines().filter(order_id=order_id).order_by("ordinal"))


def shipment(shipment_id: UUID) -> Shipment:
    """One with what is in it. Two statements. Raises ShipmentNotFound."""
    return _found(_with_lines().filter(id=shipment_id).first(), shipment_id)


def shipment_if_any(shipment_id: UUID) -> Shipment | None:
    """As `shipment`, or None."""
    found: Shipment | None = _with_lines().filter(id=shipment_id).first()
    return found


def lock_shipment(shipment_id: UUID) -> Shipment:
    """Under a row lock. Raises ShipmentNotFound."""
    return _found(Shipment.objects.in_tenant().select_for_update().filter(id=shipment_id).first(), shipment_id)


def owed(order_id: UUID) -> list[Owed]:
    """What of an order is neither sent nor packed, line by line. Three statements.

    Goods of an order to which nothing is promised left the stock when it was placed: all of them are ready.
    """
    packed = dict(
        ShipmentLine.objects.in_tenant()
        .filter(shipment__order_id=order_id, shipment__status=Shipment.Status.READY)
        .values_list("order_line_id")
        .annotate(Sum("quantity"))
    )
    lines: list[Any] = [line for line in orders.lines_of(order_id) if line.product_id is not None]
    set_aside = stock.set_aside_for(order_id)
    there_is = Counter(set_aside or {})
    there_is.subtract(_by_product(lines, packed))
    found = []
    for line in lines:
        quantity = _left(line) - packed.get(line.id, 0)
        ready = quantity if set_aside is None else max(0, min(quantity, there_is[line.product_id]))
        there_is[line.product_id] -= ready
        found.append(Owed(line.id, line.product_id, line.code, line.description, quantity, ready))
    return [line for line in found if line.quantity > 0]


def orders_to_ship() -> Any:
    """Orders of which goods are owed, oldest first; not those that were imported, which were sent long ago, nor those
    whose money is still being taken.
    """
    waiting = orders.order_summaries().filter(
        status__in=("placed", "partly_returned"),
        fulfilment_status__in=("unfulfilled", "partly_shipped"),
        item_count__gt=0,
    )
    waiting = waiting.filter(~orders.waits_for_its_money())
    return waiting.exclude(source="import").order_by("placed_at", "id")


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of shipments, newest first. Three statements."""
    return changes_of(Shipment, where=where, limit=limit)


def _by_product(lines: Iterable[Any], quantities: Mapping[UUID, int]) -> Counter[UUID]:
    sums: Counter[UUID] = Counter()
    for line in lines:
        sums[line.product_id] += quantities.get(line.id, 0)
    return sums


def _left(line: Any) -> int:
    return int(line.quantity - max(line.shipped_quantity, line.returned_quantity))


def _with_lines() -> Any:
    lines = Prefetch("lines", ShipmentLine.objects.in_tenant().order_by("ordinal"))
    return Shipment.objects.in_tenant().select_related("warehouse").prefetch_related(lines)


def _found(shipment: Shipment | None, shipment_id: UUID) -> Shipment:
    if shipment is None:
        raise ShipmentNotFound(f"there is no shipment {shipment_id}")
    return shipment
