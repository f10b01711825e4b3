"""The event log: appending, the way to a reader and to an effect, placing what waits, building a read model again,
publishing to Kafka, and orders through the whole saga. About three minutes on a quiet machine.

BENCH_EVENTS sets how many events are replayed and published (default 100,000; 1,000,000 to see the goal of two
minutes), KAFKA_BOOTSTRAP_SERVERS names a broker to publish to instead of the mock cluster, BENCH_PARTS some of the
parts (`ways append place replay publishing saga`).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from urllib.parse import urlsplit

import psycopg
from django.db import connections

from apps.business.orders.models import DailyRevenue
from apps.core.db.ids import uuid7
from apps.core.embedded.binaries import postgres_folder
from apps.core.events import unit_of_work
from apps.core.events.testing import run_relay_once
from apps.core.tenancy import tenant
from bench.events import publishing, replay, saga, ways
from bench.events.sample import placed
from bench.harness import Bench

APPENDS, WAITING = 300, 20_000
LOGGED = int(os.environ.get("BENCH_EVENTS", "100000"))


def run(bench: Bench) -> None:
    parts: dict[str, Callable[[], None]] = {
        "ways": ways.measure,  # first: a worker that finds a backlog is behind for a while
        "append": lambda: _appending(bench),
        "place": lambda: _place(bench),
        "replay": lambda: replay.measure(bench, LOGGED),
        "publishing": lambda: publishing.measure(bench, LOGGED),
        "saga": lambda: saga.measure(bench),
    }
    chosen = os.environ.get("BENCH_PARTS", "").split()
    for name, part in parts.items():
        if name in (chosen or parts):
            part()


# Appending ------------------------------------------------------------------------------------------------------------


def _appending(bench: Bench) -> None:
    _scratch()
    rounds, bench.rounds = bench.rounds, 5
    _append(bench, connections_used=1)
    _append(bench, connections_used=8)
    bench.rounds = rounds


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
                work.publish(placed())


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
