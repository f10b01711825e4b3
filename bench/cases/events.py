"""The event log: appending, the way to a reader and to an effect, placing what waits, and building a read model again.

BENCH_EVENTS sets how many events are replayed (default 50,000; 1,000,000 to see the goal of two minutes).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from django.db import connections
from django.utils import timezone

from apps.business.orders.events import OrderPlaced
from apps.business.orders.handlers import ORDER_SUMMARY, REVENUE
from apps.business.orders.models import DailyRevenue
from apps.core.db.ids import uuid7
from apps.core.embedded.binaries import postgres_folder
from apps.core.events import unit_of_work
from apps.core.events.follower import Entry, Follower
from apps.core.events.testing import run_relay_once
from apps.core.events.tests.processes import running
from apps.core.history import SYSTEM
from apps.core.projections import commands
from apps.core.tenancy import tenant
from bench.harness import Bench

APPENDS, WAITING = 400, 20_000
RATE, SECONDS = 500, 10
REPLAYED = int(os.environ.get("BENCH_EVENTS", "50000"))


def run(bench: Bench) -> None:
    _ways()  # first: a worker that finds a backlog is behind for a while
    _scratch()
    _append(bench, connections_used=1)
    _append(bench, connections_used=8)
    _place(bench)
    _replay(bench)


# Appending ------------------------------------------------------------------------------------------------------------


def _append(bench: Bench, *, connections_used: int) -> None:
    candidates: dict[str, Callable[[], int]] = {
        "pgbench: two inserts, one transaction": lambda: _pgbench(connections_used),
        "psycopg: two inserts, one transaction": lambda: _in_threads(connections_used, _plain),
        "Django ORM: two creates, one transaction": lambda: _in_threads(connections_used, _orm),
        "ours: unit_of_work and publish": lambda: _in_threads(connections_used, _ours),
    }
    bench.compare(
        f"Appending events, {connections_used} connection{'s' if connections_used > 1 else ''}",
        "events",
        candidates,
        note="Ours also moves the stream on, queues for the relay, and stands behind row-level security.",
    )


def _in_threads(threads: int, work: Callable[[], None]) -> int:
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(_with_connections_closed, work) for _ in range(threads)]:
            done.result()
    return threads * APPENDS


def _with_connections_closed(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def _ours() -> None:
    with tenant(uuid7()):
        for _ in range(APPENDS):
            with unit_of_work(DailyRevenue) as work:
                work.publish(_placed())


def _orm() -> None:
    with tenant(uuid7()):
        for number in range(APPENDS):
            with unit_of_work(DailyRevenue):
                for currency in ("EUR", "GBP"):
                    DailyRevenue.objects.create(day=date(2000, 1, 1) + timedelta(number), currency=currency)


def _plain() -> None:
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="business") as plain:
        for _ in range(APPENDS):
            for table in ("bench_row", "bench_event"):
                plain.execute(f"insert into {table} values (%s, now(), '{{}}')", [uuid7()])
            plain.commit()


def _pgbench(connections_used: int) -> int:
    script = "begin;\n" + "".join(
        f"insert into {table} values (gen_random_uuid(), now(), '{{}}');\n" for table in ("bench_row", "bench_event")
    )
    url = urlsplit(os.environ["TEST_SUPERUSER_URL"])._replace(path="/business").geturl()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(f"{script}commit;\n")
        file.flush()
        program = [str(postgres_folder() / "pgbench"), "-n", "-f", file.name, "-t", str(APPENDS)]
        size = ["-c", str(connections_used), "-j", "1"]
        subprocess.run([*program, *size, url], check=True, capture_output=True, timeout=300)
    return connections_used * APPENDS


def _scratch() -> None:
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="business", autocommit=True) as plain:
        for table in ("bench_row", "bench_event"):
            plain.execute(f"create table if not exists {table} (id uuid primary key, at timestamptz, content jsonb)")


# The way to a reader and to an effect ---------------------------------------------------------------------------------


def _ways() -> None:
    """Events at a fixed rate, with a relay and a worker in processes of their own."""
    read: list[float] = []
    halt = threading.Event()

    def take(entries: list[Entry]) -> int:
        now = time.time()
        read.extend(now - entry.envelope.timestamp.timestamp() for entry in entries if entry.envelope)
        return len(entries)

    reader = threading.Thread(target=Follower("business", "bench.reader", take, halt).run)
    with (
        running("-m", "apps.core.events.relay_process"),
        running("-m", "celery", "-A", "config.celery", "worker", "-P", "solo", "-Q", "none", EVENTS_CONSUME=REVENUE),
    ):
        reader.start()
        _effects_after(RATE, 1)  # everything is warm
        read.clear()
        effects = _effects_after(RATE, SECONDS)
        halt.set()
        reader.join(30)
    _say(f"From the append to a reader, at {RATE} events/s (goal: p95 < 10 ms)", read)
    _say(f"From the append to the effect as others see it, at {RATE} events/s (goal: p95 < 100 ms)", effects)


def _effects_after(per_second: int, seconds: float) -> list[float]:
    """How long each effect took. All happen to one tenant on one day, so that the day's count tells how many there are;
    it is looked at every two milliseconds.
    """
    owner, count = uuid7(), int(per_second * seconds)
    appended: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(_seen, owner, count)
        with tenant(owner):
            begun = time.perf_counter()
            for number in range(count):
                time.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
                appended.append(time.perf_counter())
                with unit_of_work(DailyRevenue) as work:
                    work.publish(_placed())
        return [at - since for at, since in zip(seen.result(), appended, strict=True)]


def _seen(owner: UUID, count: int) -> list[float]:
    """When each effect could first be seen."""
    seen: list[float] = []
    end = time.monotonic() + 120
    with tenant(owner):
        while len(seen) < count and time.monotonic() < end:
            days = list(DailyRevenue.objects.values_list("order_count", flat=True))
            seen += [time.perf_counter()] * (sum(days) - len(seen))
            time.sleep(0.002)
    connections.close_all()
    return seen


def _say(title: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100)
    sys.stdout.write(
        f"{title}\n  {len(seconds):,} events: p50 {cuts[49] * 1e3:.1f} ms, p95 {cuts[94] * 1e3:.1f} ms, "
        f"p99 {cuts[98] * 1e3:.1f} ms\n\n"
    )


# What waits -----------------------------------------------------------------------------------------------------------


def _place(bench: Bench) -> None:
    def ours() -> int:
        _queue(WAITING)
        return run_relay_once("business")

    rounds, bench.rounds = bench.rounds, 3
    bench.compare(
        f"The relay places {WAITING:,} events that wait",
        "events",
        {"filling the queue alone, by SQL": lambda: _queue(WAITING), "filling it, and the relay places them": ours},
    )
    bench.rounds = rounds
    run_relay_once("business")


def _queue(count: int) -> int:
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="business", autocommit=True) as plain:
        plain.execute(
            "insert into events_pending (event_id, recorded_at) select gen_random_uuid(), now() "
            "from generate_series(1, %s)",
            [count],
        )
    return count


# Replay ---------------------------------------------------------------------------------------------------------------


def _replay(bench: Bench) -> None:
    _history(REPLAYED)
    rounds, bench.rounds = bench.rounds, 1
    bench.compare(
        f"The list of orders built again from {REPLAYED:,} events",
        "events",
        {
            "many at once": lambda: commands.build(ORDER_SUMMARY, actor=SYSTEM, now=timezone.now()).events_done,
            "each by its handler": _build_one_by_one,
        },
        note="With the comparison of all rows. Goal: 1,000,000 in under two minutes, so 8,333 a second.",
    )
    bench.rounds = rounds


def _build_one_by_one() -> int:
    group = ORDER_SUMMARY.group
    many, group.many = group.many, None
    try:
        return commands.build(
            replace(ORDER_SUMMARY, name="order_summary_one_by_one"), actor=SYSTEM, now=timezone.now()
        ).events_done
    finally:
        group.many = many


def _history(count: int) -> None:
    """Placed orders of twenty tenants, by SQL: as many events, each with its place in the log."""
    with tenant(uuid7()), unit_of_work(DailyRevenue) as work:
        work.publish(_placed())
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="business", autocommit=True) as plain:
        plain.execute("delete from events_position")
        plain.execute(_HISTORY, [count])
        plain.execute("delete from events_pending")
        plain.execute("analyze")


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


def _placed() -> OrderPlaced:
    return OrderPlaced(
        order_id=uuid7(),
        number="B-0",
        customer_id=None,
        occurred_at=timezone.now(),
        currency="EUR",
        total_minor=1250,
        source="api",
        lines=(),
    )
