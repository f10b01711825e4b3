"""Buyers, sagas, payments, parcels and consumers at once, on committed transactions; then the history is looked at."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.orders import queries
from apps.business.orders.sagas import PLACE_ORDER
from apps.business.orders.tests.factories import ADA, line, place
from apps.business.orders.tests.test_sagas import use_simulator
from apps.business.payments import commands as payments
from apps.business.payments import queries as payment_queries
from apps.business.payments import simulation
from apps.business.payments.providers import registry
from apps.business.payments.providers.simulator import cards
from apps.business.reconciliation.reconciling import reconcile
from apps.business.shipping import commands as shipping
from apps.core.errors import DomainError
from apps.core.events.database import connect
from apps.core.events.subscriptions import groups
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.history import SYSTEM
from apps.core.sagas.models import Instance
from apps.core.sagas.runner import Runner
from apps.core.tenancy import require_tenant_id, tenant

STOCK, BUYERS, WORKERS, ORDERS_EACH = 8, 3, 2, 3
CARDS = (cards.GOOD, cards.TWICE, cards.TIMEOUT, cards.DECLINED)
_OUT_OF_ORDER = """
select count(*) from (
    select event.sequence, row_number() over (partition by event.aggregate_id order by place.position) as place
    from events_event event left join events_position place on place.event_id = event.id
    where event.tenant_id = %s) one
where sequence <> place
"""
_DEAD = "select count(*) from events_dead_letter where tenant_id = %s"


class Market:
    """One product of which there is too little, and who wants it. `answered`: by its key, each id that was told."""

    def __init__(self) -> None:
        self.tenant_id = require_tenant_id()
        self.product_id = ProductFactory().id
        occasion = inventory.Occasion(actor=ADA, occurred_at=timezone.now(), recorded_at=timezone.now())
        inventory.receive(product_id=self.product_id, quantity=STOCK, occasion=occasion)
        self.answered: dict[str, set[UUID]] = {}
        self.shipped, self.hurry = Counter[UUID](), threading.Event()

    def buy(self, chance: random.Random) -> None:
        """Each order is asked for twice, as after an answer that was lost."""
        for _ in range(ORDERS_EACH):
            key, card, quantity = str(uuid4()), chance.choice(CARDS), chance.randrange(1, 4)
            wish = partial(place, line(self.product_id, quantity), payment_method=card, idempotency_key=key)
            self.answered[key] = {wish().id, wish().id}

    def work(self, chance: random.Random) -> None:
        """Whatever is due, in an order of one's own, until the buyers have gone and nothing is left."""
        while not self.hurry.is_set() or any([self.turn(chance), self.turn(chance)]):
            self.turn(chance)

    def turn(self, chance: random.Random) -> int:
        soon = timezone.now() + timedelta(minutes=16)  # nobody waits for a pause to pass
        done = sum(self.carry_on(instance, soon) for instance in self.due_sagas(chance, soon))
        for payment in payment_queries.payments():
            done += payments.work_on(payment_id=payment.id, now=soon)
        return done + simulation.hand_over_notices(clock=timezone.now) + self.consume()

    def carry_on(self, instance: Instance, now: Any) -> int:
        Runner("business", clock=lambda: now).run(instance.id)
        if instance.state == Instance.State.WAITING:
            self.send(instance.key)
        return 1

    def due_sagas(self, chance: random.Random, now: Any) -> list[Instance]:
        rows = Instance.objects.using("business").filter(tenant_id=self.tenant_id, name=PLACE_ORDER.name)
        due = [row for row in rows.filter(closed_at=None) if row.due_at <= now or self.can_leave(row)]
        return chance.sample(due, len(due))

    def can_leave(self, row: Instance) -> bool:
        return row.state == Instance.State.WAITING and queries.order(row.key).payment_status == "paid"

    def send(self, order_id: UUID) -> None:
        """All of it, in a parcel; two may want to at once."""
        (goods,) = queries.lines_of(order_id)
        with suppress(DomainError):
            shipping.ship(order_id=order_id, lines={goods.id: goods.quantity}, actor=SYSTEM, now=timezone.now())
            self.shipped[order_id] += goods.quantity

    def consume(self) -> int:
        run_relay_once("business")
        return sum(consume_available(group.name) for group in groups() if group.service == "business")


