"""`make drill`: orders are placed while processes of a real platform are killed at random; then everything is counted.
With EVENTS_TRANSPORT=kafka and KAFKA_BOOTSTRAP_SERVERS events go by that broker. It is killed like the others when
KAFKA_PID_FILE names the file that holds its process id; somebody else must start it again.

Whoever calls knows an order was placed only by the answer. So: what was answered with a success must be there, once;
what was not answered may be there once or not at all; and stock, list, figures and log must agree with the orders.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg

from apps.core.embedded.postgres import PostgresServer
from tests.journeys.client import ApiClient, order_for
from tests.journeys.installation import Installation, installed
from tests.journeys.waiting import until

VICTIMS = ("web", "worker", "relay", "beat", "postgres", "redis", "cache-redis")
BUYERS = 3
_TRANSPORT = ("EVENTS_TRANSPORT", "KAFKA_BOOTSTRAP_SERVERS")
STOCK = 1_000_000
_SETTLED_S = 180.0
# The supervisor gives up on what ends five times in half a minute: that would be another drill.
_CRASH_LOOP_S, _KILLS_IN_A_ROW = 40.0, 3
_PAUSE_S = (2.0, 8.0)


@dataclass
class Report:
    """What was done, and what the counting found."""

    seconds: float = 0.0
    kills: list[tuple[str, float]] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)
    unanswered: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        killed = Counter(name for name, _ in self.kills)
        kills = ", ".join(f"{name} {count}×" for name, count in sorted(killed.items())) or "nobody"
        lines = [
            f"{self.seconds:.0f} s of orders while killing {kills}",
            f"{len(self.placed)} orders were answered, {self.unanswered} calls were not and were repeated",
            *([f"FAULT: {fault}" for fault in self.faults] or ["lost: 0, doubled: 0; stock, list, figures, log agree"]),
        ]
        return "\n".join(lines)


def drill(installation: Installation, kill: Callable[[Report], None]) -> Report:
    """Place orders from several sides while `kill` kills processes; then count."""
    report = Report()
    client = ApiClient.of(installation)
    product = client.new_product(stock=STOCK)
    over = threading.Event()
    buyers = [threading.Thread(target=_buy, args=(installation, product, over, report)) for _ in range(BUYERS)]
    begun = time.monotonic()
    for buyer in buyers:
        buyer.start()
    try:
        kill(report)
    finally:
        over.set()
        for buyer in buyers:
            buyer.join(60)
    report.seconds = time.monotonic() - begun
    report.faults = _faults(installation, product, report)
    return report


def _buy(installation: Installation, product: dict[str, str], over: threading.Event, report: Report) -> None:
    """One order after the other; a call without an answer is repeated with its key until it has one."""
    client: ApiClient | None = None
    while not over.is_set():
        key, wish, first = str(uuid4()), order_for(product), None
        while True:
            try:
                client = client or ApiClient.of(installation)
                answer = client.request("POST", "orders", json=wish, headers={"Idempotency-Key": key})
                if answer.status_code == 201:
                    order_id = answer.json()["data"]["id"]
                    report.placed.add(order_id)
                    if first is None:
                        first = order_id
                        continue  # as after an answer that was lost on its way
                    if order_id != first:
                        report.faults.append(f"one key made two orders: {first}, {order_id}")
                    break
                if answer.status_code not in (409, 500, 502, 503, 504):
                    report.faults.append(f"an answer of {answer.status_code}: {answer.text[:200]}")
                    break
            except (httpx2.HTTPError, AssertionError, KeyError, ValueError):
                client = None
            report.unanswered += 1
            if over.wait(0.1):
                return


def at_random(installation: Installation, *, seconds: float, seed: int) -> Callable[[Report], None]:
    """Kills somebody now and then, for so long."""

    def kill(report: Report) -> None:
        chance, end = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(chance.uniform(*_PAUSE_S))
            _kill_somebody(installation, chance, report)

    return kill


def each_once(installation: Installation) -> Callable[[Report], None]:
    """Kills each kind of process once, whoever is left being at work; done when all are back and so is the work."""

    def kill(report: Report) -> None:
        before = installation.pids()
        for name in VICTIMS:
            _await_an_order(report)
            _kill(name, before[name], report)
        until(lambda: _all_new(before, installation.pids()), "everybody is back", reasons=installation.reasons)
        _await_an_order(report)

    return kill


def _await_an_order(report: Report) -> None:
    known = len(report.placed)
    until(lambda: len(report.placed) > known, "one more order is answered")


def _all_new(before: dict[str, int], now: dict[str, int]) -> bool:
    return all(now.get(name, before[name]) != before[name] for name in VICTIMS)


def _kill_somebody(installation: Installation, chance: random.Random, report: Report) -> None:
    now = time.monotonic()
    running = {name: pid for name, pid in installation.pids().items() if name.startswith(VICTIMS)} | _broker()
    spared = Counter(name for name, at in report.kills if now - at < _CRASH_LOOP_S)
    chosen = sorted(name for name in running if spared[name] < _KILLS_IN_A_ROW)
    if not chosen:
        return
    name = chance.choice(chosen)
    with suppress(ProcessLookupError):  # it is being started again
        _kill(name, running[name], report)


def _broker() -> dict[str, int]:
    with suppress(KeyError, FileNotFoundError, ValueError):
        return {"kafka": int(Path(os.environ["KAFKA_PID_FILE"]).read_text())}
    return {}


def _kill(name: str, pid: int, report: Report) -> None:
    os.kill(pid, signal.SIGKILL)
    report.kills.append((name, time.monotonic()))


def _faults(installation: Installation, product: dict[str, str], report: Report) -> list[str]:
    """Everything that does not add up once all is quiet."""
    until(lambda: _is_up(installation), "the platform is up again", _SETTLED_S, installation.reasons)
    server = PostgresServer.running_in(installation.state.data.resolve() / "postgres")
    with server.connect("business") as database:
        orders = _ids(database, _ORDERS, product["id"])
        until(lambda: _ids(database, _LISTED, product["id"]) == orders, "the list has every order", _SETTLED_S)
        faults = [
            ("orders that were answered are gone", len(report.placed - set(orders))),
            ("orders are there twice", len(orders) - len(set(orders))),
            ("calls made two orders", _number(database, _KEYS_TWICE)),
            ("pieces of stock are wrong", STOCK - len(orders) - _number(database, _ON_HAND, product["id"])),
            ("orders have not exactly one event of being placed", _number(database, _NOT_ONE_EVENT, product["id"])),
            ("events are not positioned exactly once", _number(database, _NOT_ONE_POSITION)),
            ("events had no effect on the figures", _number(database, _NO_EFFECT)),
            ("pence of revenue are wrong", _number(database, _REVENUE_OFF)),
            ("dead letters", _number(database, _DEAD)),
        ]
    found = [f"{count} {what}" for what, count in faults if count]
    return [*report.faults, *found, *_disagreements(ApiClient.of(installation))]


def _disagreements(client: ApiClient) -> list[str]:
    """What does not agree even when there was time for invoices to be issued."""
    ends = time.monotonic() + _SETTLED_S
    while (wrong := _reconciled(client)) and time.monotonic() < ends:
        time.sleep(1)
    return [f"{check['different']} of {check['compared']}: not {check['name']}" for check in wrong]


def _reconciled(client: ApiClient) -> list[dict[str, Any]]:
    """What the platform's own reconciliation finds: orders, their events, stock, ledger, parcels and invoices."""
    place = f"services/business/jobs/{client.post('reconciliations', {})['id']}"
    until(lambda: client.get(place)["state"] == "succeeded", "the books were reconciled", _SETTLED_S)
    return [check for check in client.get(place)["result"]["checks"] if check["different"]]


