"""What is published and replayed: orders that were placed."""

from __future__ import annotations

import os
from uuid import uuid4

import psycopg
from django.utils import timezone

from apps.business.orders.events import LinePlaced, OrderPlaced
from apps.business.orders.models import DailyRevenue
from apps.core.db.ids import uuid7
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant


def placed() -> OrderPlaced:
    return OrderPlaced(
        order_id=uuid7(),
        number="B-0",
        customer_id=None,
        occurred_at=timezone.now(),
        currency="EUR",
        total_minor=1250,
        source="api",
        lines=(_line(1000, 4), _line(250, 1)),
    )


def _line(total_minor: int, quantity: int) -> LinePlaced:
    return LinePlaced(
        order_line_id=uuid4(),
        kind="product",
        product_id=uuid4(),
        quantity=quantity,
        unit_price_e4=25_000,
        total_minor=total_minor,
    )


def superuser() -> psycopg.Connection:
    """Past row-level security, to the business database."""
    return psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="business", autocommit=True)


def history(count: int) -> None:
    """So many placed orders of twenty tenants, by SQL, each with its place in the log, where nothing else has one."""
    with tenant(uuid7()), unit_of_work(DailyRevenue) as work:
        work.publish(placed())
    with superuser() as plain:
        plain.execute("truncate events_position, events_pending")
        plain.execute(_HISTORY, [count])
        plain.execute("analyze")


def tenants() -> list[object]:
    with superuser() as plain:
        found = plain.execute("select tenant_id from events_event group by 1 having count(*) > 100 limit 20")
        return [row[0] for row in found.fetchall()]


_HISTORY = """
with template as (select * from events_event where type = 'OrderPlaced' order by recorded_at desc limit 1),
tenants as (select array_agg(gen_random_uuid()) as ids from generate_series(1, 20)),
made as (
    insert into events_event (id, tenant_id, aggregate_type, aggregate_id, sequence, type, version, topic, payload,
                              causation_id, correlation_id, user_id, impersonator_id, traceparent, origin)
    select gen_random_uuid(), tenants.ids[1 + number %% 20], 'Order', orders.id, 1, 'OrderPlaced', template.version,
           template.topic, template.payload || jsonb_build_object('orderId', orders.id, 'number', 'B-' || number),
           template.causation_id, template.correlation_id, null, null, template.traceparent, null
    from template, tenants, generate_series(1, %s) number,
         lateral (select gen_random_uuid() as id where number > 0) orders
    returning id, recorded_at)
insert into events_position (event_id, recorded_at) select id, recorded_at from made
"""
