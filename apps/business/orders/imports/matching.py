"""Finds the purchases that a credit note gives back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.orders.imports.classify import kind_of
from apps.business.orders.imports.reader import Line
from apps.business.orders.models import LineKind, Order, OrderLine


@dataclass(frozen=True, slots=True)
class Part:
    """Some pieces of a credited line, and the purchase that they come from; None where none is known."""

    line: Line
    quantity: int
    bought: OrderLine | None


def matched(lines: Sequence[Line], *, customer_id: UUID | None, at: datetime) -> list[Part]:
    """The lines split over the buyer's earlier purchases of the same thing, the latest first. One statement.

    A purchase at the same price goes before the others. What is no product must have the same price: giving back
    some postage is giving back that postage. What is left over, and all that an unnamed buyer brings, has no purchase.
    """
    purchases = _purchases(lines, customer_id, at) if customer_id else {}
    left = {bought.id: bought.returnable_quantity for found in purchases.values() for bought in found}
    parts: list[Part] = []
    for line in lines:
        missing = -line.quantity
        for bought in _best_first(line, purchases.get((kind_of(line), line.code), [])):
            taken = min(missing, left[bought.id])
            if taken > 0:
                parts.append(Part(line, taken, bought))
                left[bought.id] -= taken
                missing -= taken
        if missing:
            parts.append(Part(line, missing, None))
    return parts


def _best_first(line: Line, purchases: Iterable[OrderLine]) -> list[OrderLine]:
    same_price = [bought for bought in purchases if bought.unit_price_e4 == line.price_e4]
    if kind_of(line) != LineKind.PRODUCT:
        return same_price
    return same_price + [bought for bought in purchases if bought.unit_price_e4 != line.price_e4]


def _purchases(lines: Iterable[Line], customer_id: UUID, at: datetime) -> dict[tuple[str, str], list[OrderLine]]:
    """What the buyer bought up to then of the lines' codes and did not return yet, the latest first."""
    found = (
        OrderLine.objects.in_tenant()
        .filter(
            order__customer_id=customer_id,
            order__placed_at__lte=at,
            order__status__in=[Order.Status.PLACED, Order.Status.PARTLY_RETURNED, Order.Status.RETURNED],
            code__in={line.code for line in lines},
            quantity__gt=0,
        )
        .order_by("-order__placed_at", "-id")
    )
    by_thing: dict[tuple[str, str], list[OrderLine]] = defaultdict(list)
    for bought in found:
        if bought.returnable_quantity:
            by_thing[(LineKind(bought.kind), bought.code)].append(bought)
    return by_thing