def _is_up(installation: Installation) -> bool:
    with suppress(httpx2.HTTPError):
        return httpx2.get(f"{installation.base_url}/readyz", timeout=5).status_code == 200
    return False


_OF_PRODUCT = "exists (select from orders_orderline line where line.order_id = o.id and line.product_id = %s)"
_ORDERS = f"select o.id from orders_order o where {_OF_PRODUCT} order by 1"
_LISTED = f"select o.id from orders_ordersummary o where {_OF_PRODUCT} order by 1"
_KEYS_TWICE = (
    "select count(*) from (select from orders_order where idempotency_key <> '' "
    "group by tenant_id, idempotency_key having count(*) > 1) twice"
)
_ON_HAND = "select sum(on_hand) from inventory_stocklevel where product_id = %s"
_NOT_ONE_EVENT = (
    f"select count(*) from orders_order o where {_OF_PRODUCT} and 1 <> (select count(*) from events_event e "
    "where e.tenant_id = o.tenant_id and e.aggregate_id = o.id and e.type = 'OrderPlaced')"
)
_NOT_ONE_POSITION = (
    "select count(*) from events_event e where 1 <> (select count(*) from events_position p where p.event_id = e.id)"
)
_NO_EFFECT = (
    "select count(*) from events_event e where type = 'OrderPlaced' and not exists (select from events_inbox i "
    "where i.\"group\" = 'business.daily_revenue' and i.event_id = e.id)"
)
_REVENUE_OFF = (
    "select abs((select coalesce(sum(sold_minor), 0) from orders_dailyrevenue) - "
    "(select coalesce(sum(total_minor), 0) from orders_order "
    "where status in ('placed', 'partly_returned', 'returned')))"
)
_DEAD = "select count(*) from events_dead_letter where status in ('parked', 'retrying')"


def _ids(database: psycopg.Connection, statement: str, *values: object) -> list[str]:
    return [str(row[0]) for row in database.execute(statement, values).fetchall()]


def _number(database: psycopg.Connection, statement: str, *values: object) -> int:
    row = database.execute(statement, values).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def main(seconds: float = 600.0) -> int:
    """The whole drill, on a platform of its own; the exit status says whether anything was lost."""
    seed = random.randrange(1_000_000)
    sys.stdout.write(f"killing for {seconds:.0f} s, seed {seed}\n")
    sys.stdout.flush()
    transport = {name: os.environ[name] for name in _TRANSPORT if name in os.environ}
    with installed() as installation:
        installation.start(**transport)
        report = drill(installation, at_random(installation, seconds=seconds, seed=seed))
    sys.stdout.write(f"{report}\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
