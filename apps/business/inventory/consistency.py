"""Whether stock levels are what the movements add up to, what is reserved is promised to somebody, and the read models
say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

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
# What moved a moment ago may be on its way to the read models.
_OTHERWISE_SUMMARISED = """
with level as (select product_id, warehouse_id, on_hand, reserved, updated_at from inventory_stocklevel
               where tenant_id = %(tenant)s),
     told as (select product_id, warehouse_id, on_hand, reserved from inventory_stocksummary
              where tenant_id = %(tenant)s)
select coalesce(level.product_id, told.product_id), coalesce(level.warehouse_id, told.warehouse_id),
       format('%%s and %%s reserved', coalesce(told.on_hand, 0), coalesce(told.reserved, 0)),
       format('%%s and %%s', coalesce(level.on_hand, 0), coalesce(level.reserved, 0))
from level full join told using (product_id, warehouse_id)
where (coalesce(level.on_hand, 0), coalesce(level.reserved, 0))
      <> (coalesce(told.on_hand, 0), coalesce(told.reserved, 0))
      and (level.updated_at is null or level.updated_at <= %(before)s) order by 1, 2
"""
_OTHERWISE_BY_DAY = """
with moved as (select product_id, warehouse_id, (occurred_at at time zone 'UTC')::date as day,
                      sum(greatest(quantity, 0)) as moved_in, sum(greatest(-quantity, 0)) as moved_out,
                      max(recorded_at) as recorded_at
               from inventory_stockmovement where tenant_id = %(tenant)s group by 1, 2, 3),
     told as (select product_id, warehouse_id, day, moved_in, moved_out from inventory_stockday
              where tenant_id = %(tenant)s)
select coalesce(moved.product_id, told.product_id), coalesce(moved.warehouse_id, told.warehouse_id),
       format('%%s in and %%s out on %%s', coalesce(told.moved_in, 0), coalesce(told.moved_out, 0), day),
       format('%%s and %%s', coalesce(moved.moved_in, 0), coalesce(moved.moved_out, 0))
from moved full join told using (product_id, warehouse_id, day)
where (coalesce(moved.moved_in, 0), coalesce(moved.moved_out, 0))
      <> (coalesce(told.moved_in, 0), coalesce(told.moved_out, 0))
      and (moved.recorded_at is null or moved.recorded_at <= %(before)s) order by 1, 2, day
"""


def checks(*, before: datetime) -> Iterator[Check]:
    """Four checks of the current tenant; the read models may lack what was recorded after `before`. Five statements."""
    levels = StockLevel.objects.in_tenant().count()
    yield checked("stock is what its movements add up to", compared=levels, differences=_different(_OTHERWISE_MOVED))
    yield checked("reserved goods are promised to orders", compared=levels, differences=_different(_OTHERWISE_PROMISED))
    summarised = _different(_OTHERWISE_SUMMARISED, before=before)
    yield checked("the list of stock says what lies there", compared=levels, differences=summarised)
    by_day = _different(_OTHERWISE_BY_DAY, before=before)
    yield checked("the days of stock say what moved", compared=levels, differences=by_day)


def _different(statement: str, *, before: datetime | None = None) -> Iterator[str]:
    with connections[alias_for(StockLevel)].cursor() as cursor:
        cursor.execute(statement, {"tenant": require_tenant_id(), "before": before})
        for product_id, warehouse_id, has, should in cursor.fetchall():
            yield f"product {product_id} in warehouse {warehouse_id} has {has}, not {should}"
