"""Whether stock levels are what the movements add up to, and what is reserved is promised to somebody."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections

from apps.business.consistency import Check, checked
from apps.business.inventory.models import StockLevel
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id

_OTHERWISE_MOVED = """
with moved as (select product_id, warehouse_id, sum(quantity) as quantity from inventory_stockmovement
               where tenant_id = %(tenant)s group by product_id, warehouse_id),
     level as (select product_id, warehouse_id, on_hand as quantity from inventory_stocklevel
               where tenant_id = %(tenant)s)
select coalesce(level.product_id, moved.product_id), coalesce(level.warehouse_id, moved.warehouse_id),
       coalesce(level.quantity, 0), coalesce(moved.quantity, 0)
from level full join moved using (product_id, warehouse_id)
where coalesce(level.quantity, 0) <> coalesce(moved.quantity, 0) order by 1, 2
"""
_OTHERWISE_PROMISED = """
with promised as (select goods.product_id, goods.warehouse_id, sum(goods.quantity) as quantity
                  from inventory_reservedgoods goods
                  join inventory_reservation reservation
                       on reservation.tenant_id = goods.tenant_id and reservation.id = goods.reservation_id
                  where goods.tenant_id = %(tenant)s and goods.warehouse_id is not null
                        and reservation.status = 'open' group by 1, 2),
     level as (select product_id, warehouse_id, reserved as quantity from inventory_stocklevel
               where tenant_id = %(tenant)s)
select coalesce(level.product_id, promised.product_id), coalesce(level.warehouse_id, promised.warehouse_id),
       coalesce(level.quantity, 0), coalesce(promised.quantity, 0)
from level full join promised using (product_id, warehouse_id)
where coalesce(level.quantity, 0) <> coalesce(promised.quantity, 0) order by 1, 2
"""


def checks() -> Iterator[Check]:
    """Two checks of the current tenant. Three statements."""
    levels = StockLevel.objects.in_tenant().count()
    yield checked("stock is what its movements add up to", compared=levels, differences=_different(_OTHERWISE_MOVED))
    yield checked("reserved goods are promised to orders", compared=levels, differences=_different(_OTHERWISE_PROMISED))


def _different(statement: str) -> Iterator[str]:
    with connections[alias_for(StockLevel)].cursor() as cursor:
        cursor.execute(statement, {"tenant": require_tenant_id()})
        for product_id, warehouse_id, has, should in cursor.fetchall():
            yield f"product {product_id} in warehouse {warehouse_id} has {has}, not {should}"
