"""Every read of the stock. Each costs one statement unless it says otherwise."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Coalesce

from apps.business.inventory.errors import WarehouseDeleted, WarehouseNotFound
from apps.business.inventory.models import (
    BackOrderAllowance,
    Reservation,
    ReservedGoods,
    StockDay,
    StockLevel,
    StockMovement,
    StockSummary,
    Warehouse,
)

# At or below the level's threshold, else the product's reorder level; without either it is never low.
LOW = Q(on_hand__lte=F("reserved") + Coalesce("low_at", "product__reorder_level", Value(-1)))


def stock_levels() -> Any:
    """Levels of the products that are not deleted, each with product and warehouse, in the order they began."""
    levels = StockLevel.objects.in_tenant().filter(product__deleted_at__isnull=True)
    return levels.select_related("product", "warehouse").order_by("id")


def low_stock_levels() -> Any:
    """Those at or below their threshold, the emptiest first."""
    return stock_levels().filter(LOW).order_by("on_hand", "id")


def levels_of(product_id: UUID) -> list[StockLevel]:
    """What there is of one product, by warehouse, in the order in which goods are taken from them."""
    levels = StockLevel.objects.in_tenant().filter(product_id=product_id).select_related("product", "warehouse")
    return list(levels.order_by("warehouse__priority", "warehouse_id"))


def on_hand(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many there are of each product in all warehouses; one that has never had any is left out."""
    return _sums(product_ids, Sum("on_hand"))


