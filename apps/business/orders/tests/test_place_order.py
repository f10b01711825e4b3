import threading
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands as stock_commands
from apps.business.inventory import queries as inventory
from apps.business.inventory.errors import StockShort
from apps.business.inventory.events import StockChanged
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.money import line_total_minor, rounded_half_even
from apps.business.orders import queries
from apps.business.orders.commands import NewLine, ReturnedLine, cancel_order, return_order_lines
from apps.business.orders.errors import CustomerNotFound, InvalidOrder, InvalidReturn, OrderNumberTaken
from apps.business.orders.events import LinePlaced, OrderPlaced
from apps.business.orders.models import Order
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.core.tenancy import tenant

in_tenant = pytest.mark.usefixtures("in_tenant")


@pytest.mark.django_db
@in_tenant
class TestPlaceOrder:
    def test_keeps_the_order_takes_the_goods_and_announces_it(self, published):
        level, customer = StockLevelFactory(), CustomerFactory()

        order = place(line(level.product_id, 3), postage(), customer_id=customer.id)

        kept = queries.order(order.id)
        goods, charge = kept.lines.all()
        assert (kept.number, kept.total_minor, kept.created_by) == ("SO-000001", 765 + 495, ADA.id)
        assert (goods.code, goods.description, goods.total_minor) == (level.product.sku, level.product.name, 765)
        assert inventory.on_hand([level.product_id]) == {level.product_id: 7}
        assert published.beside(StockChanged) == [
            OrderPlaced(
                order_id=order.id,
                number="SO-000001",
                customer_id=customer.id,
                occurred_at=order.placed_at,
                currency="GBP",
                total_minor=1260,
                source="console",
                lines=tuple(
                    LinePlaced(
                        order_line_id=row.id,
                        kind=row.kind,
                        product_id=row.product_id,
                        quantity=row.quantity,
                        unit_price_e4=row.unit_price_e4,
                        total_minor=row.total_minor,
                    )
                    for row in (goods, charge)
                ),
            )
        ]

    def test_refuses_when_stock_is_short_and_leaves_nothing_behind(self, published):
        level = StockLevelFactory(on_hand=2)

        with pytest.raises(StockShort):
            place(line(level.product_id, 3))

        assert (Order.objects.count(), len(published)) == (0, 0)
        assert inventory.on_hand([level.product_id]) == {level.product_id: 2}

    def test_sells_variants_and_not_what_they_are_variants_of(self):
        level = StockLevelFactory()
        master = ProductFactory()
        level.product.differ(variant_of=master.id, options={"size": "M"})
        level.product.save()

        with pytest.raises(InvalidOrder) as refusal:
            place(line(level.product_id), line(master.id))

        assert refusal.value.errors == {"lines.1.product_id": ["is sold in variants: choose one"]}
        assert place(line(level.product_id)).total_minor == 255

    def test_adds_up_lines_of_the_same_product(self):
        level = StockLevelFactory(on_hand=5)

        with pytest.raises(StockShort):
            place(line(level.product_id, 3), line(level.product_id, 3))

    def test_places_once_however_often_the_same_key_comes(self, published):
        level = StockLevelFactory()

        first = place(line(level.product_id, 3), idempotency_key="k")
        second = place(line(level.product_id, 3), idempotency_key="k")

        assert first.id == second.id
        assert len(published.beside(StockChanged)) == 1
        assert inventory.on_hand([level.product_id]) == {level.product_id: 7}

    def test_counts_numbers_per_tenant_without_gaps(self, other_tenant_id):
        with pytest.raises(StockShort):
            place(line(StockLevelFactory().product_id, 99))
        mine = [place().number for _ in range(2)]
        with tenant(other_tenant_id):
            theirs = place().number

        assert (mine, theirs) == (["SO-000001", "SO-000002"], "SO-000001")

    def test_keeps_number_time_and_price_of_an_order_from_elsewhere(self):
        level, long_ago = StockLevelFactory(), timezone.now().replace(year=2010)

        order = place(line(level.product_id, 2, unit_price=Decimal("0.001")), number="536365", placed_at=long_ago)

        kept = queries.order(order.id)
        assert (kept.number, kept.placed_at, kept.total_minor) == ("536365", long_ago, 0)

    def test_refuses_a_number_that_is_taken(self):
        place(number="536365")

        with pytest.raises(OrderNumberTaken):
            place(number="536365")

    @pytest.mark.parametrize(
        ("bad", "named"),
        [
            (NewLine(product_id=uuid4()), "lines.0.product_id"),
            (NewLine(kind="postage", description="x", unit_price=None), "lines.0.unit_price"),
            (NewLine(kind="postage", description="", unit_price=Decimal(1)), "lines.0.description"),
            (NewLine(kind="discount", description="x", unit_price=Decimal(1)), "lines.0.unit_price"),
            (NewLine(kind="manual", description="x", unit_price=Decimal("0.00001")), "lines.0.unit_price"),
            (NewLine(kind="manual", description="x", unit_price=Decimal(1), quantity=0), "lines.0.quantity"),
            (NewLine(kind="manual", description="x", unit_price=Decimal(-1)), "lines"),
        ],
    )
    def test_refuses_a_line_that_breaks_a_rule(self, bad, named):
        with pytest.raises(InvalidOrder) as refused:
            place(bad)

        assert named in refused.value.errors

    def test_refuses_a_price_of_the_callers_own_for_a_product(self):
        with pytest.raises(InvalidOrder):
            place(line(StockLevelFactory().product_id, unit_price=Decimal("0.01")))

    def test_refuses_goods_of_another_currency(self):
        level = StockLevelFactory(product=ProductFactory(currency="EUR"))

        with pytest.raises(InvalidOrder):
            place(line(level.product_id))

    def test_refuses_a_deleted_product(self):
        level = StockLevelFactory(product=ProductFactory(deleted_at=timezone.now()))

        with pytest.raises(InvalidOrder):
            place(line(level.product_id))

    def test_sees_neither_goods_nor_customers_of_another_tenant(self, other_tenant_id):
        with tenant(other_tenant_id):
            level, customer = StockLevelFactory(), CustomerFactory()

        with pytest.raises(InvalidOrder):
            place(line(level.product_id))
        with pytest.raises(CustomerNotFound):
            place(customer_id=customer.id)

    def test_costs_the_same_number_of_statements_however_many_lines(self, django_assert_max_num_queries):
        lines = [line(StockLevelFactory().product_id) for _ in range(20)]

        with django_assert_max_num_queries(16, using="business"):
            place(*lines)


