import threading
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections
from django.db.utils import ProgrammingError
from django.utils import timezone

from apps.business.catalog.errors import ProductNotFound
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, queries
from apps.business.inventory.errors import InvalidMovement, Shortage, StockShort
from apps.business.inventory.events import StockAdjusted, StockChanged, StockReceived
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.inventory.models.stock import Change
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import tenant

ADA = Actor(kind="user", id=uuid4(), name="Ada")


def occasion(**changes):
    now = timezone.now()
    return commands.Occasion(**{"actor": ADA, "occurred_at": now, "recorded_at": now, "reason": "counted", **changes})


def take(quantities, **changes):
    with unit_of_work(StockLevel):
        commands.take(quantities=quantities, occasion=occasion(**changes))


def on_hand(level):
    return queries.on_hand([level.product_id])[level.product_id]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestTake:
    def test_takes_from_the_shelf_and_writes_the_ledger(self):
        level, order_id = StockLevelFactory(), uuid4()

        take({level.product_id: 4}, order_id=order_id)

        (movement,) = queries.movements_of(level.product_id)
        assert on_hand(level) == 6
        assert (movement.kind, movement.quantity, movement.balance, movement.order_id) == ("sale", -4, 6, order_id)
        assert movement.actor_name == "Ada"

    def test_refuses_naming_every_short_product_and_takes_nothing(self):
        enough, short = StockLevelFactory(), StockLevelFactory(on_hand=1)
        never_had = ProductFactory()

        with pytest.raises(StockShort) as refused:
            take({enough.product_id: 1, short.product_id: 2, never_had.id: 3})

        assert set(refused.value.shortages) == {
            Shortage(short.product_id, short.product.sku, 2, 1),
            Shortage(never_had.id, never_had.sku, 3, 0),
        }
        assert on_hand(enough) == 10

    def test_is_part_of_the_callers_transaction(self):
        level = StockLevelFactory()

        with pytest.raises(RuntimeError), unit_of_work(StockLevel):
            commands.take(quantities={level.product_id: 4}, occasion=occasion())
            raise RuntimeError

        assert on_hand(level) == 10

    def test_sees_no_stock_of_another_tenant(self, other_tenant_id):
        level = StockLevelFactory()

        with tenant(other_tenant_id), pytest.raises(StockShort):
            take({level.product_id: 1})

    def test_costs_four_statements_however_many_products(self, django_assert_num_queries):
        levels = [StockLevelFactory() for _ in range(5)]

        with unit_of_work(StockLevel), django_assert_num_queries(4, using="business"):
            commands.take(quantities={level.product_id: 1 for level in levels}, occasion=occasion())


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestPutBack:
    def test_puts_back_also_what_was_never_there(self):
        product = ProductFactory()

        with unit_of_work(StockLevel):
            commands.put_back(quantities={product.id: 3}, occasion=occasion())

        assert queries.on_hand([product.id]) == {product.id: 3}
        assert [movement.kind for movement in queries.movements_of(product.id)] == ["return"]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestReceiveAndAdjust:
    def test_books_goods_that_came_in(self, published):
        product, when = ProductFactory(), occasion()

        commands.receive(product_id=product.id, quantity=7, occasion=when)

        (level,) = queries.levels_of(product.id)
        assert level.on_hand == 7
        assert published.beside(StockChanged) == [
            StockReceived(
                stock_level_id=level.id,
                product_id=product.id,
                quantity=7,
                balance=7,
                reason="counted",
                occurred_at=when.occurred_at,
                warehouse_id=level.warehouse_id,
            )
        ]

    def test_corrects_the_stock_and_says_so(self, published):
        level = StockLevelFactory()

        movement = commands.adjust(product_id=level.product_id, quantity=-3, occasion=occasion())

        assert (movement.kind, movement.balance, on_hand(level)) == ("adjustment", 7, 7)
        assert [type(event) for event in published] == [StockChanged, StockAdjusted]

    def test_never_goes_below_zero(self, published):
        level = StockLevelFactory()

        with pytest.raises(StockShort):
            commands.adjust(product_id=level.product_id, quantity=-11, occasion=occasion())
        assert (on_hand(level), len(published)) == (10, 0)

    def test_refuses_nothing_at_all(self):
        level = StockLevelFactory()

        with pytest.raises(InvalidMovement):
            commands.adjust(product_id=level.product_id, quantity=0, occasion=occasion())
        with pytest.raises(InvalidMovement):
            commands.receive(product_id=level.product_id, quantity=-1, occasion=occasion())

    @pytest.mark.parametrize("command", [commands.receive, commands.adjust])
    def test_does_not_find_a_product_of_another_tenant(self, command, other_tenant_id):
        level = StockLevelFactory()

        with tenant(other_tenant_id), pytest.raises(ProductNotFound):
            command(product_id=level.product_id, quantity=1, occasion=occasion())


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestTheDatabaseItself:
    def test_refuses_stock_below_zero(self):
        level = StockLevelFactory()

        with pytest.raises(IntegrityError, match="inventory_never_below_zero"), unit_of_work(StockLevel):
            StockLevel.objects.move({level.id: Change(on_hand=-11)})

    @pytest.mark.parametrize("edit", ["update {} set quantity = 1", "delete from {}"])
    def test_lets_nobody_edit_the_ledger(self, edit):
        with pytest.raises(ProgrammingError, match="permission denied"), unit_of_work(StockLevel):
            connections["business"].cursor().execute(edit.format("inventory_stockmovement"))


@pytest.mark.django_db(transaction=True)
class TestManyTakersAtOnce:
    def test_sell_exactly_what_there_is(self, tenant_id):
        """Forty takers of two products each, in opposite orders: no deadlock, nothing sold twice."""
        with tenant(tenant_id):
            first, second = StockLevelFactory(on_hand=25), StockLevelFactory(on_hand=25)
        outcomes = []

        def taker(number):
            order = (first, second) if number % 2 else (second, first)
            try:
                with tenant(tenant_id):
                    take({level.product_id: 1 for level in order})
                outcomes.append("taken")
            except StockShort:
                outcomes.append("short")
            finally:
                connections["business"].close()

        threads = [threading.Thread(target=taker, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        with tenant(tenant_id):
            ledger = [movement.balance for movement in StockMovement.objects.filter(product_id=first.product_id)]
            assert (outcomes.count("taken"), outcomes.count("short")) == (25, 15)
            assert (on_hand(first), on_hand(second)) == (0, 0)
            assert sorted(ledger) == list(range(25))
