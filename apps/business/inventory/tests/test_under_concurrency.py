"""Real threads with committed transactions: nothing is sold twice, and every warehouse adds up."""

import random
import threading
from collections import Counter
from contextlib import suppress
from functools import partial
from uuid import uuid4

import pytest
from django.db import connections
from django.db.models import Sum
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, queries
from apps.business.inventory.errors import StockShort
from apps.business.inventory.models import Reservation, ReservedGoods, StockMovement
from apps.business.inventory.tests.factories import WarehouseFactory
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant

THREADS, ROUNDS, IN_EACH = 6, 8, 20


@pytest.fixture
def shop(tenant_id, occasion):
    """Two products, twenty of each in each of two warehouses, all of it received."""
    with tenant(tenant_id):
        warehouses = [WarehouseFactory(priority=number) for number in (1, 2)]
        products = [ProductFactory().id for _ in range(2)]
        for warehouse in warehouses:
            received = dict.fromkeys(products, IN_EACH)
            commands.receive_many(quantities=received, warehouse_id=warehouse.id, occasion=occasion())
    return products, [warehouse.id for warehouse in warehouses]


def sums(product_id):
    """(on hand, reserved) by warehouse, as the levels have it."""
    return {level.warehouse_id: (level.on_hand, level.reserved) for level in queries.levels_of(product_id)}


def added_up(product_id):
    """The same, as ledger and reservations have it."""
    moved = StockMovement.objects.filter(product_id=product_id).values_list("warehouse_id").annotate(Sum("quantity"))
    held = ReservedGoods.objects.filter(product_id=product_id).values_list("warehouse_id").annotate(Sum("quantity"))
    on_hand, reserved = Counter(dict(moved)), Counter(dict(held))
    return {warehouse_id: (on_hand[warehouse_id], reserved[warehouse_id]) for warehouse_id in on_hand}


class Shopper:
    """Somebody who reserves, takes, gives up, sells and carries about as chance has it. `sold` is what left."""

    def __init__(self, number, shop, occasion):
        self.chance, self.occasion, self.sold = random.Random(number), occasion, Counter()
        self.products, self.warehouses = shop

    def goes_round(self):
        quantity = self.chance.randrange(1, 6)
        # In either order, so that a lock in the order of the wish would deadlock.
        wanted = dict.fromkeys(self.chance.sample(self.products, 2), quantity)
        self.chance.choice((self.sell, self.carry, self.reserve_and_take, self.reserve_and_give_up))(wanted, quantity)

    def sell(self, wanted, _quantity):
        with unit_of_work(Reservation):
            commands.take(quantities=wanted, occasion=self.occasion(order_id=uuid4()))
        self.sold.update(wanted)

    def carry(self, _wanted, quantity):
        source, target = self.chance.sample(self.warehouses, 2)
        commands.transfer(
            product_id=self.products[0],
            from_warehouse_id=source,
            to_warehouse_id=target,
            quantity=quantity,
            occasion=self.occasion(),
        )

    def reserve_and_take(self, wanted, _quantity):
        order_id = uuid4()
        commands.reserve(order_id=order_id, quantities=wanted, occasion=self.occasion())
        commands.take_reserved(order_id=order_id, occasion=self.occasion(order_id=order_id))
        self.sold.update(wanted)

    def reserve_and_give_up(self, wanted, _quantity):
        order_id, now = uuid4(), timezone.now()
        made = commands.reserve(order_id=order_id, quantities=wanted, expires_at=now, occasion=self.occasion())
        if self.chance.random() < 0.5:
            commands.release(order_id=order_id, occasion=self.occasion())
        commands.expire(reservation_id=made.id, now=now)


def at_once(tenant_id, works):
    """Run each in a thread of its own with its own connection; returns what none of them should have raised."""
    faults = []

    def run(work):
        try:
            with tenant(tenant_id):
                work()
        except Exception as error:
            faults.append(error)
        finally:
            connections["business"].close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return faults


@pytest.mark.django_db(transaction=True)
def test_nobody_is_promised_or_sold_what_somebody_else_has(tenant_id, shop, occasion):
    shoppers = [Shopper(number, shop, occasion) for number in range(THREADS)]

    def shopping(shopper):
        for _ in range(ROUNDS):
            with suppress(StockShort):
                shopper.goes_round()

    assert at_once(tenant_id, [partial(shopping, shopper) for shopper in shoppers]) == []

    sold = sum((shopper.sold for shopper in shoppers), Counter())
    with tenant(tenant_id):
        for product_id in shop[0]:
            assert sums(product_id) == added_up(product_id)
            assert sum(on_hand for on_hand, _ in sums(product_id).values()) == 2 * IN_EACH - sold[product_id]
            assert {reserved for _, reserved in sums(product_id).values()} == {0}


@pytest.mark.django_db(transaction=True)
def test_no_more_is_back_ordered_than_is_allowed(tenant_id, occasion):
    with tenant(tenant_id):
        product = ProductFactory()
        commands.allow_back_orders(product_id=product.id, at_most=5, actor=occasion().actor)

    def buy():
        commands.reserve(order_id=uuid4(), quantities={product.id: 1}, occasion=occasion())

    refused = at_once(tenant_id, [buy] * 10)

    with tenant(tenant_id):
        assert [type(error) for error in refused] == [StockShort] * 5
        assert queries.back_ordered([product.id]) == {product.id: 5}
