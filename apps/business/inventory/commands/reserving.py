"""Goods are promised to orders, and leave, or are given up.

Locks in one order everywhere: the reservation, then the products' stock levels. What a reservation holds is read under
the second, since back-orders of it may be filled meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from apps.business.inventory import queries
from apps.business.inventory.commands.back_orders import back_ordered, fill_back_orders
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.shelves import Kind, Shelves
from apps.business.inventory.errors import InvalidMovement, NothingReserved
from apps.business.inventory.events import ReservationExpired, ReservationReleased, ReservedGoodsPart, StockReserved
from apps.business.inventory.models import Reservation, ReservedGoods
from apps.business.units import work_of
from apps.core.history import SYSTEM

_BATCH = 500
Status = Reservation.Status


def reserve(
    *, order_id: UUID, quantities: Mapping[UUID, int], expires_at: datetime | None = None, occasion: Occasion
) -> Reservation:
    """Promise goods to an order, by product: nobody else can have them until they are taken, released or expired.

    All or nothing. From the warehouses by priority, from several where one has too few; what is missing is
    back-ordered where the product allows that. Joins the caller's unit of work.
    Safe to repeat: an order that has an open reservation keeps it as it is.
    Raises StockShort, naming every product of which there is too little; InvalidMovement.
    """
    if any(quantity <= 0 for quantity in quantities.values()):
        raise InvalidMovement(errors={"quantity": ["a reservation is of at least one"]})
    with work_of(occasion.actor, Reservation) as work:
        shelves = Shelves.reservable(quantities)
        known = queries.open_reservation(order_id)
        if known is not None:
            return known
        missing = back_ordered(quantities, shelves)
        reservation = Reservation(order_id=order_id, expires_at=expires_at, created_at=occasion.recorded_at)
        reservation.save()
        goods = [*_from_shelves(reservation, quantities, shelves), *_waiting(reservation, missing)]
        ReservedGoods.objects.bulk_create(goods, batch_size=_BATCH)
        shelves.write()
        work.publish(_reserved_event(reservation, goods))
    return reservation


def release(*, order_id: UUID, occasion: Occasion) -> None:
    """Give up what is promised to an order and has not left. Joins the caller's unit of work.

    Safe to repeat, and where nothing was reserved.
    """
    with work_of(occasion.actor, Reservation) as work:
        reservation = queries.lock_open_reservation(order_id)
        if reservation is None:
            return
        _give_up(reservation, Status.RELEASED)
        work.publish(ReservationReleased(reservation_id=reservation.id, order_id=order_id))


def expire(*, reservation_id: UUID, now: datetime) -> bool:
    """Give up a reservation whose time ran out. Safe to repeat; False when there is nothing to do by now."""
    with work_of(SYSTEM, Reservation) as work:
        reservation = queries.lock_reservation(reservation_id)
        if reservation is None or not reservation.has_run_out(now):
            return False
        _give_up(reservation, Status.EXPIRED)
        work.publish(ReservationExpired(reservation_id=reservation.id, order_id=reservation.order_id))
    return True


def take_reserved(*, order_id: UUID, quantities: Mapping[UUID, int] | None = None, occasion: Occasion) -> None:
    """Goods that were promised to an order leave: so many of each product, or all that lie ready for it.

    What is back-ordered stays reserved until it has come. Joins the caller's unit of work. Without `quantities` it is
    safe to repeat. Raises NothingReserved; StockShort, naming every product of which less is reserved than wanted.
    """
    with work_of(occasion.actor, Reservation):
        reservation = queries.lock_open_reservation(order_id)
        if reservation is None:
            if quantities is None and queries.was_taken(order_id):
                return
            raise NothingReserved(f"nothing is reserved for order {order_id}")
        shelves = Shelves.locked(queries.reserved_products(reservation.id))
        goods = list(queries.goods_of(reservation.id))
        _take(goods, quantities, shelves, occasion)
        shelves.write()
        if not any(line.quantity for line in goods):
            reservation.status = Status.TAKEN
            reservation.save(update_fields=["status"])


def _take(
    goods: list[ReservedGoods], quantities: Mapping[UUID, int] | None, shelves: Shelves, occasion: Occasion
) -> None:
    ready = [line for line in goods if not line.is_back_ordered]
    there_is: Counter[UUID] = Counter()
    for line in ready:
        there_is[line.product_id] += line.quantity
    wanted = Counter(there_is if quantities is None else quantities)
    shelves.refuse_shortages(wanted, there_is)
    for line in sorted(ready, key=lambda line: shelves.rank(line.product_id, line.warehouse_id)):
        part = min(wanted[line.product_id], line.quantity)
        if part > 0:
            level = shelves.place(line.product_id, line.warehouse_id)
            shelves.hold(level, -part)
            shelves.move(level, -part, Kind.SALE, occasion)
            wanted[line.product_id] -= part
            line.quantity -= part
    _keep(ready)


def _keep(goods: Iterable[ReservedGoods]) -> None:
    gone = [line.id for line in goods if line.quantity == 0]
    ReservedGoods.objects.in_tenant().filter(id__in=gone).delete()
    ReservedGoods.objects.bulk_update([line for line in goods if line.quantity], ["quantity"], batch_size=_BATCH)


def _give_up(reservation: Reservation, status: str) -> None:
    product_ids = queries.reserved_products(reservation.id)
    shelves = Shelves.locked(product_ids)
    for line in queries.goods_of(reservation.id):
        if not line.is_back_ordered:
            shelves.hold(shelves.place(line.product_id, line.warehouse_id), -line.quantity)
    queries.goods_of(reservation.id).delete()
    reservation.status = status
    reservation.save(update_fields=["status"])
    fill_back_orders(shelves, product_ids)
    shelves.write()


def _from_shelves(
    reservation: Reservation, quantities: Mapping[UUID, int], shelves: Shelves
) -> Iterable[ReservedGoods]:
    for product_id, quantity in quantities.items():
        for level, part in shelves.split(product_id, quantity):
            shelves.hold(level, part)
            yield _goods(reservation, product_id, part, level.warehouse_id)


def _waiting(reservation: Reservation, missing: Mapping[UUID, int]) -> Iterable[ReservedGoods]:
    for product_id, quantity in missing.items():
        yield _goods(reservation, product_id, quantity, None)


def _goods(reservation: Reservation, product_id: UUID, quantity: int, warehouse_id: UUID | None) -> ReservedGoods:
    return ReservedGoods(reservation=reservation, product_id=product_id, quantity=quantity, warehouse_id=warehouse_id)


def _reserved_event(reservation: Reservation, goods: Iterable[ReservedGoods]) -> StockReserved:
    return StockReserved(
        reservation_id=reservation.id,
        order_id=reservation.order_id,
        goods=[
            ReservedGoodsPart(product_id=line.product_id, quantity=line.quantity, warehouse_id=line.warehouse_id)
            for line in goods
        ],
        expires_at=reservation.expires_at,
    )