def at_once(tenant_id: UUID, works: list[Callable[[], None]]) -> tuple[list[threading.Thread], list[Exception]]:
    """Each in a thread of its own with connections of its own; what they raise is in the second list."""
    raised: list[Exception] = []

    def run(work: Callable[[], None]) -> None:
        try:
            with tenant(tenant_id):
                work()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    return threads, raised


def faults(market: Market) -> Iterator[str]:
    """Which of the five things that must hold of every history does not hold of this one."""
    orders = {order.id: order for page in queries.pages_of_orders() for order in page}
    with connect("business", "looking at a history") as relay:
        out_of_order, dead = (
            relay.execute(asked, [market.tenant_id]).fetchone()[0] for asked in (_OUT_OF_ORDER, _DEAD)
        )
    if out_of_order or dead:
        yield f"the order per key: {out_of_order} events are out of it, {dead} could not be handled"
    if Counter(orders.keys()) != Counter(order_id for told in market.answered.values() for order_id in told):
        yield f"no acknowledged write is lost: {market.answered} of {list(orders)}"
    if twice := [key for key, told in market.answered.items() if len(told) != 1]:
        yield f"effects happen exactly once: {len(twice)} requests made two orders"
    yield from _effects(orders)
    placed = sum(quantity for order in orders.values() if order.status == "placed" for quantity in _pieces(order))
    (level,) = stock.levels_of(market.product_id)
    if placed > STOCK or level.available != STOCK - placed or level.on_hand != STOCK - market.shipped.total():
        yield f"nothing is oversold: {placed} of {STOCK}, {level.available} of {level.on_hand} are free"
    found = reconcile(before=timezone.now() + timedelta(days=1))
    out = sum(balance.balance_minor for balance in payment_queries.trial_balance())
    if out or not found.holds:
        yield f"the ledger balances: {out}, {[check.name for check in found.checks if not check.holds]}"


def _effects(orders: dict[UUID, Any]) -> Iterator[str]:
    """Exactly once: in the figures, in the list, and at the provider."""
    placed = [order for order in orders.values() if order.status == "placed"]
    days = queries.revenue_by_day(since=timezone.now().date() - timedelta(days=1))
    figures = sum(day.order_count for day in days), sum(day.sold_minor for day in days)
    if figures != (len(placed), sum(one.total_minor for one in placed)):
        yield f"effects happen exactly once: the figures say {figures} of {len(placed)}"
    if {row.id: row.status for row in queries.order_summaries()} != {one.id: one.status for one in orders.values()}:
        yield "effects happen exactly once: the list says otherwise"
    with registry.simulator().store.session() as session:
        things = session.things(str(require_tenant_id()))
    asked = Counter(one["metadata"]["order_id"] for one in things if one["object"] == "payment_intent")
    taken = {UUID(one["metadata"]["order_id"]): one["amount_received"] for one in things if one["amount_received"]}
    if set(asked.values()) - {1} or taken != {one.id: one.total_minor for one in placed}:
        yield f"effects happen exactly once: the provider was asked {asked} and took {taken}"


def _pieces(order: Any) -> list[int]:
    return [row.quantity for row in order.lines.all()]


@pytest.mark.django_db(transaction=True)
def test_a_history_of_many_at_once_is_sound(tenant_id, settings, tmp_path):
    use_simulator(settings, tmp_path)
    with tenant(tenant_id):
        market = Market()

    buyers, refused = at_once(tenant_id, [partial(market.buy, random.Random(number)) for number in range(BUYERS)])
    workers, broken = at_once(tenant_id, [partial(market.work, random.Random(number)) for number in range(WORKERS)])
    for thread in buyers:
        thread.join(timeout=60)
    market.hurry.set()
    for thread in workers:
        thread.join(timeout=60)

    assert (refused, broken) == ([], [])
    with tenant(tenant_id):
        assert len(market.answered) == BUYERS * ORDERS_EACH
        assert list(faults(market)) == []
        assert market.shipped
