from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, expiring, queries
from apps.business.inventory.errors import InvalidMovement, StockShort, WarehouseDeleted, WarehouseInUse
from apps.business.inventory.events import StockChanged, StockRanLow, StockTransferred, WarehouseCreated
from apps.business.inventory.models import Reservation, Warehouse
from apps.business.inventory.tests.conftest import ADA
from apps.business.inventory.tests.factories import StockLevelFactory, WarehouseFactory
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant

in_tenant = pytest.mark.usefixtures("in_tenant")


def on_hand(product_id):
    return {level.warehouse_id: level.on_hand for level in queries.levels_of(product_id)}


@pytest.mark.django_db
@in_tenant
class TestTheDefaultWarehouse:
    def test_is_made_by_the_database_for_whoever_names_none(self):
        first, second = StockLevelFactory(), StockLevelFactory()

        (default,) = Warehouse.objects.in_tenant()
        assert default.is_default
        assert set(on_hand(first.product_id)) == set(on_hand(second.product_id)) == {default.id}

    def test_changes_and_then_takes_what_names_none(self, occasion):
        product, london = ProductFactory(), WarehouseFactory()

        for _ in range(2):
            commands.make_default(warehouse_id=london.id, actor=ADA)
        commands.receive(product_id=product.id, quantity=3, occasion=occasion())

        assert on_hand(product.id) == {london.id: 3}

    def test_of_another_tenant_is_another(self, other_tenant_id):
        StockLevelFactory()

        with tenant(other_tenant_id):
            StockLevelFactory()
            assert Warehouse.objects.in_tenant().count() == 1


@pytest.mark.django_db
@in_tenant
class TestWarehouses:
    def test_are_announced_when_they_are_new(self, published):
        created = commands.create_warehouse(
            warehouse=commands.NewWarehouse(name="London", country="GB"), actor=ADA, now=timezone.now()
        )

        assert published == [WarehouseCreated(warehouse_id=created.id, name="London", country="GB", priority=100)]

    def test_are_not_deleted_while_goods_lie_there(self, occasion):
        product, london = ProductFactory(), WarehouseFactory()
        commands.receive(product_id=product.id, quantity=3, warehouse_id=london.id, occasion=occasion())

        with pytest.raises(WarehouseInUse):
            commands.delete_warehouse(warehouse_id=london.id, actor=ADA, now=timezone.now())

    def test_take_nothing_once_they_are_deleted(self, occasion):
        product, london = ProductFactory(), WarehouseFactory()
        for _ in range(2):
            commands.delete_warehouse(warehouse_id=london.id, actor=ADA, now=timezone.now())

        with pytest.raises(WarehouseDeleted):
            commands.receive(product_id=product.id, quantity=3, warehouse_id=london.id, occasion=occasion())


@pytest.mark.django_db
@in_tenant
class TestTransfer:
    def test_carries_goods_and_notes_both_sides(self, occasion, published):
        level, london = StockLevelFactory(), WarehouseFactory()
        (main,) = on_hand(level.product_id)

        commands.transfer(
            product_id=level.product_id,
            from_warehouse_id=main,
            to_warehouse_id=london.id,
            quantity=4,
            occasion=occasion(reason="nearer"),
        )

        assert on_hand(level.product_id) == {london.id: 4, main: 6}
        ledger = [(m.warehouse_id, m.kind, m.quantity, m.balance) for m in queries.movements(level.product_id)]
        assert sorted(ledger) == sorted([(main, "transfer", -4, 6), (london.id, "transfer", 4, 4)])
        assert [type(event) for event in published] == [StockChanged, StockTransferred]

    def test_leaves_what_is_promised(self, occasion):
        level, london = StockLevelFactory(), WarehouseFactory()
        (main,) = on_hand(level.product_id)
        commands.reserve(order_id=uuid4(), quantities={level.product_id: 7}, occasion=occasion())
        wish = {"product_id": level.product_id, "from_warehouse_id": main, "occasion": occasion()}

        with pytest.raises(StockShort):
            commands.transfer(**wish, to_warehouse_id=london.id, quantity=4)
        with pytest.raises(InvalidMovement):
            commands.transfer(**wish, to_warehouse_id=main, quantity=1)

        assert on_hand(level.product_id) == {main: 10}


@pytest.mark.django_db
@in_tenant
class TestLowStock:
    @pytest.fixture
    def low(self, published):
        return lambda: [(event.available, event.threshold) for event in published if isinstance(event, StockRanLow)]

    def test_is_announced_once_on_the_way_down_and_again_after_a_refill(self, low, occasion):
        product = StockLevelFactory(product=ProductFactory(reorder_level=5)).product

        def move(quantity):
            commands.adjust(product_id=product.id, quantity=quantity, occasion=occasion())

        move(-4)
        assert low() == []
        move(-2)
        move(-1)
        assert low() == [(4, 5)]
        move(+5)
        move(-4)
        assert low() == [(4, 5), (4, 5)]

    def test_counts_what_is_promised_as_gone(self, low, occasion):
        product = StockLevelFactory(product=ProductFactory(reorder_level=5)).product

        commands.reserve(order_id=uuid4(), quantities={product.id: 6}, occasion=occasion())

        assert low() == [(4, 5)]

    def test_has_a_threshold_for_each_warehouse_that_comes_first(self, low, occasion):
        product = StockLevelFactory(product=ProductFactory(reorder_level=5)).product
        (main,) = on_hand(product.id)

        for _ in range(2):
            commands.set_threshold(product_id=product.id, warehouse_id=main, low_at=10, actor=ADA)
        assert low() == [(10, 10)]
        commands.set_threshold(product_id=product.id, warehouse_id=main, low_at=None, actor=ADA)
        commands.adjust(product_id=product.id, quantity=-5, occasion=occasion())

        assert low() == [(10, 10), (5, 5)]

    def test_of_a_sale_is_announced_too(self, low, occasion):
        product = StockLevelFactory(product=ProductFactory(reorder_level=5)).product

        with unit_of_work(Reservation):
            commands.take(quantities={product.id: 9}, occasion=occasion())

        assert low() == [(1, 5)]


@pytest.mark.django_db(transaction=True)
class TestExpiry:
    def test_gives_up_what_ran_out_in_every_tenant_and_nothing_else(self, tenant_id, other_tenant_id, occasion):
        now, levels = timezone.now(), []
        for one in (tenant_id, other_tenant_id):
            with tenant(one):
                levels.append(StockLevelFactory())
                for ends in (now, now + timedelta(seconds=1), None):
                    wish = {"quantities": {levels[-1].product_id: 2}, "expires_at": ends}
                    commands.reserve(order_id=uuid4(), **wish, occasion=occasion())

        assert [expiring.expire_reservations(now=now) for _ in range(2)] == [2, 0]

        for one, level in zip((tenant_id, other_tenant_id), levels, strict=True):
            with tenant(one):
                assert queries.available([level.product_id]) == {level.product_id: 6}
