"""Returns and credits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import Prefetch

from apps.business.orders.errors import ReturnNotFound
from apps.business.orders.models import OrderReturn, OrderReturnLine
from apps.business.orders.queries.paging import pages_of


def returns_by_id(order_return_ids: Collection[UUID]) -> list[OrderReturn]:
    """Those returns and credits that exist, with their lines. Two statements."""
    return list(OrderReturn.objects.in_tenant().prefetch_related("lines").filter(id__in=list(order_return_ids)))


def pages_of_returns(size: int = 500) -> Iterator[list[OrderReturn]]:
    """Every return and credit, in the order of their ids, with their lines. Two statements for each page."""
    return pages_of(OrderReturn.objects.in_tenant().prefetch_related("lines"), size)


def lock_return(order_return_id: UUID) -> OrderReturn:
    """A return or credit under a row lock, with its lines, its order and the customers. Raises ReturnNotFound."""
    rows = OrderReturn.objects.in_tenant().select_for_update(of=("self",)).filter(id=order_return_id)
    lines = Prefetch("lines", OrderReturnLine.objects.in_tenant().select_related("order_line").order_by("ordinal"))
    found: OrderReturn | None = rows.select_related("customer", "order__customer").prefetch_related(lines).first()
    if found is None:
        raise ReturnNotFound(f"there is no return {order_return_id}")
    return found