def available(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many of each product are promised to nobody; one that has never had any is left out."""
    return _sums(product_ids, Sum(F("on_hand") - F("reserved")))


def product_ids_back_ordered() -> Any:
    """Ids of the products that somebody waits for, as a subquery."""
    return ReservedGoods.objects.in_tenant().filter(warehouse_id__isnull=True).values("product_id")


def product_ids_low_on_stock() -> Any:
    """Ids of the products that are low in a warehouse, as a subquery."""
    return stock_levels().filter(LOW).order_by().values("product_id")


def movements_of(product_id: UUID, *, limit: int = 20) -> list[StockMovement]:
    """The latest movements of one product, newest first."""
    return list(movements(product_id)[:limit])


def movements(product_id: UUID) -> Any:
    """Every movement of one product with its warehouse, newest first."""
    rows = StockMovement.objects.in_tenant().filter(product_id=product_id)
    return rows.select_related("warehouse").order_by("-id")


def product_with_unannounced_movements() -> UUID | None:
    """A product with movements of which no event has told, if there is one."""
    rows = StockMovement.objects.in_tenant().filter(announced=False)
    found: UUID | None = rows.order_by("product_id").values_list("product_id", flat=True).first()
    return found


def unannounced_movements(product_id: UUID, *, limit: int) -> list[StockMovement]:
    """Movements of a product of which no event has told, the earliest first."""
    rows = StockMovement.objects.in_tenant().filter(announced=False, product_id=product_id)
    return list(rows.order_by("id")[:limit])


def stock_summaries() -> Any:
    """The read model of what lies where, of products that are not deleted, each with product and warehouse."""
    rows = StockSummary.objects.in_tenant().filter(product__deleted_at__isnull=True)
    return rows.select_related("product", "warehouse").order_by("id")


def stock_days() -> Any:
    """What moved on each day (UTC) of each product in each warehouse, the latest day first."""
    return StockDay.objects.in_tenant().select_related("product", "warehouse").order_by("-day", "-id")


def taken_for(order_id: UUID) -> dict[tuple[UUID, UUID], int]:
    """How many of a product were taken for an order out of a warehouse, and have not come back."""
    rows = StockMovement.objects.in_tenant().filter(order_id=order_id)
    sums = rows.values_list("product_id", "warehouse_id").annotate(sum=Sum("quantity"))
    return {(product_id, warehouse_id): -total for product_id, warehouse_id, total in sums}


def lock_levels(product_ids: Collection[UUID]) -> list[StockLevel]:
    """All levels of the products, with product and warehouse, under row locks taken in primary-key order."""
    levels = StockLevel.objects.in_tenant().of_products(product_ids)
    return list(levels.select_related("product", "warehouse").locked())


def warehouses(*, with_deleted: bool = False) -> Any:
    """Those that are not deleted, or all, in the order in which goods are taken from them."""
    manager = Warehouse.with_deleted if with_deleted else Warehouse.objects
    return manager.in_tenant().order_by("priority", "id")


def warehouse(warehouse_id: UUID) -> Warehouse:
    """One warehouse, deleted or not. Raises WarehouseNotFound."""
    return _found(Warehouse.with_deleted.in_tenant().filter(id=warehouse_id).first(), warehouse_id)


def open_warehouse(warehouse_id: UUID) -> Warehouse:
    """Raises WarehouseNotFound, WarehouseDeleted."""
    found = warehouse(warehouse_id)
    if found.is_deleted:
        raise WarehouseDeleted(f"{found.name} is deleted: restore it first")
    return found


def lock_warehouse(warehouse_id: UUID) -> Warehouse:
    """The warehouse under a row lock, deleted or not. Raises WarehouseNotFound."""
    rows = Warehouse.with_deleted.in_tenant().select_for_update()
    return _found(rows.filter(id=warehouse_id).first(), warehouse_id)


def lock_default_and(warehouse_id: UUID) -> tuple[Warehouse | None, Warehouse]:
    """The tenant's default warehouse and the given one, both under row locks. Raises WarehouseNotFound."""
    rows = Warehouse.with_deleted.in_tenant().filter(Q(id=warehouse_id) | Q(is_default=True))
    found = list(rows.select_for_update().order_by("id"))
    default = next((one for one in found if one.is_default), None)
    return default, _found(next((one for one in found if one.id == warehouse_id), None), warehouse_id)


def has_stock(warehouse_id: UUID) -> bool:
    """Whether anything lies in a warehouse."""
    levels = StockLevel.objects.in_tenant().filter(warehouse_id=warehouse_id, on_hand__gt=0)
    return bool(levels.exists())


def open_reservation(order_id: UUID) -> Reservation | None:
    """What is promised to an order, if something is."""
    found: Reservation | None = _open(order_id).first()
    return found


def lock_open_reservation(order_id: UUID) -> Reservation | None:
    """The same under a row lock."""
    found: Reservation | None = _open(order_id).select_for_update().first()
    return found


def lock_reservation(reservation_id: UUID) -> Reservation | None:
    """A reservation under a row lock, open or not."""
    found: Reservation | None = Reservation.objects.in_tenant().filter(id=reservation_id).select_for_update().first()
    return found


def was_taken(order_id: UUID) -> bool:
    """Whether everything that was reserved for an order last has left."""
    latest = Reservation.objects.in_tenant().filter(order_id=order_id).order_by("-id").first()
    return latest is not None and latest.status == Reservation.Status.TAKEN


def promised(product_id: UUID) -> Any:
    """What is promised of a product to which orders, with reservation and warehouse, the oldest promise first."""
    goods = ReservedGoods.objects.in_tenant().filter(product_id=product_id)
    return goods.select_related("reservation", "warehouse").order_by("reservation_id", "id")


def back_orders(product_id: UUID) -> dict[str, int]:
    """How many of a product may be promised before there are any (`at_most`), and are (`waiting`). Two statements."""
    allowance = BackOrderAllowance.objects.in_tenant().filter(product_id=product_id).first()
    waiting = back_ordered([product_id]).get(product_id, 0)
    return {"at_most": allowance.at_most if allowance else 0, "waiting": waiting}


def allowed_back_orders(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many of each product may be promised before there are any; one that allows none may be left out."""
    rows = BackOrderAllowance.objects.in_tenant().filter(product_id__in=list(product_ids))
    return dict(rows.values_list("product_id", "at_most"))


def back_orders_left(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many more of each product may be promised before there are any; 0 where none may. Two statements."""
    waiting = back_ordered(product_ids)
    allowed = allowed_back_orders(product_ids)
    return {id_: max(0, allowed.get(id_, 0) - waiting.get(id_, 0)) for id_ in product_ids}


def promised_to(order_id: UUID) -> dict[UUID, int]:
    """How many of each product are promised to an order and have not left; those that it waits for too."""
    goods = ReservedGoods.objects.in_tenant().filter(reservation__order_id=order_id)
    return dict(goods.order_by().values_list("product_id").annotate(sum=Sum("quantity")))


def set_aside_for(order_id: UUID) -> dict[UUID, int] | None:
    """How many of each product lie ready for an order that they are promised to; None where nothing is promised."""
    goods = ReservedGoods.objects.in_tenant().filter(reservation__order_id=order_id).order_by()
    ready = Sum("quantity", filter=Q(warehouse_id__isnull=False), default=0)
    return dict(goods.values_list("product_id").annotate(sum=ready)) or None


def goods_of(reservation_id: UUID) -> Any:
    """What a reservation holds."""
    return ReservedGoods.objects.in_tenant().filter(reservation_id=reservation_id)


def reserved_products(reservation_id: UUID) -> list[UUID]:
    """Of which products a reservation holds some."""
    return list(goods_of(reservation_id).order_by("product_id").values_list("product_id", flat=True).distinct())


def back_ordered(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many of each product are promised that are not there yet; one of which none are is left out."""
    waiting = _waiting(product_ids).order_by().values_list("product_id")
    return dict(waiting.annotate(sum=Sum("quantity")))


def waiting_goods(product_ids: Collection[UUID]) -> list[ReservedGoods]:
    """What is waited for, with its reservation, the longest waiting first."""
    return list(_waiting(product_ids).select_related("reservation").order_by("reservation_id", "id"))


def lock_allowances(product_ids: Collection[UUID]) -> dict[UUID, BackOrderAllowance]:
    """How many of each product may be waited for, under row locks; a product that allows none may be left out."""
    rows = BackOrderAllowance.objects.in_tenant().filter(product_id__in=list(product_ids))
    return {row.product_id: row for row in rows.select_for_update().order_by("id")}


def _found(found: Warehouse | None, warehouse_id: UUID) -> Warehouse:
    if found is None:
        raise WarehouseNotFound(f"there is no warehouse {warehouse_id}")
    return found


def _sums(product_ids: Collection[UUID], expression: Any) -> dict[UUID, int]:
    levels = StockLevel.objects.in_tenant().of_products(product_ids)
    return dict(levels.values_list("product_id").annotate(sum=expression))


def _open(order_id: UUID) -> Any:
    return Reservation.objects.in_tenant().filter(order_id=order_id, status=Reservation.Status.OPEN)


def _waiting(product_ids: Collection[UUID]) -> Any:
    waiting = ReservedGoods.objects.in_tenant().filter(warehouse_id__isnull=True)
    return waiting.filter(product_id__in=list(product_ids))