@pytest.mark.django_db(transaction=True)
class TestTheSameRequestTwiceAtOnce:
    def test_becomes_one_order(self, tenant_id):
        with tenant(tenant_id):
            level = StockLevelFactory(on_hand=50)
        placed = []

        def placer():
            try:
                with tenant(tenant_id):
                    placed.append(place(line(level.product_id, 3), idempotency_key="k").id)
            finally:
                connections["business"].close()

        threads = [threading.Thread(target=placer) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        with tenant(tenant_id):
            assert len(placed) == 8
            assert len(set(placed)) == 1
            assert inventory.on_hand([level.product_id]) == {level.product_id: 47}


class TestMoney:
    @pytest.mark.parametrize(
        ("number", "divisor", "rounded"),
        [(5, 10, 0), (15, 10, 2), (25, 10, 2), (26, 10, 3), (-5, 10, 0), (-15, 10, -2), (-16, 10, -2), (-14, 10, -1)],
    )
    def test_rounds_a_half_to_the_even_neighbour(self, number, divisor, rounded):
        assert rounded_half_even(number, divisor) == rounded

    @pytest.mark.parametrize(("currency", "total"), [("GBP", 767), ("JPY", 8), ("KWD", 7666)])
    def test_rounds_a_line_to_the_minor_units_of_its_currency(self, currency, total):
        assert line_total_minor(3, 25_555, currency) == total


@pytest.mark.django_db
@in_tenant
class TestOrderThatWaits:
    """Some of its goods are not there yet; it is not paid for beforehand."""

    @pytest.fixture
    def product_id(self, in_tenant):
        product_id = StockLevelFactory(on_hand=2).product_id
        stock_commands.allow_back_orders(product_id=product_id, at_most=5, actor=ADA)
        return product_id

    def test_keeps_what_is_there_and_takes_nothing(self, product_id):
        order = place(line(product_id, 3))

        assert (order.status, inventory.on_hand([product_id])) == (Order.Status.PLACED, {product_id: 2})
        assert (inventory.available([product_id]), inventory.back_ordered([product_id])) == (
            {product_id: 0},
            {product_id: 1},
        )

    def test_is_undone_when_it_is_cancelled(self, product_id):
        cancel_order(order_id=place(line(product_id, 3)).id, reason="too late", actor=ADA, now=timezone.now())

        assert (inventory.available([product_id]), inventory.back_ordered([product_id])) == ({product_id: 2}, {})

    def test_brings_nothing_back_that_never_left(self, product_id):
        order = place(line(product_id, 3))
        goods = ReturnedLine(line_id=order.lines.get().id, quantity=1)

        with pytest.raises(InvalidReturn, match="0 have left"):
            return_order_lines(order_id=order.id, lines=[goods], reason="", actor=ADA, now=timezone.now())
