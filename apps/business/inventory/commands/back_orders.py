"""Promises of goods that are not there yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.commands.shelves import Shelves
from apps.business.inventory.errors import InvalidMovement
from apps.business.inventory.events import BackOrderFilled
from apps.business.inventory.models import BackOrderAllowance, ReservedGoods
from apps.business.units import work_of
from apps.core.events import announce
from apps.core.history import Actor

_MOST = 2_000_000_000


def allow_back_orders(*, product_id: UUID, at_most: int, actor: Actor) -> BackOrderAllowance:
    """Say how many of a product may be promised before there are any; zero: none. What is promised already stays.

    Safe to repeat. Raises ProductNotFound, InvalidMovement.
    """
    catalog.product(product_id)
    if not 0 <= at_most <= _MOST:
        raise InvalidMovement(errors={"at_most": [f"from 0 to {_MOST}"]})
    with work_of(actor, BackOrderAllowance):
        BackOrderAllowance.objects.bulk_create(
            [BackOrderAllowance(product_id=product_id, at_most=0)], ignore_conflicts=True
        )
        allowance = queries.lock_allowances([product_id])[product_id]
        if allowance.at_most != at_most:
            allowance.at_most = at_most
            allowance.save()
    return allowance


def back_ordered(quantities: Mapping[UUID, int], shelves: Shelves) -> dict[UUID, int]:
    """How many of the wanted quantities have to wait; empty where there are enough.

    Raises StockShort, naming every product of which more is wanted than there is and may be waited for.
    """
    missing = {
        product_id: quantity - shelves.available(product_id)
        for product_id, quantity in quantities.items()
        if quantity > shelves.available(product_id)
    }
    if not missing:
        return {}
    allowances, waiting = queries.lock_allowances(missing), queries.back_ordered(missing)
    possible = {
        product_id: shelves.available(product_id)
        + max(0, allowances[product_id].at_most - waiting.get(product_id, 0) if product_id in allowances else 0)
        for product_id in missing
    }
    shelves.refuse_shortages({product_id: quantities[product_id] for product_id in missing}, possible)
    return missing


def fill_back_orders(shelves: Shelves, product_ids: Collection[UUID]) -> None:
    """Hand what is available to those who wait for it, the longest waiting first. One statement where nobody waits."""
    for waiting in queries.waiting_goods(product_ids):
        for level, part in shelves.split(waiting.product_id, waiting.quantity):
            shelves.hold(level, part)
            _fill(waiting, level.warehouse_id, part)


def _fill(waiting: ReservedGoods, warehouse_id: UUID, part: int) -> None:
    reservation = waiting.reservation
    ReservedGoods.objects.add(reservation.id, waiting.product_id, warehouse_id, part)
    waiting.quantity -= part
    if waiting.quantity:
        waiting.save(update_fields=["quantity"])
    else:
        waiting.delete()
    announce(
        BackOrderFilled(
            reservation_id=reservation.id,
            order_id=reservation.order_id,
            product_id=waiting.product_id,
            warehouse_id=warehouse_id,
            quantity=part,
        )
    )
