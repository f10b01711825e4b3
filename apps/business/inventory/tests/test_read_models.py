from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.business.inventory import commands, projections, queries
from apps.business.inventory.handlers import STOCK_PROJECTION
from apps.business.inventory.models import StockDay, StockLevel, StockMovement, StockSummary
from apps.business.inventory.tests.conftest import ADA
from apps.business.inventory.tests.factories import ProductFactory, StockLevelFactory, WarehouseFactory
from apps.core.db.ids import uuid7
from apps.core.errors import DomainError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
NOW = timezone.now()


def summarised():
    rows = StockSummary.objects.in_tenant().exclude(on_hand=0)
    return set(rows.values_list("product_id", "warehouse_id", "on_hand", "reserved", "level_version", "last_moved_at"))


def by_day():
    rows = StockDay.objects.in_tenant()
    return set(rows.values_list("product_id", "warehouse_id", "day", "moved_in", "moved_out", "sold"))


def ledger_by_day(product_ids):
    """The same, counted from the ledger."""
    days = {}
    for movement in (one for product_id in product_ids for one in queries.movements(product_id)):
        place = (movement.product_id, movement.warehouse_id, movement.occurred_at.astimezone(UTC).date())
        moved = days.setdefault(place, Counter())
        moved["in" if movement.quantity > 0 else "out"] += abs(movement.quantity)
        moved["sold"] += abs(movement.quantity) if movement.kind == "sale" else 0
    return {(*place, moved["in"], moved["out"], moved["sold"]) for place, moved in days.items()}


def exact():
    last = {}
    for product_id in StockLevel.objects.in_tenant().values_list("product_id", flat=True):
        for movement in queries.movements(product_id):
            place = (movement.product_id, movement.warehouse_id)
            last[place] = max(last.get(place, movement.occurred_at), movement.occurred_at)
    levels = StockLevel.objects.in_tenant().exclude(on_hand=0)
    rows = levels.values_list("product_id", "warehouse_id", "on_hand", "reserved", "version")
    return {(*row, last[row[:2]]) for row in rows}


class Warehouses:
    """Random deeds in two warehouses, within a month."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.places = [WarehouseFactory(priority=number).id for number in (1, 2)]
        self.products = [ProductFactory().id for _ in range(2)]
        self.orders = []

    def live(self, steps):
        for _ in range(steps):
            deed = self.chance.choice(
                [self.receive, self.receive, self.sell, self.reserve, self.take, self.give_up, self.carry]
            )
            try:
                with transaction.atomic(using="business"):
                    deed(self.chance.choice(self.products), self.chance.randrange(1, 5))
            except DomainError:
                pass

    def receive(self, product_id, quantity):
        place = self.chance.choice(self.places)
        commands.receive(product_id=product_id, quantity=quantity, warehouse_id=place, occasion=self.when())

    def sell(self, product_id, quantity):
        commands.take(quantities={product_id: quantity}, occasion=self.when(order_id=uuid7()))

    def reserve(self, product_id, quantity):
        self.orders.append(uuid7())
        occasion = self.when(order_id=self.orders[-1])
        commands.reserve(order_id=self.orders[-1], quantities={product_id: quantity}, occasion=occasion)

    def take(self, product_id, quantity):
        order_id = self.chance.choice(self.orders or [uuid7()])
        commands.take_reserved(order_id=order_id, occasion=self.when(order_id=order_id))

    def give_up(self, product_id, quantity):
        commands.release(order_id=self.chance.choice(self.orders or [uuid7()]), occasion=self.when())

    def carry(self, product_id, quantity):
        wish = {"from_warehouse_id": self.places[0], "to_warehouse_id": self.places[1]}
        commands.transfer(product_id=product_id, **wish, quantity=quantity, occasion=self.when())

    def when(self, **changes):
        at = NOW - timedelta(days=self.chance.randrange(30))
        return commands.Occasion(**{"actor": ADA, "occurred_at": at, "recorded_at": NOW, **changes})


class TestStock:
    @pytest.mark.parametrize("seed", range(3))
    def test_is_what_lies_there_and_moved_in_whatever_order_it_is_heard_of(self, published, seed):
        warehouses = Warehouses(seed)
        warehouses.live(30)
        heard = [one for one in published.envelopes() if one.event_type in STOCK_PROJECTION.event_types]
        warehouses.chance.shuffle(heard)

        for envelope in heard[:10]:
            projections.follow(envelope.event())
        projections.follow_many(heard[10:])

        assert summarised() == exact()
        assert by_day() == ledger_by_day(warehouses.products)

    def test_a_deed_is_one_event_however_many_products_it_moves(self, published, occasion):
        products = [StockLevelFactory().product_id for _ in range(3)]

        commands.take(quantities=dict.fromkeys(products, 2), occasion=occasion(order_id=uuid7()))

        (event,) = [one.event() for one in published.envelopes() if one.event_type == "StockChanged"]
        assert [(level.on_hand, level.movements[0].quantity) for level in event.levels] == [(8, -2)] * 3

    def test_what_an_earlier_version_moved_is_told_once(self, drain):
        product_id = StockLevelFactory(on_hand=3).product_id
        StockMovement.objects.create(product_id=product_id, kind="receipt", quantity=3, balance=3, occurred_at=NOW)

        told = [commands.announce_earlier_movements() for _ in range(2)]
        drain()

        assert told == [1, 0]
        assert summarised() == exact()
        assert by_day() == ledger_by_day([product_id])


class TestShown:
    def test_in_the_api_and_on_the_pages(self, drain, api_client, browser, occasion):
        product_id = ProductFactory(name="Teapot").id
        commands.receive(product_id=product_id, quantity=70, occasion=occasion())
        commands.take(quantities={product_id: 3}, occasion=occasion(order_id=uuid7()))
        drain()

        client, page = api_client("viewer"), browser("viewer")
        (summary,) = client.get(f"/api/v1/stock-summaries?product_id={product_id}").json()["data"]
        (day,) = client.get(f"/api/v1/stock-days?product_id={product_id}").json()["data"]
        idle = [
            len(client.get(f"/api/v1/stock-summaries?idle_since={NOW.date() + timedelta(days=days)}").json()["data"])
            for days in (-1, 2)
        ]

        assert (summary["available"], day["moved_in"], day["moved_out"], day["sold"]) == (67, 70, 3, 3)
        assert idle == [0, 1]
        assert ">70<" in page.get("/stock/days/?q=teap").content.decode()
        assert "By day" in page.get(f"/stock/{product_id}/").content.decode()

    def test_not_to_another_company(self, drain, api_client, browser, occasion, other_tenant_id):
        commands.receive(product_id=ProductFactory().id, quantity=7, occasion=occasion())
        drain()

        stranger = api_client("owner", tenant_id=other_tenant_id)
        assert stranger.get("/api/v1/stock-summaries").json()["data"] == []
        assert stranger.get("/api/v1/stock-days").json()["data"] == []
