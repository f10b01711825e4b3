"""Orders, from the tables they are kept in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q

from apps.business.orders.errors import OrderNotFound
from apps.business.orders.models import FulfilmentStatus, Order, OrderLine, OrderReturn
from apps.business.orders.queries.paging import pages_of
from apps.core.db.compiled import CompiledRead


def order(order_id: UUID) -> Order:
    """One order with its customer, lines and returns. Three statements. Raises OrderNotFound."""
    lines = OrderLine.objects.in_tenant().order_by("ordinal")
    returns = OrderReturn.objects.in_tenant().prefetch_related("lines").order_by("returned_at", "id")
    orders = Order.objects.in_tenant().select_related("customer")
    orders = orders.prefetch_related(Prefetch("lines", lines), Prefetch("returns", returns))
    return _found(orders.filter(id=order_id).first(), order_id)


def bare_order(order_id: UUID) -> Order:
    """One order, alone. Raises OrderNotFound."""
    return _found(next(iter(_BY_ID(order_id=order_id)), None), order_id)


def require_order(order_id: UUID) -> None:
    """One statement. Raises OrderNotFound."""
    _found(Order.objects.in_tenant().filter(id=order_id).only("id").first(), order_id)


def lock_order(order_id: UUID) -> Order:
    """The order under a row lock. Raises OrderNotFound."""
    return _found(next(iter(_LOCKED(order_id=order_id)), None), order_id)


# What each step of an order's way asks.
_LOCKED = CompiledRead(lambda order_id: Order.objects.in_tenant().select_for_update().filter(id=order_id), "order_id")
_BY_ID = CompiledRead(lambda order_id: Order.objects.in_tenant().filter(id=order_id), "order_id")
_LINES = CompiledRead(
    lambda order_id: OrderLine.objects.in_tenant().filter(order_id=order_id).order_by("ordinal"), "order_id"
)


def lock_orders(order_ids: Collection[UUID]) -> set[UUID]:
    """Which of these exist, under row locks taken in the order of their ids. One statement."""
    rows = Order.objects.in_tenant().select_for_update().filter(id__in=list(order_ids)).order_by("id")
    return set(rows.values_list("id", flat=True))


def orders_by_id(order_ids: Collection[UUID]) -> list[Order]:
    """Those that exist, with customers and lines. Two statements."""
    return list(_with_lines().filter(id__in=list(order_ids)))


def pages_of_orders(size: int = 500) -> Iterator[list[Order]]:
    """Every order, in the order of their ids, with customers and lines. Two statements for each page."""
    return pages_of(_with_lines(), size)


def order_by_idempotency_key(key: str) -> Order | None:
    """The order that was placed with this key, if one was. One statement."""
    placed: Order | None = Order.objects.in_tenant().filter(idempotency_key=key).first()
    return placed


def lines_of(order_id: UUID) -> list[OrderLine]:
    """The lines of one order in their order. One statement."""
    return _LINES(order_id=order_id)


def numbers(order_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of those of the given orders that exist. One statement."""
    return dict(Order.objects.in_tenant().filter(id__in=list(order_ids)).values_list("id", "number"))


def attributes_of_orders(order_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What policies may ask of those of the given orders that exist, as `resources.ORDER` says. One statement."""
    rows = Order.objects.in_tenant().filter(id__in=list(order_ids))
    found = rows.values_list("id", "total_minor", "currency", "status", "created_by")
    return {
        id_: {"amount": amount, "currency": currency, "status": status, "owner": str(by) if by else None}
        for id_, amount, currency, status, by in found
    }


def orders_placed_by(user_id: UUID, *, after: UUID | None, limit: int) -> list[Order]:
    """Orders that a person placed or entered, by id, from beyond `after` on. One statement."""
    rows = Order.objects.in_tenant().filter(created_by=user_id).order_by("id")
    return list((rows.filter(id__gt=after) if after else rows)[:limit])


def has_open_orders(customer_id: UUID) -> bool:
    """Whether an order that was placed here is still to be decided, or waits for its goods to leave."""
    own = Order.objects.in_tenant().filter(customer_id=customer_id)
    undecided = Q(status__in=[Order.Status.PENDING, Order.Status.HELD, Order.Status.UNDER_REVIEW])
    unsent = Q(status__in=[Order.Status.PLACED, Order.Status.PARTLY_RETURNED]) & ~Q(source=Order.Source.IMPORT)
    unsent &= Q(fulfilment_status__in=[FulfilmentStatus.UNFULFILLED, FulfilmentStatus.PARTLY_SHIPPED])
    return bool(own.filter(undecided | unsent).exists())


def _with_lines() -> Any:
    lines = OrderLine.objects.in_tenant().order_by("ordinal")
    return Order.objects.in_tenant().select_related("customer").prefetch_related(Prefetch("lines", lines))


def _found(order: Order | None, order_id: UUID) -> Order:
    if order is None:
        raise OrderNotFound(f"there is no order {order_id}")
    return order
